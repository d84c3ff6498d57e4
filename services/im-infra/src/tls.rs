//! Encrypted connections, by configuration: which certificates are trusted, and what this side shows.
//!
//! Files are read once, at the start: whoever renews a certificate starts the process anew. Needs a program that is built with the feature `tls`.

mod accept;
mod dial;

pub use accept::{Acceptor, Stream};
pub use dial::{Address, DialError};

use crate::config::Secret;
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where the certificates of a connection or a listener are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Whether connections are encrypted.
    pub enabled: bool,
    /// Certificates (PEM) to trust. Empty: those of the system for a client, and for a server that any client is served.
    pub ca: PathBuf,
    /// What this side shows (PEM, with those between it and the one to trust); empty for nothing, which a server cannot do without.
    pub certificate: PathBuf,
    /// The key of that (PEM).
    pub key: PathBuf,
}

/// The contents of the files.
#[derive(Debug, Clone, Default)]
pub struct Pem {
    /// Certificates to trust; empty for those of the system.
    pub ca: Vec<u8>,
    /// The certificate and the key of this side.
    pub identity: Option<(Vec<u8>, Secret)>,
}

/// Why connections cannot be encrypted as they should.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// This program was built without TLS.
    #[error("TLS needs a program that is built with the feature `tls`")]
    NotBuilt,
    /// There is one of the two.
    #[error("a certificate needs its key and a key its certificate")]
    Half,
    /// A server shows a certificate.
    #[error("a server needs a certificate and its key")]
    NoIdentity,
    /// The file cannot be read.
    #[error("read {0}")]
    Read(PathBuf, #[source] io::Error),
    /// The file has nothing of the kind.
    #[error("there is no {1} (PEM) in {0}")]
    Missing(PathBuf, &'static str),
    /// The certificate and the key are not of each other, or of a kind that is not known.
    #[cfg(feature = "tls")]
    #[error("the certificate cannot be used")]
    Unfit(#[source] rustls::Error),
    /// The certificates to trust cannot be.
    #[cfg(feature = "tls")]
    #[error("the certificates to trust cannot be used")]
    Untrusted(#[source] rustls::server::VerifierBuilderError),
}

impl Tls {
    /// What the files say; nothing if connections are not encrypted.
    ///
    /// # Errors
    /// [`TlsError`], with the name of the file.
    pub fn read(&self) -> Result<Option<Pem>, TlsError> {
        if !self.enabled {
            return Ok(None);
        }
        if !cfg!(feature = "tls") {
            return Err(TlsError::NotBuilt);
        }
        let given = |path: &PathBuf| !path.as_os_str().is_empty();
        let ca = if given(&self.ca) {
            pem(&self.ca, "CERTIFICATE")?
        } else {
            Vec::new()
        };
        let identity = match (given(&self.certificate), given(&self.key)) {
            (false, false) => None,
            (true, true) => {
                let key = pem(&self.key, "PRIVATE KEY")?;
                let key = Secret::new(String::from_utf8_lossy(&key));
                Some((pem(&self.certificate, "CERTIFICATE")?, key))
            }
            _ => return Err(TlsError::Half),
        };
        Ok(Some(Pem { ca, identity }))
    }
}

fn pem(path: &Path, what: &'static str) -> Result<Vec<u8>, TlsError> {
    let bytes = fs::read(path).map_err(|error| TlsError::Read(path.into(), error))?;
    let text = String::from_utf8_lossy(&bytes);
    // a key may be of a kind: `BEGIN EC PRIVATE KEY`
    let begins = |line: &str| line.starts_with("-----BEGIN ") && line.trim_end().ends_with(&format!("{what}-----"));
    if text.lines().any(begins) {
        Ok(bytes)
    } else {
        Err(TlsError::Missing(path.into(), what))
    }
}

/// What encrypts, for libraries that ask the process.
#[cfg(feature = "tls")]
pub fn provide() {
    // whoever was first has chosen the same
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[cfg(test)]
mod tests;
