//! Whether a server can be reached. While it is known that it cannot, calls fail at once: one of them at a time looks whether it is back.

use super::super::StoreError;
use sqlx::{ConnectOptions, Connection, mysql::MySqlConnectOptions};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, watch},
    time::timeout,
};

/// What is known of a server's being there.
#[derive(Clone)]
pub(super) struct Reach {
    name: Arc<str>,
    /// How long connecting may take.
    patience: Duration,
    away: watch::Sender<bool>,
    asking: Arc<Mutex<()>>,
}

impl Reach {
    /// A server that is taken to be there until it is missed.
    pub(super) fn of(name: Arc<str>, patience: Duration) -> Self {
        Self {
            name,
            patience,
            away: watch::Sender::new(false),
            asking: Arc::default(),
        }
    }

    /// Fails at once while the server is away, unless it turns out to be back.
    ///
    /// # Errors
    /// It is away.
    pub(super) async fn known(&self, connect: &MySqlConnectOptions) -> Result<(), StoreError> {
        if !*self.away.borrow() {
            return Ok(());
        }
        let Ok(_only) = self.asking.try_lock() else {
            return Err(away());
        };
        self.ask(connect).await.map_err(|_| away())?;
        self.away.send_replace(false);
        tracing::debug!(server = &*self.name, "reached again");
        Ok(())
    }

    /// For who has waited for a connection for long: returns if that is because the server is away, and not if all connections are in use.
    pub(super) async fn missed(&self, connect: &MySqlConnectOptions) -> StoreError {
        let mut told = self.away.subscribe();
        if let Ok(_only) = self.asking.try_lock()
            && let Err(error) = self.ask(connect).await
            && cut_off(&error)
        {
            tracing::debug!(
                server = &*self.name,
                error = &error as &dyn std::error::Error,
                "cannot be reached"
            );
            self.away.send_replace(true);
        }
        // no error: the sender is this
        let _ = told.wait_for(|away| *away).await;
        away()
    }

    /// Makes a connection of its own.
    async fn ask(&self, connect: &MySqlConnectOptions) -> Result<(), sqlx::Error> {
        let connected = timeout(self.patience, connect.connect()).await;
        let db = connected.map_err(|_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))??;
        // it has served its purpose, however it ends
        let _ = db.close().await;
        Ok(())
    }
}

/// Whether nobody answered, in contrast to a server that answers with an error.
fn cut_off(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::Tls(_))
}

/// No `Io`, after which transactions are begun anew.
fn away() -> StoreError {
    StoreError::Unavailable(Arc::new(sqlx::Error::AnyDriverError(
        "the server cannot be reached".into(),
    )))
}
