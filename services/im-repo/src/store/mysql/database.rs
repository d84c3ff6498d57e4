//! Databases for tests, each empty and of one test only, on a real server.

use super::MysqlStore;
use crate::MysqlOptions;
use im_infra::{clock::SystemClock, config::Secret, engines};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, MySqlConnection, mysql::MySqlConnectOptions};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

const USER: &str = "parlance";

/// An empty database on a server. It is dropped with this.
pub struct Database {
    /// How to connect.
    pub options: MysqlOptions,
}

impl Database {
    /// On the server that all tests share.
    ///
    /// # Panics
    /// If that does not answer.
    pub async fn shared() -> Self {
        let address = tokio::task::spawn_blocking(|| engines::address("mysql")).await.unwrap();
        Self::on(&address).await
    }

    /// The same, with its replica.
    ///
    /// # Panics
    /// If one of them does not answer.
    pub async fn replicated() -> Self {
        let mut database = Self::shared().await;
        let replica = tokio::task::spawn_blocking(|| engines::address("mysql_replica"));
        database.options.replicas.push(replica.await.unwrap());
        database
    }

    /// On the server at `address`.
    ///
    /// # Panics
    /// If that does not answer.
    pub async fn on(address: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let options = MysqlOptions {
            primary: address.to_owned(),
            database: name,
            user: USER.to_owned(),
            password: Secret::new(USER),
            connections: 8,
            ..MysqlOptions::default()
        };
        let database = Self { options };
        let name = &database.options.database;
        let make = format!("DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name}");
        database.execute("", &make).await;
        database
    }

    /// A store in it.
    ///
    /// # Panics
    /// If the server does not answer.
    pub async fn open(&self) -> Arc<MysqlStore> {
        Arc::new(MysqlStore::open(&self.options, SystemClock::shared()).await.unwrap())
    }

    /// A connection that the store does not know of.
    #[cfg(test)]
    pub(super) async fn connect(&self) -> MySqlConnection {
        connect(&self.options.primary, &self.options.database).await
    }

    async fn execute(&self, database: &str, sql: &str) {
        let mut db = connect(&self.options.primary, database).await;
        db.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
        db.close().await.unwrap();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (address, name) = (self.options.primary.clone(), self.options.database.clone());
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let sql = format!("DROP DATABASE IF EXISTS {name}");
                if let Ok(mut db) = options(&address, "").connect().await {
                    let _ = db.execute(AssertSqlSafe(sql)).await;
                }
            });
        });
        let _ = dropping.join();
    }
}

fn options(address: &str, database: &str) -> MySqlConnectOptions {
    let (host, port) = address.split_once(':').unwrap();
    let options = MySqlConnectOptions::new()
        .host(host)
        .port(port.parse().unwrap())
        .username(USER)
        .password(USER)
        .disable_statement_logging();
    if database.is_empty() {
        options
    } else {
        options.database(database)
    }
}

pub(super) async fn connect(address: &str, database: &str) -> MySqlConnection {
    options(address, database).connect().await.unwrap()
}
