//! A part of the engines that all tests share, for one town.

use im_infra::engines;
use im_repo::store::mysql::database::Database;

/// Names of its own in each engine. The database goes with this, the rest with the engines.
pub(super) struct Shared {
    prefix: String,
    addresses: [String; 3],
    database: Database,
}

impl Shared {
    /// # Panics
    /// If an engine cannot be started.
    pub(super) async fn prepare() -> Self {
        let addresses = tokio::task::spawn_blocking(|| ["kafka", "redis", "etcd"].map(engines::address)).await;
        Self {
            prefix: format!("town-{:x}.", rand::random::<u64>()),
            addresses: addresses.expect("the engines start"),
            database: Database::shared().await,
        }
    }

    /// The settings by which a platform uses it.
    pub(super) fn settings(&self) -> Vec<(String, String)> {
        let [kafka, redis, etcd] = &self.addresses;
        let mysql = &self.database.options;
        [
            ("kafka.brokers", kafka.as_str()),
            ("kafka.prefix", &self.prefix),
            // the broker shares a machine with everything else that is tested
            ("kafka.delivery_timeout", "30s"),
            ("redis.addresses", redis),
            ("redis.prefix", &self.prefix),
            ("redis.timeout", "5s"),
            ("etcd.endpoints", etcd),
            ("etcd.prefix", &self.prefix),
            ("repo.mysql.primary", &mysql.primary),
            ("repo.mysql.database", &mysql.database),
            ("repo.mysql.user", &mysql.user),
            ("repo.mysql.password", mysql.password.expose()),
            ("repo.mysql.connections", "4"),
            ("cluster.secret", super::SECRET),
            ("cluster.listen", "127.0.0.1:0"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .to_vec()
    }
}
