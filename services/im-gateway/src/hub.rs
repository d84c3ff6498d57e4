//! Who is connected here: users -> connections.

use crate::ws::connection::Connection;
use im_schema::{failure::Failure, ids::UserId, parlance::Reason};
use parking_lot::RwLock;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// The connections of this gateway. Nothing in here waits.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    tables: RwLock<Tables>,
    // no connection reads any more, no connection is added any more
    draining: AtomicBool,
}

/// Both tables change together.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    users: HashMap<UserId, Vec<Arc<Connection>>>,
    connections: HashMap<u64, Arc<Connection>>,
}

impl Hub {
    /// Adds a connection.
    ///
    /// # Errors
    /// `TOO_MANY_CONNECTIONS` if the user has `limit` already, `GOING_AWAY` during shutdown.
    pub(crate) fn add(&self, connection: &Arc<Connection>, limit: usize) -> Result<(), Failure> {
        let mut tables = self.tables.write();
        if self.is_draining() {
            return Err(Failure::new(Reason::GoingAway, ""));
        }
        let own = tables.users.entry(connection.user()).or_default();
        if own.len() >= limit {
            return Err(Failure::new(
                Reason::TooManyConnections,
                format!("{limit} connections are open already"),
            ));
        }
        own.reserve_exact(1);
        own.push(Arc::clone(connection));
        tables.connections.insert(connection.id, Arc::clone(connection));
        metrics::gauge!("gateway_connections").set(tables.connections.len() as f64);
        Ok(())
    }

    /// Removes a connection, which is named by its id: another one of the same user stays.
    pub(crate) fn remove(&self, connection: &Connection) {
        let mut tables = self.tables.write();
        tables.connections.remove(&connection.id);
        if let Some(own) = tables.users.get_mut(&connection.user()) {
            own.retain(|other| other.id != connection.id);
            if own.is_empty() {
                tables.users.remove(&connection.user());
            }
        }
        metrics::gauge!("gateway_connections").set(tables.connections.len() as f64);
    }

    /// Looks at the tables. `read` must be quick: whoever connects waits for it.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Tables) -> T) -> T {
        read(&self.tables.read())
    }

    /// Whether the user has a connection here.
    pub(crate) fn is_online(&self, user: UserId) -> bool {
        self.tables.read().users.contains_key(&user)
    }

    /// From now on no connection is added, and those that are there read nothing more once they are woken.
    pub(crate) fn drain(&self) {
        // under the lock: a connection that is being added either sees it or is seen by who drains
        let _tables = self.tables.write();
        self.draining.store(true, Ordering::Release);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }
}

impl Tables {
    /// The user's connections.
    pub(crate) fn of(&self, user: UserId) -> &[Arc<Connection>] {
        self.users.get(&user).map_or(&[], Vec::as_slice)
    }

    /// One connection.
    pub(crate) fn get(&self, id: u64) -> Option<&Arc<Connection>> {
        self.connections.get(&id)
    }

    /// All connections, in no order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Connection>> {
        self.connections.values()
    }

    /// All users, in no order.
    pub(crate) fn users(&self) -> impl Iterator<Item = UserId> {
        self.users.keys().copied()
    }
}
