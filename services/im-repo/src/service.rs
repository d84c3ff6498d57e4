//! The service: what other services may ask of the store, as the schema says it.

mod conversations;
mod messages;
#[cfg(test)]
mod tests;
mod users;

use crate::{
    FilesOptions, MysqlOptions, OpenError, RepoConfig, S3Options, StoreError,
    cache::Cache,
    files::{Files, local::LocalFiles},
    password::Passwords,
    store::{Store, sqlite::SqliteStore},
};
use conversations::Conversations;
use im_infra::{clock::SharedClock, kv::Kv};
use im_schema::services::{ConversationRepo, MessageRepo, UserRepo};
use messages::Messages;
use std::sync::Arc;
use users::Users;

/// The three services of this crate on one store.
#[derive(Clone)]
pub struct Repo {
    /// Users, passwords, sessions.
    pub users: Arc<dyn UserRepo>,
    /// Conversations and members.
    pub conversations: Arc<dyn ConversationRepo>,
    /// Messages.
    pub messages: Arc<dyn MessageRepo>,
    /// What people attach.
    pub files: Arc<dyn Files>,
    store: Arc<dyn Store>,
}

impl Repo {
    /// Opens the database and migrates it, and opens the place for files. Ready when this returns; there is nothing to run. What is asked for again
    /// and again is kept in `kv`, which a database in this process has no need of.
    ///
    /// # Errors
    /// The configuration, the database or the place for files does not work.
    pub async fn build(config: RepoConfig, clock: SharedClock, kv: Option<&Arc<dyn Kv>>) -> Result<Self, OpenError> {
        let passwords = Passwords::new(config.bcrypt_cost, Arc::clone(&clock))?;
        let store: Arc<dyn Store> = if config.mysql.primary.is_empty() {
            Arc::new(SqliteStore::open(&config, Arc::clone(&clock)).await?)
        } else {
            open_mysql(&config.mysql, &clock).await?
        };
        match open_files(&config, &clock).await {
            Ok(files) => Ok(Self::on(store, files, passwords, clock, kv.map(Cache::on).as_ref())),
            Err(error) => {
                store.close().await;
                Err(error)
            }
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn health(&self) -> Result<(), StoreError> {
        self.store.health().await
    }

    pub(crate) fn on(
        store: Arc<dyn Store>,
        files: Arc<dyn Files>,
        passwords: Passwords,
        clock: SharedClock,
        cache: Option<&Cache>,
    ) -> Self {
        Self {
            users: Arc::new(Users {
                store: Arc::clone(&store),
                passwords,
                clock,
                profiles: cache.map(|cache| Arc::clone(&cache.users)),
            }),
            conversations: Arc::new(Conversations {
                store: Arc::clone(&store),
            }),
            messages: Arc::new(Messages {
                store: Arc::clone(&store),
                tails: cache.map(|cache| Arc::clone(&cache.tails)),
            }),
            files,
            store,
        }
    }

    /// Finishes the writes that were asked for and leaves the database tidy; later calls get `UNAVAILABLE`. Idempotent.
    pub async fn close(&self) {
        self.store.close().await;
    }
}

#[cfg(feature = "mysql")]
async fn open_mysql(options: &MysqlOptions, clock: &SharedClock) -> Result<Arc<dyn Store>, OpenError> {
    let store = crate::store::mysql::MysqlStore::open(options, Arc::clone(clock)).await?;
    Ok(Arc::new(store))
}

#[cfg(not(feature = "mysql"))]
async fn open_mysql(options: &MysqlOptions, _: &SharedClock) -> Result<Arc<dyn Store>, OpenError> {
    Err(OpenError::NoMysql {
        primary: options.primary.clone(),
    })
}

pub(crate) async fn open_files(config: &RepoConfig, clock: &SharedClock) -> Result<Arc<dyn Files>, OpenError> {
    let FilesOptions { folder, s3 } = &config.files;
    if !s3.bucket.is_empty() {
        return open_s3(s3).await;
    }
    let folder = if folder.as_os_str().is_empty() {
        &config.folder.join("files")
    } else {
        folder
    };
    Ok(Arc::new(LocalFiles::open(folder, clock).await?))
}

#[cfg(feature = "s3")]
async fn open_s3(options: &S3Options) -> Result<Arc<dyn Files>, OpenError> {
    Ok(Arc::new(crate::files::s3::S3Files::open(options).await?))
}

#[cfg(not(feature = "s3"))]
async fn open_s3(options: &S3Options) -> Result<Arc<dyn Files>, OpenError> {
    Err(OpenError::NoS3 {
        bucket: options.bucket.clone(),
    })
}

impl std::fmt::Debug for Repo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repo").finish_non_exhaustive()
    }
}
