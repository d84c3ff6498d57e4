//! The service: what other services may ask of the store, as the schema says it.

mod conversations;
mod messages;
#[cfg(test)]
mod tests;
mod users;

use crate::{
    OpenError, RepoConfig,
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
        let store = Arc::new(SqliteStore::open(&config, Arc::clone(&clock)).await?);
        Ok(Self::on(store, passwords, clock))
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

impl std::fmt::Debug for Repo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repo").finish_non_exhaustive()
    }
}
