//! Builds the HTTP client of one endpoint: trust, proxy, limits.
//! Runs off the async workers: reading the system's CA store takes milliseconds and must not hold up a frame.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Certificate, ClientBuilder, redirect, retry};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;

use super::base::Base;
use super::pin::Pinning;
use super::{Endpoint, Proxy, Tls};
use crate::api::error::Cause;

/// How long an idle connection is kept: shorter than the 5 s after which common Python servers drop it, so that no write
/// is lost on a connection that is just being closed.
const IDLE: Duration = Duration::from_secs(4);

/// The same on loopback, where a new connection costs nothing: an idle program then holds none and has nothing to wake for.
const IDLE_NEAR: Duration = Duration::from_millis(400);

/// A client with what is needed to explain its failures.
#[derive(Debug)]
pub(super) struct Client {
    /// The client itself.
    pub http: reqwest::Client,
    /// The proxy that may stand between, in words; never with its password.
    pub via: Option<String>,
    /// The limit a connection has, below the whole call's.
    pub connect_timeout: Duration,
}

/// Builds the client. Failing is not remembered: the next call tries again.
pub(super) async fn build(endpoint: &Endpoint, base: &Base) -> Result<Client, Cause> {
    let (endpoint, base) = (endpoint.clone(), base.clone());
    match tokio::task::spawn_blocking(move || build_now(&endpoint, &base)).await {
        Ok(built) => built,
        Err(stopped) => Err(Cause::Crashed(format!("building the client: {stopped}"))),
    }
}

fn build_now(endpoint: &Endpoint, base: &Base) -> Result<Client, Cause> {
    // Without a provider reqwest panics; a second installation is refused, which is as good.
    rustls::crypto::ring::default_provider().install_default().ok();
    let connect_timeout = connect_limit(endpoint);
    let mut builder = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .http1_only()
        .gzip(true)
        .connect_timeout(connect_timeout)
        .tls_info(true)
        .pool_idle_timeout(if base.loopback { IDLE_NEAR } else { IDLE })
        .user_agent(concat!("socdeck/", env!("CARGO_PKG_VERSION")));
    let via;
    (builder, via) = with_proxy(builder, endpoint, base)?;
    builder = with_trust(builder, endpoint, base)?;
    let http = builder.build().map_err(|error| refused(&error, endpoint))?;
    Ok(Client { http, via, connect_timeout })
}

/// The connection's limit; kept below the whole call's, so that "nothing was sent" can be told from "no answer".
fn connect_limit(endpoint: &Endpoint) -> Duration {
    if endpoint.connect_timeout < endpoint.timeout {
        endpoint.connect_timeout
    } else {
        endpoint.timeout.mul_f32(0.8)
    }
}

fn with_proxy(
    builder: ClientBuilder,
    endpoint: &Endpoint,
    base: &Base,
) -> Result<(ClientBuilder, Option<String>), Cause> {
    match &endpoint.proxy {
        Proxy::Url(text) => {
            let unusable = || Cause::Misconfigured("the proxy URL cannot be used".into());
            let proxy = reqwest::Proxy::all(text.as_str()).map_err(|_| unusable())?;
            let shown = proxy_host(text).ok_or_else(unusable)?;
            Ok((builder.proxy(proxy), Some(format!("the proxy {shown}"))))
        }
        // A proxy from the environment never stands between this machine and itself.
        Proxy::System if !base.loopback => {
            let via = system_proxy(base.https).map(|(name, _)| {
                format!("the proxy set by {name} (if NO_PROXY does not exempt it)")
            });
            Ok((builder, via))
        }
        Proxy::System | Proxy::None => Ok((builder.no_proxy(), None)),
    }
}

