//! Where the engine is and how long to wait for it.

use crate::{
    config::Secret,
    tls::{Pem, Tls, TlsError},
};
use redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo,
    cluster::{ClusterClient, ClusterClientBuilder},
    io::tcp::TcpSettings,
};
use std::time::Duration;

/// Where Redis is, and whose keys are used in it.
#[derive(Debug, Clone)]
pub struct RedisOptions {
    /// `host:port` of the server, or of some nodes of a cluster, from which the others are learnt.
    pub addresses: Vec<String>,
    /// Whether the addresses are of a cluster. If not there is one address.
    pub cluster: bool,
    /// Number of the database, 0 by default; a cluster has only that one.
    pub database: u32,
    /// Who logs in; empty for the default user.
    pub user: String,
    /// The user's password; empty for none.
    pub password: Secret,
    /// Put before every key and channel, so that several deployments and tests can share a server. Letters, digits, `.`, `_` and `-`.
    pub prefix: String,
    /// A connection or an answer that takes longer is given up, and the engine taken for unavailable. 500 ms by default.
    pub timeout: Duration,
    /// Encrypts connections. The servers' certificates must name their hosts. Needs the feature `redis-tls`.
    pub tls: Tls,
}

/// Why there is no client for some [`RedisOptions`].
#[derive(Debug, thiserror::Error)]
pub enum RedisOptionsError {
    /// There is no address, or several and no cluster.
    #[error("a single Redis server has one address and a cluster at least one, not {0}")]
    Addresses(usize),
    /// An address that is no `host:port`.
    #[error("{0} is not host:port")]
    Address(String),
    /// The prefix has other characters than it may.
    #[error("prefix {0} is not of letters, digits, dots, underscores and hyphens")]
    Prefix(String),
    /// A cluster has no such database.
    #[error("a cluster has only database 0, not {0}")]
    Database(u32),
    /// Connections cannot be encrypted as they should.
    #[error("redis.tls")]
    Tls(#[from] TlsError),
    /// The client does not take it.
    #[error("Redis client")]
    Client(#[from] redis::RedisError),
}

impl RedisOptions {
    /// A single server at `address` without a password, and keys that begin with `prefix`.
    #[must_use]
    pub fn new(address: impl Into<String>, prefix: impl Into<String>) -> Self {
        Self {
            addresses: vec![address.into()],
            cluster: false,
            database: 0,
            user: String::new(),
            password: Secret::default(),
            prefix: prefix.into(),
            timeout: Duration::from_millis(500),
            tls: Tls::default(),
        }
    }

    pub(super) fn check(&self) -> Result<(), RedisOptionsError> {
        if self.addresses.is_empty() || (!self.cluster && self.addresses.len() > 1) {
            return Err(RedisOptionsError::Addresses(self.addresses.len()));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        if self.prefix.is_empty() || !self.prefix.chars().all(plain) {
            return Err(RedisOptionsError::Prefix(self.prefix.clone()));
        }
        if self.cluster && self.database != 0 {
            return Err(RedisOptionsError::Database(self.database));
        }
        Ok(())
    }

    /// A client for each address.
    pub(super) fn clients(&self) -> Result<Vec<Client>, RedisOptionsError> {
        let infos = self.infos()?.into_iter();
        Ok(match self.pem()? {
            Some(pem) => infos.map(|info| encrypted(info, &pem)).collect::<Result<_, _>>()?,
            None => infos.map(Client::open).collect::<Result<_, _>>()?,
        })
    }

    /// A client for the cluster, `None` for a single server.
    pub(super) fn cluster_client(&self) -> Result<Option<ClusterClient>, RedisOptionsError> {
        if !self.cluster {
            return Ok(None);
        }
        let client = ClusterClient::builder(self.infos()?)
            .connection_timeout(self.timeout)
            .response_timeout(self.timeout)
            .tcp_settings(prompt())
            .retries(3);
        let client = match self.pem()? {
            Some(pem) => encrypted_cluster(client, &pem),
            None => client,
        };
        Ok(Some(client.build()?))
    }

    fn pem(&self) -> Result<Option<Pem>, TlsError> {
        let pem = self.tls.read()?;
        if pem.is_some() && !cfg!(feature = "redis-tls") {
            return Err(TlsError::NotBuilt);
        }
        Ok(pem)
    }

    fn infos(&self) -> Result<Vec<ConnectionInfo>, RedisOptionsError> {
        self.addresses.iter().map(|address| self.info(address)).collect()
    }

    fn info(&self, address: &str) -> Result<ConnectionInfo, RedisOptionsError> {
        let bad = || RedisOptionsError::Address(address.into());
        let (host, port) = address.rsplit_once(':').ok_or_else(bad)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = port.parse().map_err(|_| bad())?;
        let mut login = RedisConnectionInfo::default().set_db(i64::from(self.database));
        if !self.user.is_empty() {
            login = login.set_username(&self.user);
        }
        if !self.password.is_empty() {
            login = login.set_password(self.password.expose());
        }
        let address = if self.tls.enabled {
            ConnectionAddr::TcpTls {
                host: host.into(),
                port,
                insecure: false,
                tls_params: None,
            }
        } else {
            ConnectionAddr::Tcp(host.into(), port)
        };
        let info = address.into_connection_info()?;
        Ok(info.set_redis_settings(login).set_tcp_settings(prompt()))
    }
}

/// What is written goes out at once: a pipeline is several writes, and each would wait until the one before it is acknowledged, up to 40 ms.
fn prompt() -> TcpSettings {
    TcpSettings::default().set_nodelay(true)
}

#[cfg(feature = "redis-tls")]
fn certificates(pem: &Pem) -> redis::TlsCertificates {
    crate::tls::provide();
    let identity = pem.identity.as_ref();
    redis::TlsCertificates {
        client_tls: identity.map(|(certificate, key)| redis::ClientTlsConfig {
            client_cert: certificate.clone(),
            client_key: key.expose().as_bytes().to_vec(),
        }),
        root_cert: Some(pem.ca.clone()).filter(|ca| !ca.is_empty()),
    }
}

#[cfg(feature = "redis-tls")]
fn encrypted(info: ConnectionInfo, pem: &Pem) -> redis::RedisResult<Client> {
    Client::build_with_tls(info, certificates(pem))
}

#[cfg(not(feature = "redis-tls"))]
fn encrypted(info: ConnectionInfo, _: &Pem) -> redis::RedisResult<Client> {
    Client::open(info)
}

#[cfg(feature = "redis-tls")]
fn encrypted_cluster(client: ClusterClientBuilder, pem: &Pem) -> ClusterClientBuilder {
    client.certs(certificates(pem))
}

#[cfg(not(feature = "redis-tls"))]
fn encrypted_cluster(client: ClusterClientBuilder, _: &Pem) -> ClusterClientBuilder {
    client
}
