use super::super::{
    super::{Result, StoreError},
    position::{Flavour, Position, Positions},
    server::{Server, Work},
};
use crate::MysqlOptions;
use parking_lot::Mutex;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

/// What is known of a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum State {
    /// It has not answered yet.
    New,
    /// It answers, and has what the primary has within the time that reads wait.
    InUse,
    /// It does not.
    Aside,
    /// The store is closed.
    Closed,
}

/// A replica.
#[derive(Debug)]
pub(in super::super) struct Replica {
    server: Server,
    flavour: Flavour,
    patience: Duration,
    probe: Duration,
    state: watch::Sender<State>,
    /// A position that it has.
    reached: Mutex<Position>,
    /// How many reads it has answered.
    answered: AtomicU64,
}

impl Replica {
    pub(super) fn new(server: Server, flavour: Flavour, options: &MysqlOptions) -> Self {
        Self {
            server,
            flavour,
            patience: options.replica_wait,
            probe: options.replica_probe,
            state: watch::Sender::new(State::New),
            reached: Mutex::new("".into()),
            answered: AtomicU64::new(0),
        }
    }

    pub(super) fn in_use(&self) -> bool {
        *self.state.borrow() == State::InUse
    }

    /// The answer of the replica if it has `position`. If not, or if anything else goes wrong, it is put aside: the primary, which
    /// is asked next, says better what is wrong.
    pub(super) async fn read<I: Sync, T: Send>(&self, position: &Position, input: &I, work: Work<I, T>) -> Option<T> {
        let outcome = async {
            let mut db = self.server.acquire().await?;
            let outcome = self
                .server
                .in_time(async {
                    if *self.reached.lock() != *position {
                        if !self.flavour.reached(&mut db, position, self.patience).await? {
                            return Ok(None);
                        }
                        *self.reached.lock() = Arc::clone(position);
                    }
                    work(&mut db, input).await.map(Some)
                })
                .await;
            if outcome.is_err() {
                db.close_on_drop();
            }
            outcome
        };
        match outcome.await {
            Ok(Some(answer)) => {
                self.answered.fetch_add(1, Ordering::Relaxed);
                metrics::counter!("repo_replica_reads_total").increment(1);
                Some(answer)
            }
            Ok(None) => {
                self.put_aside(None);
                None
            }
            Err(error) => {
                self.put_aside(Some(&error));
                None
            }
        }
    }

    /// Finds out whether a replica that is new or aside can be used, until the store is closed.
    pub(super) async fn look_after(self: Arc<Self>, positions: Positions) {
        let mut state = self.state.subscribe();
        loop {
            let waits = |state: &State| *state != State::InUse;
            match state.wait_for(waits).await.as_deref() {
                Ok(State::Closed) | Err(_) => return,
                Ok(_) => {}
            }
            match self.caught_up(&positions).await {
                Ok(true) => {
                    self.change(State::InUse);
                    continue;
                }
                Ok(false) => self.put_aside(None),
                Err(error) => self.put_aside(Some(&error)),
            }
            tokio::time::sleep(self.probe).await;
        }
    }

    async fn caught_up(&self, positions: &Positions) -> Result<bool> {
        let position = positions.now().await?;
        let mut db = self.server.acquire().await?;
        let reached = self
            .server
            .in_time(self.flavour.reached(&mut db, &position, self.patience))
            .await;
        if reached.is_err() {
            db.close_on_drop();
        }
        reached
    }

    fn put_aside(&self, error: Option<&StoreError>) {
        if !self.change(State::Aside) {
            return;
        }
        let replica = &*self.server.name;
        match error {
            None => tracing::warn!(
                replica,
                "the replica is late: reads go to the primary until it has caught up"
            ),
            Some(error) => tracing::warn!(
                replica,
                error = error as &dyn std::error::Error,
                "the replica cannot be used: reads go to the primary"
            ),
        }
    }

    /// Whether this is news.
    fn change(&self, to: State) -> bool {
        let news = self.state.send_if_modified(|state| {
            let news = *state != to && *state != State::Closed;
            if news {
                *state = to;
            }
            news
        });
        if news && to == State::InUse {
            tracing::info!(replica = &*self.server.name, "the replica is in use");
        }
        news
    }

    pub(super) async fn close(&self) {
        self.change(State::Closed);
        self.server.close().await;
    }

    #[cfg(test)]
    pub(in super::super) fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Returns when the replica is `wanted`.
    #[cfg(test)]
    pub(in super::super) async fn becomes(&self, wanted: State) {
        let mut state = self.state.subscribe();
        let becomes = tokio::time::timeout(Duration::from_secs(60), state.wait_for(|state| *state == wanted));
        becomes.await.expect("in time").unwrap();
    }
}