/// Host and port of a proxy URL, without its user name and password.
fn proxy_host(text: &str) -> Option<String> {
    let text = text.trim();
    let full = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = reqwest::Url::parse(&full).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// The environment's proxy for a scheme: name of the variable and its value.
fn system_proxy(https: bool) -> Option<(&'static str, String)> {
    let names = if https {
        ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
    } else {
        ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
    };
    names.into_iter().find_map(|name| {
        let value = std::env::var(name).ok()?;
        (!value.trim().is_empty()).then_some((name, value))
    })
}

fn with_trust(
    builder: ClientBuilder,
    endpoint: &Endpoint,
    base: &Base,
) -> Result<ClientBuilder, Cause> {
    let proxy_by_tls = match &endpoint.proxy {
        Proxy::Url(text) => is_https(text),
        Proxy::System if !base.loopback => {
            system_proxy(base.https).is_some_and(|(_, value)| is_https(&value))
        }
        Proxy::System | Proxy::None => false,
    };
    if !base.https && !proxy_by_tls {
        // No TLS will happen: a machine without a CA store must still reach a plain server.
        return Ok(builder.tls_certs_only([]));
    }
    if !endpoint.pins.is_empty() && base.https {
        return pinned(builder, endpoint, base);
    }
    if endpoint.tls == Tls::Insecure {
        return Ok(builder.tls_danger_accept_invalid_certs(true));
    }
    match &endpoint.ca_file {
        Some(path) => Ok(builder.tls_certs_merge(certificates(path)?)),
        None => Ok(builder),
    }
}

/// The usual verification with the endpoint's pins on top, whether or not any certificate would be taken without them.
fn pinned(
    builder: ClientBuilder,
    endpoint: &Endpoint,
    base: &Base,
) -> Result<ClientBuilder, Cause> {
    if endpoint.tls == Tls::Insecure {
        let words = "pin_sha256 says nothing while any certificate is trusted: leave out insecure, and name a ca_file for a self-signed certificate";
        return Err(Cause::Misconfigured(words.into()));
    }
    let extra: Vec<CertificateDer<'static>> = match &endpoint.ca_file {
        None => Vec::new(),
        Some(path) => {
            // Reading it as reqwest does gives the same words for the same faults.
            certificates(path)?;
            let bytes = std::fs::read(path).map_err(|error| {
                Cause::Misconfigured(format!("the CA file {}: {error}", path.display()))
            })?;
            CertificateDer::pem_slice_iter(&bytes).filter_map(Result::ok).collect()
        }
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let refuse = |error: rustls::Error| unusable(&error.to_string(), endpoint);
    let usual = Verifier::new_with_extra_roots(extra, Arc::clone(&provider)).map_err(refuse)?;
    let pinning = Pinning::new(Arc::new(usual), &base.host, &endpoint.pins);
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(refuse)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pinning))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(builder.tls_backend_preconfigured(config))
}

fn is_https(url: &str) -> bool {
    url.trim().to_ascii_lowercase().starts_with("https://")
}

/// The certificates of a PEM file.
fn certificates(path: &Path) -> Result<Vec<Certificate>, Cause> {
    let shown = path.display();
    let bytes = std::fs::read(path)
        .map_err(|error| Cause::Misconfigured(format!("the CA file {shown}: {error}")))?;
    match Certificate::from_pem_bundle(&bytes) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(Cause::Misconfigured(format!(
            "the CA file {shown} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"
        ))),
        Err(_) => Err(Cause::Misconfigured(format!("the CA file {shown} is not readable as PEM"))),
    }
}

/// Why the client could not be built, with the fix where there is one.
fn refused(error: &reqwest::Error, endpoint: &Endpoint) -> Cause {
    let mut why = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        why = inner.to_string();
        source = inner.source();
    }
    unusable(&why, endpoint)
}

/// See [`refused`].
fn unusable(why: &str, endpoint: &Endpoint) -> Cause {
    if why.contains("No CA certificates") {
        return Cause::Tls(
            "this machine has no CA store to check certificates with (install ca-certificates, or name a ca_file)"
                .into(),
        );
    }
    match &endpoint.ca_file {
        Some(path) => {
            Cause::Misconfigured(format!("the CA file {} cannot be used: {why}", path.display()))
        }
        None => Cause::Misconfigured(why.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_named_without_its_password() {
        let cases = [
            ("http://ann:hunter2@proxy.lan:3128", Some("proxy.lan:3128")),
            ("socks5h://proxy.lan", Some("proxy.lan")),
            ("proxy.lan:3128", Some("proxy.lan:3128")),
            ("http://", None),
        ];
        for (text, shown) in cases {
            assert_eq!(proxy_host(text).as_deref(), shown, "{text}");
        }
    }

    #[test]
    fn ca_files_that_cannot_be_used_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let text = |cause| match cause {
            Cause::Misconfigured(text) => text,
            other => panic!("{other:?}"),
        };
        let missing = text(certificates(&path).unwrap_err());
        assert!(missing.contains("ca.pem") && missing.contains("No such file"), "{missing}");
        std::fs::write(&path, "not a certificate").unwrap();
        let empty = text(certificates(&path).unwrap_err());
        assert!(empty.contains("no certificate in PEM form"), "{empty}");
        let broken = "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n";
        std::fs::write(&path, broken).unwrap();
        assert!(text(certificates(&path).unwrap_err()).contains("PEM"));
    }
}
