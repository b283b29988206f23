//! A server that does everything wrong: each fault has its cause, its sentence and its class; no hang, no panic, no key
//! for anyone else.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod connection;
mod server;
mod surroundings;
mod tls;
mod wire;

use std::time::{Duration, Instant};

use serde_json::Value;
use socdeck::api::error::{Class, NotJson, Redirect};
use socdeck::api::http::{BODY_CAP, HttpTransport, Proxy};
use socdeck::api::{ApiError, Call, Cause, Method, Path, Product};

use server::{Act, SECRETS, answer, endpoint, error_of, read, send, send_by, serve};

const BOTH: [Product; 2] = Product::ALL;

async fn says(product: Product, status: u16, headers: &str, body: &str) -> ApiError {
    error_of(product, Act::Say(answer(status, headers, body.as_bytes()))).await
}

#[tokio::test]
async fn every_status_has_its_cause_and_class() {
    for product in BOTH {
        for (status, class) in [
            (400, Class::Refused),
            (401, Class::Credentials),
            (402, Class::Refused),
            (403, Class::Credentials),
            (404, Class::Refused),
            (405, Class::Refused),
            (407, Class::Network),
            (408, Class::Refused),
            (409, Class::Refused),
            (413, Class::Refused),
            (422, Class::Refused),
            (429, Class::Refused),
            (451, Class::Refused),
            (500, Class::Refused),
            (501, Class::Refused),
            (502, Class::Refused),
            (503, Class::Refused),
            (504, Class::Refused),
            (599, Class::Refused),
            (304, Class::Refused),
            (999, Class::Refused),
        ] {
            let error = says(product, status, "", "").await;
            assert_eq!(error.class(), class, "{status}: {error:?}");
            assert_eq!(error.status, Some(status));
            assert_eq!(error.product, Some(product));
            assert_eq!(error.outcome_unknown(), (500..600).contains(&status), "{status}");
        }
    }
}

