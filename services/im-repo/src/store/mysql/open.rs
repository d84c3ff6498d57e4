use super::{MysqlStore, migrations, position::Flavour, replicas::Replicas, server::Server};
use crate::{MysqlOptions, OpenError};
use im_infra::clock::SharedClock;
use sqlx::MySqlConnection;

pub(super) async fn open(options: &MysqlOptions, clock: SharedClock) -> Result<MysqlStore, OpenError> {
    let shown = shown(options);
    let database = |source| OpenError::Database {
        path: shown.clone(),
        source,
    };
    let primary = Server::new(options, &options.primary, options.connections, clock.clone()).map_err(database)?;
    let mut db = primary.connect().await.map_err(database)?;
    let flavour = flavour(&mut db).await.map_err(database)?;
    migrations::run(&mut db, &shown).await?;
    warn_unless_durable(&mut db, &shown).await.map_err(database)?;
    if !options.replicas.is_empty() && !logs(&mut db, flavour).await.map_err(database)? {
        return Err(OpenError::NoBinaryLog { primary: shown });
    }
    let replicas = Replicas::start(options, flavour, &clock).map_err(database)?;
    Ok(MysqlStore { primary, replicas })
}

pub(super) fn shown(options: &MysqlOptions) -> String {
    format!("{}@{}/{}", options.user, options.primary, options.database)
}

pub(super) async fn flavour(db: &mut MySqlConnection) -> Result<Flavour, sqlx::Error> {
    let version: String = sqlx::query_scalar("SELECT VERSION()").fetch_one(db).await?;
    Ok(Flavour::of(&version))
}

pub(super) async fn logs(db: &mut MySqlConnection, flavour: Flavour) -> Result<bool, sqlx::Error> {
    let logs: i64 = sqlx::query_scalar(flavour.logs()).fetch_one(db).await?;
    Ok(logs == 1)
}

/// Whether a commit is on disk when it returns: that is the server's setting.
pub(super) async fn durable(db: &mut MySqlConnection) -> Result<bool, sqlx::Error> {
    let sql = "SELECT CAST(@@GLOBAL.innodb_flush_log_at_trx_commit = 1 AND (NOT @@GLOBAL.log_bin OR @@GLOBAL.sync_binlog = 1) AS SIGNED)";
    let durable: i64 = sqlx::query_scalar(sql).fetch_one(db).await?;
    Ok(durable == 1)
}

async fn warn_unless_durable(db: &mut MySqlConnection, shown: &str) -> Result<(), sqlx::Error> {
    if !durable(db).await? {
        tracing::warn!(
            database = shown,
            "a crash of the server's machine loses messages that were accepted: set innodb_flush_log_at_trx_commit and sync_binlog to 1"
        );
    }
    Ok(())
}
