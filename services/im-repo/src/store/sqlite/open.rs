use super::{SqliteStore, check, checkpoint::Checkpointer, migrations, seen::Seen, writer::Writer};
use crate::{
    OpenError, RepoConfig,
    store::{Schema, migrations::RECORDED},
};
use im_infra::clock::SharedClock;
use sqlx::{
    ConnectOptions, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::sync::Mutex;

const FILE: &str = "repo.sqlite";

pub(super) async fn open(config: &RepoConfig, clock: SharedClock) -> Result<SqliteStore, OpenError> {
    let path = config.folder.join(FILE);
    let shown = path.display().to_string();
    let database = |source| OpenError::Database {
        path: shown.clone(),
        source,
    };
    let unclean = left_unclean(&path);

    let (db, _) = migrate(config).await?;
    let checkpoints = writing(&path, config).connect().await.map_err(database)?;
    let readers = SqlitePoolOptions::new()
        .max_connections(config.readers.max(1))
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(Duration::from_secs(10))
        // a connection to a file cannot go stale: asking it first would cost a hop to its thread
        .test_before_acquire(false)
        .connect_with(reading(&path, config))
        .await
        .map_err(database)?;

    let checkpointer = Checkpointer::start(checkpoints, clock.clone(), config.checkpoint_mib);
    let seen = Arc::new(Seen::default());
    let (writer, writing) = Writer::start(db, clock, checkpointer, Arc::clone(&seen), config.queue);
    if unclean {
        tokio::spawn(check::after_unclean_close(readers.clone(), writer.clone(), path));
    }
    Ok(SqliteStore {
        readers,
        writer,
        seen,
        writing: Mutex::new(Some(writing)),
    })
}

/// Runs what is missing: a connection that writes, and how far the database was before.
pub(super) async fn migrate(config: &RepoConfig) -> Result<(SqliteConnection, Schema), OpenError> {
    let folder = &config.folder;
    std::fs::create_dir_all(folder).map_err(|source| OpenError::Folder {
        folder: folder.display().to_string(),
        source,
    })?;
    let path = folder.join(FILE);
    let shown = path.display().to_string();
    let database = |source| OpenError::Database {
        path: shown.clone(),
        source,
    };
    let mut db = writing(&path, config).connect().await.map_err(database)?;
    let before = recorded(&mut db, &shown).await.map_err(database)?;
    let migrated = migrations::migrator().run(&mut db).await;
    migrated.map_err(|source| OpenError::Migrate {
        path: shown.clone(),
        source,
    })?;
    Ok((db, before))
}

/// How far the database is.
pub(super) async fn schema(config: &RepoConfig) -> Result<Schema, OpenError> {
    let path = config.folder.join(FILE);
    let shown = path.display().to_string();
    if !path.exists() {
        return Ok(Schema::compare(&shown, &migrations::migrator(), &[]));
    }
    let look = async {
        let mut db = options(&path).read_only(true).connect().await?;
        recorded(&mut db, &shown).await
    };
    look.await.map_err(|source| OpenError::Database {
        path: shown.clone(),
        source,
    })
}

async fn recorded(db: &mut SqliteConnection, shown: &str) -> Result<Schema, sqlx::Error> {
    let table = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'";
    let tables: i64 = sqlx::query_scalar(table).fetch_one(&mut *db).await?;
    let recorded = match tables {
        0 => Vec::new(),
        _ => sqlx::query_as(RECORDED).fetch_all(db).await?,
    };
    Ok(Schema::compare(shown, &migrations::migrator(), &recorded))
}

/// SQLite removes the log when the last connection is closed: one with something in it was left by a process that died.
fn left_unclean(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        // nothing refers by foreign keys: see the first migration
        .foreign_keys(false)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(128)
        .disable_statement_logging()
}

fn writing(path: &Path, config: &RepoConfig) -> SqliteConnectOptions {
    options(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // a commit is on disk when it returns
        .synchronous(SqliteSynchronous::Full)
        // not in a commit: see checkpoint.rs
        .pragma("wal_autocheckpoint", "0")
        .pragma("cache_size", format!("-{}", u64::from(config.cache_mib) * 1024))
        .pragma("temp_store", "MEMORY")
        .thread_name(|_| "repo-writer".to_owned())
}

fn reading(path: &Path, config: &RepoConfig) -> SqliteConnectOptions {
    options(path)
        .read_only(true)
        .pragma("cache_size", format!("-{}", u64::from(config.cache_mib) * 256))
        .pragma("mmap_size", (u64::from(config.mmap_mib) << 20).to_string())
        .pragma("temp_store", "MEMORY")
        .thread_name(|n| format!("repo-reader-{n}"))
}
