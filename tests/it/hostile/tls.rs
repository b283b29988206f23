//! Certificates that cannot be trusted, and the settings that make them acceptable.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivatePkcs8KeyDer;
use socdeck::api::error::Class;
use socdeck::api::http::{HttpTransport, Tls};
use socdeck::api::{Cause, Product};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::server::{Act, answer, endpoint, perform, read, read_request, send, send_by, serve};

/// Serves `{}` over TLS with a self-signed certificate; returns the URL and the certificate as PEM.
async fn secure(change: impl FnOnce(&mut CertificateParams)) -> (String, String) {
    rustls::crypto::ring::default_provider().install_default().ok();
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(mut stream) = acceptor.accept(stream).await
                    && read_request(&mut stream).await.is_some()
                {
                    perform(&mut stream, Act::Say(answer(200, "", b"{}"))).await;
                }
            });
        }
    });
    (url, certificate.pem())
}

/// A file that lives as long as its folder.
fn file(pem: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, pem).unwrap();
    (folder, path)
}

/// Why a server is not trusted, by an endpoint that trusts the authorities of `pem`.
async fn distrust(url: &str, pem: &str) -> String {
    let (_folder, path) = file(pem);
    let mut endpoint = endpoint(Product::Arcanna, url);
    endpoint.ca_file = Some(path);
    let error = send(endpoint, &read(Product::Arcanna)).await.unwrap_err();
    assert_eq!(error.class(), Class::Network);
    assert!(!error.outcome_unknown() && !error.repeatable());
    let told = error.explain();
    assert!(told.next.contains("ca_file") && told.next.contains("insecure"), "{told:?}");
    match *error.cause {
        Cause::Tls(text) => text,
        other => panic!("{other:?}"),
    }
}

fn unchanged(_: &mut CertificateParams) {}

#[tokio::test]
async fn a_self_signed_server_is_refused_until_it_is_trusted() {
    let (url, pem) = secure(unchanged).await;
    let call = read(Product::Arcanna);
    let plain = endpoint(Product::Arcanna, &url);
    let error = send(plain.clone(), &call).await.unwrap_err();
    assert!(matches!(&*error.cause, Cause::Tls(_)), "{error:?}");

    let (_, other) = secure(|params| {
        params.distinguished_name.push(DnType::CommonName, "another authority");
    })
    .await;
    let text = distrust(&url, &other).await;
    assert!(text.contains("an authority this machine does not know"), "{text}");
    let (_, renewed) = secure(unchanged).await;
    let text = distrust(&url, &renewed).await;
    assert!(text.contains("renewed"), "{text}");

    let (_folder, path) = file(&pem);
    let mut trusted = plain.clone();
    trusted.ca_file = Some(path);
    assert_eq!(send(trusted, &call).await.unwrap().body, b"{}");

    let mut insecure = plain;
    insecure.tls = Tls::Insecure;
    assert_eq!(send(insecure, &call).await.unwrap().body, b"{}");
}

#[tokio::test]
async fn certificates_say_what_is_wrong_with_them() {
    let (url, pem) = secure(|params| {
        *params = CertificateParams::new(vec!["other.example".to_owned()]).unwrap();
    })
    .await;
    let text = distrust(&url, &pem).await;
    assert!(text.contains("127.0.0.1") && text.contains("other.example"), "{text}");

    let (url, pem) = secure(|params| params.not_after = date_time_ymd(2020, 3, 4)).await;
    let text = distrust(&url, &pem).await;
    assert!(text.contains("expired on 2020-03-04"), "{text}");

    let (url, pem) = secure(|params| params.not_before = date_time_ymd(2999, 1, 1)).await;
    let text = distrust(&url, &pem).await;
    assert!(text.contains("only from 2999-01-01"), "{text}");

    let (url, pem) =
        secure(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)).await;
    let text = distrust(&url, &pem).await;
    assert!(text.contains("CA:TRUE"), "{text}");
}

#[tokio::test]
async fn what_does_not_speak_tls_is_told() {
    // a plain server answers such a greeting with an error in plain text
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            perform(&mut stream, Act::Hang(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())).await;
        }
    });
    let mut insecure = endpoint(Product::Darktrace, &url);
    insecure.tls = Tls::Insecure;
    let error = send(insecure, &read(Product::Darktrace)).await.unwrap_err();
    assert!(matches!(&*error.cause, Cause::Tls(text) if text.contains("http://")), "{error:?}");
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_no_connection() {
    let server = serve(Act::Hang(vec![])).await;
    let mut silent = endpoint(Product::Arcanna, &server.url().replace("http:", "https:"));
    silent.tls = Tls::Insecure;
    silent.connect_timeout = Duration::from_millis(200);
    let error = send(silent, &read(Product::Arcanna)).await.unwrap_err();
    assert_eq!(*error.cause, Cause::ConnectTimeout(Duration::from_millis(200)));
    assert_eq!(error.class(), Class::TimedOut);
    assert!(!error.outcome_unknown());
}

#[tokio::test]
async fn a_corrected_ca_file_is_read_at_the_next_call() {
    let (url, pem) = secure(unchanged).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("later.pem");
    let mut later = endpoint(Product::Arcanna, &url);
    later.ca_file = Some(path.clone());
    let transport = HttpTransport::new([(Product::Arcanna, later)]);
    let call = read(Product::Arcanna);
    for text in [None, Some("not PEM")] {
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        let error = send_by(&transport, &call).await.unwrap_err();
        assert!(
            matches!(&*error.cause, Cause::Misconfigured(text) if text.contains("later.pem")),
            "{error:?}"
        );
        assert_eq!(error.class(), Class::Configuration);
    }
    std::fs::write(&path, pem).unwrap();
    send_by(&transport, &call).await.unwrap();
}
