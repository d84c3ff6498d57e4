//! What a server is like and how far its database is, for who looks after it.

use super::{
    migrations,
    open::{self, shown},
    server::Server,
};
use crate::{MysqlOptions, OpenError, store::Schema};
use im_infra::clock::SharedClock;

/// A server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MysqlState {
    /// `host:port`, as it was configured.
    pub address: String,
    /// Its version, as it says it.
    pub version: String,
    /// Whether a commit is on disk when it is answered.
    pub durable: bool,
    /// Whether it writes a log from which replicas can tell what they have.
    pub logs: bool,
    /// Whether it takes no writes.
    pub read_only: bool,
    /// By how many milliseconds its clock is ahead of `clock`, to half of the time that the answer took.
    pub ahead_ms: i64,
}

/// Asks the server at `address`, the primary's or a replica's. Nothing is changed.
///
/// # Errors
/// It does not answer, or refuses to.
pub async fn inspect(options: &MysqlOptions, address: &str, clock: &SharedClock) -> Result<MysqlState, OpenError> {
    let ask = async {
        let mut db = Server::new(options, address, 1, clock.clone())?.connect().await?;
        let version = sqlx::query_scalar("SELECT VERSION()").fetch_one(&mut db).await?;
        let read_only: i64 = sqlx::query_scalar("SELECT CAST(@@GLOBAL.read_only AS SIGNED)")
            .fetch_one(&mut db)
            .await?;
        let flavour = open::flavour(&mut db).await?;
        let (durable, logs) = (open::durable(&mut db).await?, open::logs(&mut db, flavour).await?);
        let asked_ms = clock.now_ms();
        let theirs_ms: i64 = sqlx::query_scalar("SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)")
            .fetch_one(&mut db)
            .await?;
        let middle_ms = u64::midpoint(asked_ms, clock.now_ms());
        Ok(MysqlState {
            address: address.to_owned(),
            version,
            durable,
            logs,
            read_only: read_only != 0,
            ahead_ms: theirs_ms - middle_ms as i64,
        })
    };
    ask.await.map_err(|source| OpenError::Database {
        path: format!("{}@{address}/{}", options.user, options.database),
        source,
    })
}

/// How far the database on the primary is. Nothing is changed.
///
/// # Errors
/// The primary cannot be reached, or does not say.
pub async fn schema(options: &MysqlOptions, clock: &SharedClock) -> Result<Schema, OpenError> {
    let mut db = connect(options, clock).await?;
    let path = shown(options);
    migrations::schema(&mut db, &path)
        .await
        .map_err(|source| OpenError::Migrate { path, source })
}

/// Brings the database on the primary to this version's schema, one process at a time; how far it was before.
///
/// # Errors
/// The primary cannot be reached, or a migration does not work.
pub async fn migrate(options: &MysqlOptions, clock: &SharedClock) -> Result<Schema, OpenError> {
    let mut db = connect(options, clock).await?;
    migrations::run(&mut db, &shown(options)).await
}

async fn connect(options: &MysqlOptions, clock: &SharedClock) -> Result<sqlx::MySqlConnection, OpenError> {
    let connect = async {
        Server::new(options, &options.primary, 1, clock.clone())?
            .connect()
            .await
    };
    connect.await.map_err(|source| OpenError::Database {
        path: shown(options),
        source,
    })
}
