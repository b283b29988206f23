//! Why an exchange failed, read from the chain of errors below reqwest: name, connection, TLS, or a break in the middle.
//! Texts never hold an address with credentials: reqwest's own text (which shows the URL) is not used.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError, InvalidMessage, OtherError};

use super::base::Base;
use super::client::Client;
use super::pin::Unpinned;
use crate::api::error::{Cause, cut};

/// The cause of a failed exchange.
pub(super) fn cause(error: &reqwest::Error, base: &Base, client: &Client) -> Cause {
    let chain = links(error);
    let tls = chain.iter().find_map(|link| link.downcast_ref::<rustls::Error>());
    let connecting = error.is_connect();
    if let Some(tls) = tls
        && (connecting || wants_certificate(tls))
    {
        return match unpinned(tls) {
            Some(key) => Cause::Unpinned(key),
            None => Cause::Tls(tls_text(tls, base)),
        };
    }
    let text = root_text(&chain);
    if !connecting {
        let text = if error.is_decode() && text.contains("gzip") {
            format!("the compressed answer is damaged: {text}")
        } else {
            text
        };
        return Cause::Broken(text);
    }
    if error.is_timeout() {
        return Cause::ConnectTimeout(client.connect_timeout);
    }
    match &client.via {
        Some(via) => Cause::Unreachable(format!("through {via}: {}", proxy_text(&text))),
        None if error.is_dns() => Cause::Unresolved(format!("{}: {text}", base.host)),
        None => Cause::Unreachable(format!("{}: {text}", base.origin)),
    }
}

/// Every error of the chain, those inside I/O errors too (whose `source` skips what they hold).
fn links<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut chain = Vec::new();
    let mut next = Some(error);
    while let Some(link) = next {
        chain.push(link);
        let held = link.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match held {
            Some(held) => Some(held),
            None => link.source(),
        };
    }
    chain
}

/// The innermost reason in plain words.
fn root_text(chain: &[&(dyn Error + 'static)]) -> String {
    let kind =
        chain.iter().rev().find_map(|link| link.downcast_ref::<io::Error>()).map(io::Error::kind);
    let known = match kind {
        Some(io::ErrorKind::ConnectionRefused) => "connection refused",
        Some(io::ErrorKind::ConnectionReset) => "connection reset",
        Some(io::ErrorKind::ConnectionAborted) => "connection aborted",
        Some(io::ErrorKind::HostUnreachable) => "no route to the host",
        Some(io::ErrorKind::NetworkUnreachable) => "network unreachable",
        Some(io::ErrorKind::BrokenPipe) => "the connection was closed",
        _ => {
            let last = chain.last().map(ToString::to_string);
            return cut(&last.unwrap_or_default());
        }
    };
    known.to_owned()
}

fn proxy_text(text: &str) -> &str {
    match text {
        "tunnel error: proxy authorization required" => {
            "it asks for a user name and password (407)"
        }
        "tunnel error: unsuccessful" => "it refused to connect to the server",
        "tunnel error: unexpected end of file" => "it closed the connection",
        other => other,
    }
}

/// Alerts about our side's certificate, which TLS 1.3 delivers after the handshake: nothing was acted on.
fn wants_certificate(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
                | AlertDescription::BadCertificate
                | AlertDescription::AccessDenied
        )
    )
}

/// The sum of the public key that no pin names, where that is what is wrong.
fn unpinned(error: &rustls::Error) -> Option<String> {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(other))) => {
            other.downcast_ref::<Unpinned>().map(Unpinned::key)
        }
        _ => None,
    }
}

/// What is wrong with the server's TLS, in words that lead to the right setting.
fn tls_text(error: &rustls::Error, base: &Base) -> String {
    match error {
        rustls::Error::InvalidCertificate(why) => certificate_text(why, base),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "what answers there does not speak TLS; is it an http:// address?".into()
        }
        rustls::Error::AlertReceived(alert) if wants_certificate(error) => {
            format!("the server asks for a client certificate ({alert:?})")
        }
        rustls::Error::AlertReceived(alert) => {
            format!("the server refused the connection ({alert:?})")
        }
        rustls::Error::PeerIncompatible(why) => {
            format!(
                "the server offers no protocol this program accepts, TLS 1.2 or newer ({why:?})"
            )
        }
        other => cut(&other.to_string()),
    }
}

fn certificate_text(error: &CertificateError, base: &Base) -> String {
    match error {
        CertificateError::UnknownIssuer => {
            "the certificate is signed by an authority this machine does not know (a self-signed certificate looks the same)"
                .into()
        }
        CertificateError::BadSignature => {
            "the certificate is not signed by the authority it names (was the server's certificate renewed?)".into()
        }
        CertificateError::Expired => "the certificate has expired".into(),
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("the certificate expired on {}", day(*not_after))
        }
        CertificateError::NotValidYet => "the certificate is not valid yet".into(),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("the certificate is valid only from {}", day(*not_before))
        }
        CertificateError::NotValidForName => {
            format!("the certificate is not for the name {}", base.host)
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names = if presented.is_empty() {
                "it holds no subject alternative name".to_owned()
            } else {
                cut(&format!("it is for {}", presented.join(", ")))
            };
            format!("the certificate is not for the name {}: {names}", base.host)
        }
        CertificateError::Revoked => "the certificate was revoked".into(),
        other => {
            let text = other.to_string();
            if text.contains("CaUsedAsEndEntity") {
                "the server presents a CA certificate as its own (CA:TRUE, what `openssl req -x509` makes), which cannot be verified"
                    .into()
            } else {
                cut(&text)
            }
        }
    }
}

fn day(time: rustls::pki_types::UnixTime) -> String {
    let second = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    match jiff::Timestamp::from_second(second) {
        Ok(when) => when.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => "a date out of range".into(),
    }
}
