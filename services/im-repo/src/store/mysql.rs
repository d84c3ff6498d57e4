//! The store on MySQL or MariaDB: transactions on the primary, large reads on replicas that have what the primary has.

mod append;
pub mod carry;
mod conversations;
#[cfg(any(test, feature = "conformance"))]
pub mod database;
mod error;
mod inspect;
mod lists;
mod members;
mod messages;
mod migrations;
mod open;
mod position;
mod reach;
mod replicas;
mod rows;
mod server;
mod sessions;
#[cfg(test)]
mod tests;
mod text;
mod transaction;
mod users;

pub(crate) use error::{fault, number};
pub use inspect::{MysqlState, inspect, migrate, schema};

use super::{Result, Store};
use async_trait::async_trait;
use im_infra::clock::SharedClock;
use replicas::Replicas;
use server::{Server, Work};

/// A store in one database of a server. Any number may be open on a database, in any number of processes.
#[derive(Debug)]
pub struct MysqlStore {
    primary: Server,
    replicas: Replicas,
}

impl MysqlStore {
    /// Connects to the primary and brings the database to this version's schema; others that do so at the same time wait. Replicas
    /// are used as soon as they answer.
    ///
    /// # Errors
    /// The primary cannot be reached, a migration does not work, or replicas are given and the primary writes no log for them.
    pub async fn open(options: &crate::MysqlOptions, clock: SharedClock) -> Result<Self, crate::OpenError> {
        open::open(options, clock).await
    }

    /// Runs `work` in a transaction of its own; again, from its beginning, if it meets another one. An `Err` of it undoes what it did.
    async fn write<I: Sync, T: Send>(&self, input: &I, work: Work<I, T>) -> Result<T> {
        self.primary.write(input, work).await
    }

    /// Runs a read that costs the primary no more than asking for its position would.
    async fn read<I: Sync, T: Send>(&self, input: &I, work: Work<I, T>) -> Result<T> {
        self.primary.read(input, work).await
    }

    /// Runs a read that may be large: on a replica if one has all that the primary had when the read began.
    async fn read_large<I: Sync, T: Send>(&self, input: &I, work: Work<I, T>) -> Result<T> {
        match self.replicas.read(input, work).await {
            Some(answer) => Ok(answer),
            None => self.primary.read(input, work).await,
        }
    }
}

#[async_trait]
impl Store for MysqlStore {
    async fn health(&self) -> Result<()> {
        self.primary.ping().await
    }

    async fn close(&self) {
        self.replicas.close().await;
        self.primary.close().await;
    }
}
