//! The service: what other services may ask of the store, as the schema says it.

mod conversations;
mod messages;
#[cfg(test)]
mod tests;
mod users;

use crate::{
    MysqlOptions, OpenError, RepoConfig, StoreError,
    password::Passwords,
    store::{Store, sqlite::SqliteStore},
};
use conversations::Conversations;
use im_infra::clock::SharedClock;
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
    store: Arc<dyn Store>,
}

impl Repo {
    /// Opens the database and migrates it. Ready when this returns; there is nothing to run.
    ///
    /// # Errors
    /// The configuration or the database does not work.
    pub async fn build(config: RepoConfig, clock: SharedClock) -> Result<Self, OpenError> {
        let passwords = Passwords::new(config.bcrypt_cost, Arc::clone(&clock))?;
        let store: Arc<dyn Store> = if config.mysql.primary.is_empty() {
            Arc::new(SqliteStore::open(&config, Arc::clone(&clock)).await?)
        } else {
            open_mysql(&config.mysql, &clock).await?
        };
        Ok(Self::on(store, passwords, clock))
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn health(&self) -> Result<(), StoreError> {
        self.store.health().await
    }

    fn on(store: Arc<dyn Store>, passwords: Passwords, clock: SharedClock) -> Self {
        Self {
            users: Arc::new(Users {
                store: Arc::clone(&store),
                passwords,
                clock,
            }),
            conversations: Arc::new(Conversations {
                store: Arc::clone(&store),
            }),
            messages: Arc::new(Messages {
                store: Arc::clone(&store),
            }),
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

impl std::fmt::Debug for Repo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repo").finish_non_exhaustive()
    }
}