#[tokio::test]
async fn words_of_a_refusal_are_quoted_without_the_key_they_repeat() {
    let body = format!(r#"{{"detail":"no such key {}"}}"#, SECRETS[0]);
    let error = says(Product::Arcanna, 401, "", &body).await;
    assert_eq!(*error.cause, Cause::Credentials("no such key [hidden]".into()));
    assert_eq!(error.to_string(), "Arcanna did not accept the API key (HTTP 401).");

    let page = format!("<html><title>502 Bad Gateway</title>{}", "x".repeat(200_000));
    let error = says(Product::Arcanna, 502, "Content-Type: text/html\r\n", &page).await;
    let Cause::Server(words, None) = &*error.cause else {
        panic!("{error:?}");
    };
    assert_eq!(words, "an HTML page titled “502 Bad Gateway”");
    assert!(error.repeatable());
    assert!(!says(Product::Arcanna, 501, "", "").await.repeatable());
}

/// An act that repeats in `place` whatever credentials of `product` it could know.
fn repeat(product: Product, status: u16, escaped: bool) -> Act {
    let secrets = match product {
        Product::Arcanna => &SECRETS[..1],
        Product::Darktrace => &SECRETS[1..],
    };
    let write = |secret: &str| {
        if escaped {
            secret.bytes().fold(String::new(), |text, byte| format!("{text}\\u{byte:04x}"))
        } else {
            secret.to_owned()
        }
    };
    let secrets: Vec<String> = secrets.iter().map(|secret| write(secret)).collect();
    let body = format!(r#"{{"error":"no key {}","kept":1}}"#, secrets.join(" or "));
    Act::Say(answer(status, "", body.as_bytes()))
}

#[tokio::test]
async fn credentials_are_hidden_wherever_an_answer_repeats_them() {
    for product in BOTH {
        for escaped in [false, true] {
            for status in [200, 201, 400, 401, 403, 404, 409, 422, 500] {
                let server = serve(repeat(product, status, escaped)).await;
                let sent = send(endpoint(product, &server.url()), &read(product)).await;
                if status >= 300 {
                    // its words are looked at for secrets where it is sent
                    let told = sent.unwrap_err().explain();
                    assert!(told.why.contains("[hidden]"), "{status}: {told:?}");
                    continue;
                }
                let answer = sent.unwrap();
                let body = String::from_utf8(answer.body.clone()).unwrap();
                assert!(SECRETS.iter().all(|secret| !body.contains(secret)), "{body}");
                let value: Value = answer.json().unwrap();
                assert!(value["error"].as_str().unwrap().starts_with("no key [hidden]"), "{body}");
                assert_eq!(value["kept"], 1);
            }
        }
    }
    for place in ["/x", "http://other.example/", "http://"] {
        let headers = format!("Location: {place}{}.example/{0}\r\n", SECRETS[0]);
        let error = says(Product::Arcanna, 302, &headers, "").await;
        assert!(matches!(&*error.cause, Cause::Redirect(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_part_is_no_answer() {
    let error = says(Product::Arcanna, 206, "Content-Range: bytes 0-1/9\r\n", "[]").await;
    assert_eq!(*error.cause, Cause::Truncated);
    assert_eq!(error.class(), Class::Network);
}

#[tokio::test]
async fn waits_are_read_in_both_forms() {
    let error = says(Product::Arcanna, 429, "Retry-After: 7\r\n", "").await;
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert!(error.repeatable());
    let dates =
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n";
    let error = says(Product::Arcanna, 503, dates, "").await;
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    let error = says(Product::Arcanna, 429, "Retry-After: tomorrow\r\n", "").await;
    assert_eq!(error.retry_after(), None);
}

#[tokio::test]
async fn the_clock_is_named_in_seconds() {
    let behind = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2_000);
    let date = behind.strftime("Date: %a, %d %b %Y %H:%M:%S GMT\r\n").to_string();
    let server = serve(Act::Say(answer(400, &date, br#"{"response":"API DATE ERROR"}"#))).await;
    let transport =
        HttpTransport::new([(Product::Darktrace, endpoint(Product::Darktrace, &server.url()))]);
    assert_eq!(transport.skew_s(Product::Darktrace), None);
    let error = send_by(&transport, &read(Product::Darktrace)).await.unwrap_err();
    assert_eq!(*error.cause, Cause::Clock);
    assert_eq!(error.class(), Class::Credentials);
    let skew = error.skew_s.unwrap();
    assert!((-2_001..=-1_998).contains(&skew), "{skew}");
    assert_eq!(transport.skew_s(Product::Darktrace), Some(skew));
    let sentence = format!(
        "Darktrace refused the date of the request: your clock is {} s behind its clock.",
        -skew
    );
    assert_eq!(error.to_string(), sentence);
}

#[tokio::test]
async fn connections_that_break_are_told_apart() {
    let whole = answer(200, "", br#"{"a":1}"#);
    let cases: [(&str, Act); 8] = [
        ("reset before the answer", Act::Reset(vec![])),
        ("closed before the answer", Act::Say(vec![])),
        ("closed in the head", Act::Say(whole[..20].to_vec())),
        ("closed in the body", Act::Say(whole[..whole.len() - 3].to_vec())),
        ("reset in the body", Act::Reset(whole[..whole.len() - 3].to_vec())),
        (
            "bad chunk",
            Act::Say(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nZZ\r\n".to_vec(),
            ),
        ),
        (
            "damaged gzip",
            Act::Say(answer(
                200,
                "Content-Encoding: gzip\r\n",
                b"not gzip at all, however long it may be",
            )),
        ),
        (
            "chunks without an end",
            Act::Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n".to_vec()),
        ),
    ];
    for (name, act) in cases {
        let error = error_of(Product::Arcanna, act).await;
        assert!(matches!(&*error.cause, Cause::Broken(_)), "{name}: {error:?}");
        assert_eq!(error.class(), Class::Network, "{name}");
        assert!(error.repeatable() && error.outcome_unknown(), "{name}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_no_answer() {
    let huge = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(1_000_000));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(5_000));
    for bytes in [
        b"hello, I am a mail server\r\n".to_vec(),
        b"\x16\x03\x01\x00\x05hello".to_vec(),
        b"HTTP/9.9 200 OK\r\n\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}".to_vec(),
        huge.into_bytes(),
        many.into_bytes(),
    ] {
        let error = error_of(Product::Darktrace, Act::Say(bytes)).await;
        assert!(matches!(&*error.cause, Cause::Broken(_)), "{error:?}");
    }
}

#[tokio::test]
async fn nothing_outlives_the_limit() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".to_vec();
    for act in [
        Act::Hang(vec![]),
        Act::Hang(b"HTTP/1.1 200".to_vec()),
        Act::Hang(head.clone()),
        Act::Drip(b"HTTP/1.1 200 OK\r\nX: ".to_vec()),
        Act::Drip(head),
    ] {
        let started = Instant::now();
        let error = error_of(Product::Arcanna, act).await;
        let limit = Duration::from_millis(600);
        assert_eq!(*error.cause, Cause::AnswerTimeout(limit), "{error:?}");
        assert_eq!(error.class(), Class::TimedOut);
        assert!(error.outcome_unknown());
        assert!(started.elapsed() < Duration::from_secs(5));
    }
    // a status that says no counts even if its words never come
    let head = b"HTTP/1.1 503 No\r\nContent-Length: 100000\r\n\r\n<html><title>Down".to_vec();
    let error = error_of(Product::Arcanna, Act::Hang(head)).await;
    assert!(matches!(&*error.cause, Cause::Server(..)), "{error:?}");
}

#[tokio::test]
async fn a_host_that_is_not_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = send(endpoint(Product::Arcanna, &url), &read(Product::Arcanna)).await.unwrap_err();
    assert_eq!(*error.cause, Cause::Unreachable(format!("{url}: connection refused")));
    assert!(!error.outcome_unknown() && error.repeatable());

    // a label no name service takes: the look-up fails on this machine
    let host = format!("{}.invalid", "a".repeat(64));
    let error =
        send(endpoint(Product::Arcanna, &format!("http://{host}")), &read(Product::Arcanna))
            .await
            .unwrap_err();
    assert!(
        matches!(&*error.cause, Cause::Unresolved(text) if text.starts_with(&host)),
        "{error:?}"
    );
    assert_eq!(error.class(), Class::Network);
}

#[tokio::test]
async fn redirects_are_never_followed_and_no_key_goes_elsewhere() {
    let other = serve(Act::Say(answer(200, "", b"{}"))).await;
    for product in BOTH {
        for status in [301, 302, 303, 307, 308] {
            let place = format!("Location: {}/caught\r\n", other.url());
            let error = says(product, status, &place, "").await;
            let expected = Redirect::OtherOrigin(other.url());
            assert_eq!(*error.cause, Cause::Redirect(expected));
            assert_eq!(error.class(), Class::Network);
            assert!(!error.repeatable());
        }
    }
    assert!(other.seen().is_empty(), "{:?}", other.seen());
}

#[tokio::test]
async fn redirects_say_which_kind_they_were() {
    let cases = [
        (Product::Darktrace, "/login", Redirect::Login, Class::Credentials),
        (Product::Darktrace, "/403", Redirect::Denied, Class::Credentials),
        (
            Product::Darktrace,
            "/elsewhere?x=y",
            Redirect::SameOrigin("/elsewhere".into()),
            Class::Refused,
        ),
        (
            Product::Arcanna,
            "/api/v1/jobs",
            Redirect::SameOrigin("/api/v1/jobs".into()),
            Class::Refused,
        ),
        (
            Product::Arcanna,
            "//idp.example/x",
            Redirect::OtherOrigin("http://idp.example".into()),
            Class::Network,
        ),
        (Product::Arcanna, "javascript:alert(1)", Redirect::Nowhere, Class::Refused),
    ];
    for (product, place, expected, class) in cases {
        let server = serve(Act::Say(answer(307, &format!("Location: {place}\r\n"), b""))).await;
        let error = send(endpoint(product, &server.url()), &read(product)).await.unwrap_err();
        assert_eq!(*error.cause, Cause::Redirect(expected), "{place}");
        assert_eq!(error.class(), class, "{place}");
        assert_eq!(server.seen().len(), 1, "{place}");
    }
    let error = says(Product::Darktrace, 302, "", "Found. Redirecting to /login").await;
    assert_eq!(*error.cause, Cause::Redirect(Redirect::Login));
}

/// The cause of reading a 200 answer as JSON.
async fn read_200(headers: &str, body: &[u8]) -> Result<Value, Cause> {
    let server = serve(Act::Say(answer(200, headers, body))).await;
    let call = read(Product::Arcanna);
    let answer = send(endpoint(Product::Arcanna, &server.url()), &call).await.unwrap();
    let read = answer.json::<Value>();
    if let Err(cause) = &read {
        server::no_secret(&ApiError::answered(&call, &answer, cause.clone()));
    }
    read
}

#[tokio::test]
async fn a_200_that_is_no_json_is_named() {
    let html = "Content-Type: text/html\r\n";
    let cases: [(&[u8], NotJson); 5] = [
        (b"", NotJson::Empty),
        (b"<html><title>Log In | Darktrace</title></html>", NotJson::LoginPage),
        (b"<!doctype html><form><input type=password>", NotJson::LoginPage),
        (b"<html>Welcome to our Wi-Fi", NotJson::Html),
        (b"It works!", NotJson::Text),
    ];
    for (body, expected) in cases {
        assert_eq!(read_200(html, body).await, Err(Cause::NotJson(expected)));
    }
    assert_eq!(read_200("", br#"[{"job_id":1},{"jo"#).await, Err(Cause::Truncated));
    let invalid = read_200("", b"{\"a\":\"\xff\xfe\"}").await;
    assert!(matches!(invalid, Err(Cause::Unexpected { .. })), "{invalid:?}");
    let deep = read_200("", "[".repeat(10_000).as_bytes()).await;
    assert!(matches!(deep, Err(Cause::Unexpected { .. })), "{deep:?}");
    assert_eq!(read_200(html, b"{\"a\":1}").await.unwrap()["a"], 1);
}

#[tokio::test]
async fn compressed_answers_are_read_and_bombs_are_not() {
    let gzip = "Content-Encoding: gzip\r\n";
    let small = answer(200, gzip, &wire::gzip_stored(br#"{"a":"b"}"#));
    let bomb = answer(200, gzip, &wire::gzip_zeros(2_000_000));
    assert!(bomb.len() < 20_000, "{}", bomb.len());
    let cap = 1_000_000;
    for (bytes, good) in [(small, true), (bomb, false)] {
        let server = serve(Act::Say(bytes)).await;
        let endpoints = [(Product::Arcanna, endpoint(Product::Arcanna, &server.url()))];
        let transport = HttpTransport::with_body_cap(endpoints, cap);
        let result = send_by(&transport, &read(Product::Arcanna)).await;
        assert_eq!(server.seen()[0].header("accept-encoding"), Some("gzip"));
        match result {
            Ok(answer) => {
                assert!(good);
                assert_eq!(answer.body, br#"{"a":"b"}"#);
            }
            Err(error) => {
                assert!(!good, "{error:?}");
                assert_eq!(*error.cause, Cause::TooLarge(cap));
                assert_eq!(error.class(), Class::Network);
            }
        }
    }
    // some servers promise gzip and send nothing
    for status in [200, 204] {
        let server = serve(Act::Say(answer(status, gzip, b""))).await;
        let answer = send(endpoint(Product::Arcanna, &server.url()), &read(Product::Arcanna)).await;
        assert_eq!(answer.unwrap().body, b"");
    }
    // a length beyond the real cap is believed before a byte is read
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", BODY_CAP + 1);
    let error = error_of(Product::Arcanna, Act::Hang(head.into_bytes())).await;
    assert_eq!(*error.cause, Cause::TooLarge(BODY_CAP));
    assert!(error.to_string().contains("64 MiB"), "{error}");
}

#[tokio::test]
async fn settings_that_cannot_work_are_named_before_anything_is_sent() {
    let server = serve(Act::Say(answer(200, "", b"{}"))).await;
    let call = read(Product::Arcanna);
    let good = endpoint(Product::Arcanna, &server.url());
    let mut bad_url = good.clone();
    bad_url.url = "arcanna.ai".into();
    let mut bad_proxy = good.clone();
    bad_proxy.proxy = Proxy::Url("http://".into());
    let mut bad_key = good.clone();
    bad_key.auth = socdeck::api::http::Auth::Arcanna { api_key: "k\u{e9}y".to_owned().into() };
    for endpoint in [bad_url, bad_proxy, bad_key] {
        let error = send(endpoint, &call).await.unwrap_err();
        assert!(matches!(&*error.cause, Cause::Misconfigured(_)), "{error:?}");
        assert_eq!(error.class(), Class::Configuration);
        assert!(!error.outcome_unknown());
    }
    let transport = HttpTransport::new([(Product::Arcanna, good)]);
    let error = send_by(&transport, &read(Product::Darktrace)).await.unwrap_err();
    assert_eq!(*error.cause, Cause::NotConfigured);
    assert_eq!(error.class(), Class::Configuration);
    assert_eq!(transport.origin(Product::Darktrace), None);
    assert_eq!(transport.origin(Product::Arcanna), Some(server.url()));

    let forged = Call::new(Product::Darktrace, "forged", Method::Get, Path::fixed("/tags"))
        .query("tag", "a\nb");
    let error = send(endpoint(Product::Darktrace, &server.url()), &forged).await.unwrap_err();
    assert!(matches!(&*error.cause, Cause::BadInput(_)), "{error:?}");
    assert_eq!(error.class(), Class::Usage);
    assert!(server.seen().is_empty());
}
