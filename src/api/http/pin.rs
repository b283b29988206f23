//! Pins: what a server must present besides a certificate that is valid.
//!
//! A pin is the SHA-256 sum of the server's public key (its `SubjectPublicKeyInfo`, which survives a renewal with the same key)
//! or of its whole certificate. It is looked at during the handshake, before anything is sent: a key or token never reaches a
//! server that fails it. A proxy that speaks TLS itself is verified as usual and not pinned.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use sha2::{Digest, Sha256};

/// The sums of what a server presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presented {
    /// Of its public key.
    pub key: [u8; 32],
    /// Of its certificate.
    pub certificate: [u8; 32],
}

impl Presented {
    /// Sums a certificate in DER form; `None` when it cannot be read.
    pub fn of(certificate: &[u8]) -> Option<Self> {
        let der = CertificateDer::from(certificate);
        let key = ParsedCertificate::try_from(&der).ok()?.subject_public_key_info();
        Some(Self { key: sum(key.as_ref()), certificate: sum(certificate) })
    }
}

fn sum(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A valid certificate that is none of the pinned ones.
#[derive(Debug)]
pub(super) struct Unpinned(Presented);

impl fmt::Display for Unpinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a valid certificate that no pin names; its public key has the sum {}",
            self.key()
        )
    }
}

impl Unpinned {
    /// The sum of its public key, in hexadecimal digits.
    pub(super) fn key(&self) -> String {
        hex::encode(self.0.key)
    }
}

impl std::error::Error for Unpinned {}

/// Verifies as `usual` does, and then by pins.
#[derive(Debug)]
pub(super) struct Pinning {
    usual: Arc<dyn ServerCertVerifier>,
    /// Whose pins they are: the server's name as the address has it.
    host: String,
    pins: Vec<[u8; 32]>,
}

impl Pinning {
    pub(super) fn new(usual: Arc<dyn ServerCertVerifier>, host: &str, pins: &[[u8; 32]]) -> Self {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        Self { usual, host, pins: pins.to_vec() }
    }
}

impl ServerCertVerifier for Pinning {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.usual.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        if !server_name.to_str().eq_ignore_ascii_case(&self.host) {
            return Ok(verified);
        }
        let presented = Presented::of(end_entity)
            .ok_or(Error::InvalidCertificate(CertificateError::BadEncoding))?;
        if self.pins.contains(&presented.key) || self.pins.contains(&presented.certificate) {
            return Ok(verified);
        }
        let unpinned = OtherError(Arc::new(Unpinned(presented)));
        Err(Error::InvalidCertificate(CertificateError::Other(unpinned)))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}
