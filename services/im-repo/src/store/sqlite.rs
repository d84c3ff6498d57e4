//! The store on SQLite: one writer that commits batches, readers of their own, the write-ahead log copied in the background.

mod append;
mod check;
mod checkpoint;
mod conversations;
mod insert;
mod members;
mod mend;
mod messages;
mod migrations;
mod open;
mod places;
mod rows;
mod seen;
mod sessions;
#[cfg(test)]
mod tests;
mod users;
mod writer;

use super::{Result, Schema, Store};
use async_trait::async_trait;
use futures::future::BoxFuture;
use im_infra::clock::SharedClock;
use seen::Seen;
use sqlx::{SqliteConnection, SqlitePool};
use std::sync::Arc;
use tokio::{sync::Mutex, task::JoinHandle};
use writer::Writer;

/// A store in one SQLite file. Only one may be open on a file at a time.
#[derive(Debug)]
pub struct SqliteStore {
    readers: SqlitePool,
    writer: Writer,
    seen: Arc<Seen>,
    writing: Mutex<Option<JoinHandle<()>>>,
}

impl SqliteStore {
    /// Opens the database of `config`, brings it to this version's schema and starts the writer. If the last process did not
    /// close it, its log is replayed and the database is checked in the background.
    ///
    /// # Errors
    /// The folder, the file or a migration does not work.
    pub async fn open(config: &crate::RepoConfig, clock: SharedClock) -> Result<Self, crate::OpenError> {
        open::open(config, clock).await
    }

    /// How far the database in the folder of `config` is. Nothing is changed; where there is no database all is missing.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn schema(config: &crate::RepoConfig) -> Result<Schema, crate::OpenError> {
        open::schema(config).await
    }

    /// Brings the database to this version's schema; how far it was before. It is made if it is missing.
    ///
    /// # Errors
    /// The folder, the file or a migration does not work.
    pub async fn migrate(config: &crate::RepoConfig) -> Result<Schema, crate::OpenError> {
        open::migrate(config).await.map(|(_, before)| before)
    }

    /// Connections that only read.
    #[cfg(feature = "mysql")]
    pub(in crate::store) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// Runs a write in the next transaction. An `Err` of it undoes what it did, and nothing else.
    async fn write<T, W>(&self, write: W) -> Result<T>
    where
        T: Send + 'static,
        W: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T>> + Send + 'static,
    {
        self.writer.write(write).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn health(&self) -> Result<()> {
        sqlx::query("SELECT 1").execute(&self.readers).await?;
        Ok(())
    }

    async fn close(&self) {
        // readers first: the writer's connection is to be the last, which removes the log
        self.readers.close().await;
        self.writer.close();
        if let Some(writing) = self.writing.lock().await.take()
            && let Err(error) = writing.await
        {
            tracing::error!(error = &error as &dyn std::error::Error, "the writer died");
        }
    }
}

/// A JSON array of ids, for `json_each`: one statement for any number of them.
fn id_list(ids: impl IntoIterator<Item = u64>) -> String {
    let ids: Vec<u64> = ids.into_iter().collect();
    serde_json::to_string(&ids).expect("numbers are valid JSON")
}
