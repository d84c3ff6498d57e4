//! Where the engine is and how long to wait for it.

use crate::{
    config::Secret,
    tls::{Pem, Tls, TlsError},
};
use etcd_client::ConnectOptions;
use std::{sync::Arc, time::Duration};

/// A connection that has something to wait for is asked so often whether it is alive: etcd allows it every 5 s.
const PING: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(5));

/// Where etcd is, and whose keys are used in it.
#[derive(Debug, Clone)]
pub struct EtcdOptions {
    /// `host:port` of the server, or of the members of a cluster; calls go to any of them.
    pub endpoints: Vec<String>,
    /// Put before every key, so that several deployments and tests can share a cluster. Letters, digits, `.`, `_`, `-`, and `/` but at its end.
    pub prefix: String,
    /// A connection or an answer that takes longer is given up, and the engine taken for unavailable. 2 s by default.
    pub timeout: Duration,
    /// Who logs in; empty for nobody.
    pub user: String,
    /// The user's password.
    pub password: Secret,
    /// Encrypts connections. The server's certificate must name its host. Needs the feature `etcd-tls`.
    pub tls: Tls,
}

/// Why there is no client for some [`EtcdOptions`].
#[derive(Debug, thiserror::Error)]
pub enum EtcdOptionsError {
    /// There is no address.
    #[error("etcd has at least one endpoint")]
    Endpoints,
    /// The prefix has other characters than it may.
    #[error("prefix {0:?} is not of letters, digits, dots, underscores, hyphens, and slashes within")]
    Prefix(String),
    /// Connections cannot be encrypted as they should.
    #[error("etcd.tls")]
    Tls(#[from] TlsError),
    /// The client does not take it.
    #[error("etcd client")]
    Client(#[source] etcd_client::Error),
    /// The engine does not take it, such as a wrong password.
    #[error("etcd refuses this client")]
    Refused(#[source] Arc<etcd_client::Error>),
}

impl EtcdOptions {
    /// A single server at `endpoint` without a password, and keys that begin with `prefix`.
    #[must_use]
    pub fn new(endpoint: impl Into<String>, prefix: impl Into<String>) -> Self {
        Self {
            endpoints: vec![endpoint.into()],
            prefix: prefix.into(),
            timeout: Duration::from_secs(2),
            user: String::new(),
            password: Secret::default(),
            tls: Tls::default(),
        }
    }

    pub(super) fn for_client(&self) -> Result<ConnectOptions, EtcdOptionsError> {
        if self.endpoints.is_empty() {
            return Err(EtcdOptionsError::Endpoints);
        }
        let mut options = ConnectOptions::new()
            .with_connect_timeout(self.timeout)
            .with_keep_alive(PING.0, PING.1)
            // a member that lost the others says so instead of answering with what it knew
            .with_require_leader(true)
            .with_auto_token_refresh(true);
        if !self.user.is_empty() {
            options = options.with_user(&self.user, self.password.expose());
        }
        Ok(match self.tls.read()? {
            Some(_) if !cfg!(feature = "etcd-tls") => return Err(TlsError::NotBuilt.into()),
            Some(pem) => encrypted(options, &pem),
            None => options,
        })
    }
}

#[cfg(feature = "etcd-tls")]
fn encrypted(options: ConnectOptions, pem: &Pem) -> ConnectOptions {
    use etcd_client::{Certificate, Identity, TlsOptions};
    let mut with = TlsOptions::new();
    with = if pem.ca.is_empty() {
        with.with_native_roots()
    } else {
        with.ca_certificate(Certificate::from_pem(&pem.ca))
    };
    if let Some((certificate, key)) = &pem.identity {
        with = with.identity(Identity::from_pem(certificate, key.expose()));
    }
    options.with_tls(with)
}

#[cfg(not(feature = "etcd-tls"))]
fn encrypted(options: ConnectOptions, _pem: &Pem) -> ConnectOptions {
    options
}
