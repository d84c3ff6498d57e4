//! Copies the write-ahead log into the database, beside the writer instead of in one of its commits.
//!
//! A copy that runs while the writer goes on never reaches the end of the log, and only a log that has been copied whole is begun
//! anew. So the bulk is copied on a connection of its own, and what has been added meanwhile by the writer itself.

use super::super::Result;
use im_infra::clock::SharedClock;
use sqlx::{Connection, Row, SqliteConnection};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

const PAGE_BYTES: u64 = 4096;
/// The log's size is looked at after so many commits.
const COMMITS_BETWEEN_LOOKS: u32 = 16;

/// A log that has grown to so many times the size at which it is to be copied is copied at any price.
const PATIENCE: u64 = 8;

/// The writer's side.
pub(super) struct Checkpointer {
    requests: mpsc::Sender<oneshot::Sender<()>>,
    copying: JoinHandle<()>,
    running: Option<oneshot::Receiver<()>>,
    pages: u64,
    commits: u32,
}

impl Checkpointer {
    /// Takes a connection for the copying.
    pub(super) fn start(db: SqliteConnection, clock: SharedClock, after_mib: u32) -> Self {
        let (requests, receiver) = mpsc::channel(1);
        Self {
            requests,
            copying: tokio::spawn(copy(db, clock, receiver)),
            running: None,
            pages: (u64::from(after_mib.max(1)) << 20) / PAGE_BYTES,
            commits: 0,
        }
    }

    /// Between two transactions.
    pub(super) async fn after_commit(&mut self, db: &mut SqliteConnection) {
        if let Some(running) = &mut self.running {
            if matches!(running.try_recv(), Err(oneshot::error::TryRecvError::Empty)) {
                return;
            }
            self.running = None;
            report(self.complete(db).await);
        }
        self.commits += 1;
        if self.commits < COMMITS_BETWEEN_LOOKS {
            return;
        }
        self.commits = 0;
        match look(db).await {
            Ok(log) if log.pages - log.copied >= self.pages => {
                metrics::gauge!("repo_wal_bytes").set((log.pages * PAGE_BYTES) as f64);
                let (done, running) = oneshot::channel();
                if self.requests.try_send(done).is_ok() {
                    self.running = Some(running);
                }
            }
            Ok(_) => {}
            Err(error) => report(Err(error)),
        }
    }

    /// Copies what was added while the bulk was copied, so that the next commit begins the log anew. If readers have kept that from
    /// happening for long, waits for them.
    async fn complete(&self, db: &mut SqliteConnection) -> Result<()> {
        let log = look(db).await?;
        let sql = if log.pages > self.pages * PATIENCE {
            "PRAGMA wal_checkpoint(RESTART)"
        } else {
            "PRAGMA wal_checkpoint(PASSIVE)"
        };
        checkpoint(db, sql).await
    }

    /// Copies all that is left and empties the log. After the last transaction. The connection for the copying is closed before, so
    /// that `db` is the last one: of two that close at once each takes the other for a user, and neither removes the log.
    pub(super) async fn finish(self, db: &mut SqliteConnection) {
        drop(self.requests);
        if let Err(error) = self.copying.await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the task for checkpoints died"
            );
        }
        report(checkpoint(db, "PRAGMA wal_checkpoint(TRUNCATE)").await);
    }
}

async fn copy(mut db: SqliteConnection, clock: SharedClock, mut requests: mpsc::Receiver<oneshot::Sender<()>>) {
    while let Some(done) = requests.recv().await {
        let started = clock.monotonic();
        report(checkpoint(&mut db, "PRAGMA wal_checkpoint(PASSIVE)").await);
        metrics::histogram!("repo_checkpoint_seconds").record((clock.monotonic() - started).as_secs_f64());
        let _ = done.send(());
    }
    if let Err(error) = db.close().await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the connection for checkpoints did not close"
        );
    }
}

/// How far the log has come.
struct Log {
    pages: u64,
    copied: u64,
}

async fn look(db: &mut SqliteConnection) -> Result<Log> {
    let row = sqlx::query("PRAGMA wal_checkpoint(NOOP)").fetch_one(db).await?;
    let number = |column: usize| row.try_get::<i64, _>(column).map(|value| value.max(0) as u64);
    let (pages, copied) = (number(1)?, number(2)?);
    Ok(Log {
        pages,
        copied: copied.min(pages),
    })
}

async fn checkpoint(db: &mut SqliteConnection, sql: &'static str) -> Result<()> {
    sqlx::query(sql).execute(db).await?;
    Ok(())
}

fn report(outcome: Result<()>) {
    if let Err(error) = outcome {
        // the log grows until the next attempt; nothing is lost
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the write-ahead log was not copied"
        );
    }
}
