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

/// The sums of a server's public key and of its certificate, made without the program's own code.
fn sums(pem: &str) -> [[u8; 32]; 2] {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    use sha2::{Digest, Sha256};
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    // The public key of these certificates is P-256: its SPKI begins with these bytes and is 91 bytes long.
    let begins = [0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    let at = der.windows(begins.len()).position(|bytes| bytes == begins).unwrap();
    [Sha256::digest(&der[at..at + 91]).into(), Sha256::digest(&der).into()]
}

#[tokio::test]
async fn a_pinned_server_is_taken_by_its_key_or_its_certificate_and_no_other_is() {
    let (url, pem) = secure(unchanged).await;
    let (_folder, path) = file(&pem);
    let [key, certificate] = sums(&pem);
    let call = read(Product::Arcanna);
    let pinned = |pins: Vec<[u8; 32]>| {
        let mut endpoint = endpoint(Product::Arcanna, &url);
        endpoint.ca_file = Some(path.clone());
        endpoint.pins = pins;
        endpoint
    };
    for pins in [vec![key], vec![certificate], vec![[7; 32], key]] {
        let transport = HttpTransport::new([(Product::Arcanna, pinned(pins))]);
        assert_eq!(send_by(&transport, &call).await.unwrap().body, b"{}");
        let presented = transport.presented(Product::Arcanna).unwrap();
        assert_eq!((presented.key, presented.certificate), (key, certificate));
    }

    let error = send(pinned(vec![[7; 32]]), &call).await.unwrap_err();
    assert_eq!(*error.cause, Cause::Unpinned(hex::encode(key)));
    assert_eq!(error.class(), Class::Network);
    assert!(!error.outcome_unknown() && !error.repeatable());
    let told = error.explain();
    assert!(told.what.contains("pin_sha256") && told.why.contains(&hex::encode(key)), "{told:?}");

    // A pin is no way around the usual verification.
    let mut stranger = pinned(vec![key]);
    stranger.ca_file = None;
    let error = send(stranger, &call).await.unwrap_err();
    assert!(matches!(&*error.cause, Cause::Tls(text) if text.contains("authority")), "{error:?}");

    let mut both = pinned(vec![key]);
    both.tls = Tls::Insecure;
    let error = send(both, &call).await.unwrap_err();
    assert!(
        matches!(&*error.cause, Cause::Misconfigured(text) if text.contains("insecure")),
        "{error:?}"
    );
}

/// Takes a `CONNECT` and passes bytes on both ways; over TLS itself when it has an acceptor. Returns its address and counts.
async fn tunnel(acceptor: Option<TlsAcceptor>) -> (String, Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let list = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, list) = (acceptor.clone(), Arc::clone(&list));
            tokio::spawn(async move {
                match acceptor {
                    None => pass_on(stream, &list).await,
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            pass_on(stream, &list).await;
                        }
                    }
                }
            });
        }
    });
    (address, asked)
}

async fn pass_on(
    mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    asked: &std::sync::Mutex<Vec<String>>,
) {
    use tokio::io::AsyncWriteExt;
    let Some(request) = read_request(&mut stream).await else { return };
    asked.lock().unwrap().push(format!("{} {}", request.method, request.target));
    let mut server = tokio::net::TcpStream::connect(&request.target).await.unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    tokio::io::copy_bidirectional(&mut stream, &mut server).await.ok();
}

#[tokio::test]
async fn a_tunnel_carries_tls_to_the_server_and_pins_are_the_servers() {
    let (url, pem) = secure(unchanged).await;
    let (_folder, path) = file(&pem);
    let [key, _] = sums(&pem);
    let (proxy, asked) = tunnel(None).await;
    let mut through = endpoint(Product::Arcanna, &url);
    through.ca_file = Some(path);
    through.pins = vec![key];
    through.proxy = socdeck::api::http::Proxy::Url(format!("http://{proxy}"));
    assert_eq!(send(through, &read(Product::Arcanna)).await.unwrap().body, b"{}");
    let host = url.trim_start_matches("https://");
    assert_eq!(asked.lock().unwrap().as_slice(), [format!("CONNECT {host}")]);
}

#[tokio::test]
async fn a_tunnel_whose_proxy_speaks_tls_itself_works_and_is_not_pinned() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let (url, pem) = secure(unchanged).await;
    let [key, _] = sums(&pem);
    let own = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&own).unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(own.serialize_der()).into(),
        )
        .unwrap();
    let (proxy, asked) = tunnel(Some(TlsAcceptor::from(Arc::new(config)))).await;
    let (_folder, path) = file(&format!("{pem}{}", certificate.pem()));
    let mut through = endpoint(Product::Arcanna, &url);
    through.ca_file = Some(path);
    through.pins = vec![key];
    through.proxy = socdeck::api::http::Proxy::Url(format!(
        "https://{}",
        proxy.replace("127.0.0.1", "localhost")
    ));
    assert_eq!(send(through, &read(Product::Arcanna)).await.unwrap().body, b"{}");
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_socks_proxy_is_told_the_name_or_the_address_as_its_scheme_says() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = serve(Act::Say(answer(200, "", b"{}"))).await;
    let port = server.address.port();
    for (scheme, kind) in [("socks5", 1), ("socks5h", 3)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = listener.local_addr().unwrap();
        let asked = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut greeting = [0; 2];
            stream.read_exact(&mut greeting).await.unwrap();
            let mut methods = vec![0; usize::from(greeting[1])];
            stream.read_exact(&mut methods).await.unwrap();
            stream.write_all(&[5, 0]).await.unwrap();
            let mut head = [0; 4];
            stream.read_exact(&mut head).await.unwrap();
            let length = match head[3] {
                1 => 4,
                3 => usize::from(stream.read_u8().await.unwrap()),
                other => panic!("address type {other}"),
            };
            let mut address = vec![0; length + 2];
            stream.read_exact(&mut address).await.unwrap();
            stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
            let mut server = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            tokio::io::copy_bidirectional(&mut stream, &mut server).await.ok();
            head[3]
        });
        let mut through = endpoint(Product::Arcanna, &format!("http://localhost:{port}"));
        through.proxy = socdeck::api::http::Proxy::Url(format!("{scheme}://{proxy}"));
        assert_eq!(send(through, &read(Product::Arcanna)).await.unwrap().body, b"{}");
        assert_eq!(asked.await.unwrap(), kind, "{scheme}");
    }
}
