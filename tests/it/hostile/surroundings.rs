//! Proxies, and machines that are set up awkwardly: a proxy in the environment, no CA store. The environment of a process cannot be
//! changed safely from within, so these tests run their second half in a child of the same binary.

use std::process::Command;

use socdeck::api::http::{Endpoint, Proxy};
use socdeck::api::{Cause, Product};

use super::server::{Act, answer, endpoint, read, send, serve};

/// Runs one ignored test of this binary in another environment.
fn elsewhere(test: &str, environment: &[(&str, &str)]) {
    let name = format!("hostile::surroundings::{test}");
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--ignored", "--nocapture"])
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complained}");
    assert!(said.contains("1 passed"), "{said}");
}

/// Nothing listens on the discard port.
const DEAD_PROXY: &str = "http://ann:hunter2@127.0.0.1:9";

fn by_system_proxy(url: &str) -> Endpoint {
    let mut endpoint = endpoint(Product::Arcanna, url);
    endpoint.proxy = Proxy::System;
    endpoint
}

#[test]
fn a_proxy_of_the_environment() {
    elsewhere("under_a_proxy", &[("http_proxy", DEAD_PROXY), ("HTTP_PROXY", DEAD_PROXY)]);
}

#[tokio::test]
#[ignore = "needs an environment of its own: run by a_proxy_of_the_environment"]
async fn under_a_proxy() {
    let server = serve(Act::Say(answer(200, "", b"{}"))).await;
    let here = by_system_proxy(&server.url());
    send(here, &read(Product::Arcanna)).await.unwrap();
    assert_eq!(server.seen()[0].target, "/api/v1/jobs/?did=1");

    // any other host goes through it; this address is reserved and never asked
    let there = by_system_proxy("http://192.0.2.1");
    let error = send(there.clone(), &read(Product::Arcanna)).await.unwrap_err();
    let Cause::Unreachable(text) = &*error.cause else {
        panic!("{error:?}");
    };
    assert!(text.to_lowercase().contains("http_proxy"), "{text}");
    assert!(text.contains("connection refused") && !text.contains("hunter2"), "{text}");
}

#[test]
fn a_machine_without_a_ca_store() {
    let nowhere = "/nonexistent/ca";
    elsewhere("without_a_ca_store", &[("SSL_CERT_FILE", nowhere), ("SSL_CERT_DIR", nowhere)]);
}

#[tokio::test]
#[ignore = "needs an environment of its own: run by a_machine_without_a_ca_store"]
async fn without_a_ca_store() {
    let server = serve(Act::Say(answer(200, "", b"{}"))).await;
    let call = read(Product::Arcanna);
    send(endpoint(Product::Arcanna, &server.url()), &call).await.unwrap();

    let secure = server.url().replace("http:", "https:");
    let error = send(endpoint(Product::Arcanna, &secure), &call).await.unwrap_err();
    let Cause::Tls(text) = &*error.cause else {
        panic!("{error:?}");
    };
    assert!(text.contains("no CA store"), "{text}");
}

#[tokio::test]
async fn a_proxy_that_is_named_is_used_and_its_failures_are_its_own() {
    let proxy = serve(Act::Say(answer(200, "", b"{}"))).await;
    let mut through = endpoint(Product::Arcanna, "http://127.0.0.1:9");
    through.proxy = Proxy::Url(format!("http://ann:hunter2@{}", proxy.address));
    assert!(!format!("{through:?}").contains("hunter2"));
    send(through.clone(), &read(Product::Arcanna)).await.unwrap();
    let seen = &proxy.seen()[0];
    assert_eq!(seen.target, "http://127.0.0.1:9/api/v1/jobs/?did=1");

    let refusing = serve(Act::Say(answer(407, "", b""))).await;
    for url in ["http://127.0.0.1:9", "https://127.0.0.1:9"] {
        through.url = url.into();
        through.proxy = Proxy::Url(format!("http://ann:hunter2@{}", refusing.address));
        let error = send(through.clone(), &read(Product::Arcanna)).await.unwrap_err();
        let Cause::Unreachable(text) = &*error.cause else {
            panic!("{error:?}");
        };
        assert!(text.contains("407") && !format!("{error:?}").contains("hunter2"), "{text}");
        let last = refusing.seen().pop().unwrap();
        if url.starts_with("https:") {
            assert_eq!(last.method, "CONNECT");
            assert_eq!(last.header("x-arcanna-api-key"), None);
        }
    }

    through.proxy = Proxy::Url("http://127.0.0.1:9".into());
    let error = send(through, &read(Product::Arcanna)).await.unwrap_err();
    assert_eq!(
        *error.cause,
        Cause::Unreachable("through the proxy 127.0.0.1:9: connection refused".into())
    );
}
