use im_infra::config::{Secret, duration};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Duration};

/// A MySQL (8 or later) or MariaDB (10.6 or later) server, and its replicas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MysqlOptions {
    /// `host:port` of the server that takes writes; empty for the embedded store.
    pub primary: String,
    /// `host:port` of replicas of it, which follow it by GTIDs; those that are away or late are left alone until they are back.
    pub replicas: Vec<String>,
    /// The database; it must exist.
    pub database: String,
    /// Who connects; needs all rights on the database, and the same name and password on the replicas.
    pub user: String,
    /// The user's password.
    pub password: Secret,
    /// How connections are protected.
    pub tls: TlsMode,
    /// Certificates (PEM) to trust besides those of the system; empty for none.
    pub tls_ca: PathBuf,
    /// Connections to the primary; a connection serves one call at a time.
    pub connections: u32,
    /// Connections to each replica.
    pub replica_connections: u32,
    /// How long a call waits for a connection before it fails as unavailable, and how long connecting may take.
    #[serde(with = "duration")]
    pub connect_timeout: Duration,
    /// How long one transaction or read may take before its connection is given up and the call fails as unavailable.
    #[serde(with = "duration")]
    pub call_timeout: Duration,
    /// How long a statement waits for a row that another transaction has locked before the transaction begins anew; whole seconds.
    #[serde(with = "duration")]
    pub lock_timeout: Duration,
    /// For how long a transaction that met others is begun anew.
    #[serde(with = "duration")]
    pub retry_for: Duration,
    /// How long a read waits for a replica to have what the primary has before it goes to the primary.
    #[serde(with = "duration")]
    pub replica_wait: Duration,
    /// How often a replica that is away or late is asked whether it is back.
    #[serde(with = "duration")]
    pub replica_probe: Duration,
}

/// How connections are protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsMode {
    /// Not at all.
    #[default]
    Off,
    /// Encrypted, whoever the server is.
    Required,
    /// Encrypted, and the server's certificate must be trusted and name the host.
    Verified,
}

impl Default for MysqlOptions {
    fn default() -> Self {
        Self {
            primary: String::new(),
            replicas: Vec::new(),
            database: "parlance".to_owned(),
            user: "parlance".to_owned(),
            password: Secret::default(),
            tls: TlsMode::Off,
            tls_ca: PathBuf::new(),
            connections: 16,
            replica_connections: 16,
            connect_timeout: Duration::from_secs(3),
            call_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(5),
            retry_for: Duration::from_secs(10),
            replica_wait: Duration::from_millis(20),
            replica_probe: Duration::from_secs(1),
        }
    }
}
