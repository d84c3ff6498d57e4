//! The only one who writes. What arrives while a transaction commits goes into the next one: no timer, a batch of one when idle.

use super::{
    super::{NewMessage, Result, StoreError, StoreOutcome},
    append::{Append, Appender},
    checkpoint::Checkpointer,
    seen::Seen,
};
use futures::future::BoxFuture;
use im_infra::clock::SharedClock;
use parking_lot::RwLock;
use sqlx::{Connection, SqliteConnection};
use std::sync::Arc;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

/// More writes than this do not share a transaction: the first of them would wait too long.
const MAX_COMMANDS: usize = 64;

/// What is asked of the writer.
enum Command {
    Append(Append, oneshot::Sender<Result<Vec<StoreOutcome>>>),
    Write(Write),
}

/// A write that has not run yet.
type Write = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Written> + Send>;

/// A write that has run and waits for the commit.
struct Written {
    keep: bool,
    /// Tells its caller how it ended; with the error if the commit failed.
    answer: Box<dyn FnOnce(Result<()>) + Send>,
}

/// Hands writes to the writer's task.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    // None once closed; the task ends when it has done what was sent before.
    queue: Arc<RwLock<Option<mpsc::Sender<Command>>>>,
}

impl Writer {
    pub(super) fn start(
        db: SqliteConnection,
        clock: SharedClock,
        checkpointer: Checkpointer,
        seen: Arc<Seen>,
        queue: usize,
    ) -> (Self, JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(queue.max(1));
        let task = Task {
            db,
            clock,
            checkpointer,
            appender: Appender::new(seen),
        };
        (
            Self {
                queue: Arc::new(RwLock::new(Some(sender))),
            },
            tokio::spawn(task.run(receiver)),
        )
    }

    pub(super) async fn append(&self, messages: Vec<NewMessage>, now_ms: u64) -> Result<Vec<StoreOutcome>> {
        let (answer, answered) = oneshot::channel();
        self.send(Command::Append(Append { messages, now_ms }, answer)).await?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    pub(super) async fn write<T, W>(&self, write: W) -> Result<T>
    where
        T: Send + 'static,
        W: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let write: Write = Box::new(move |db| {
            Box::pin(async move {
                let outcome = write(db).await;
                let keep = outcome.is_ok();
                let answer = Box::new(move |committed: Result<()>| {
                    // a caller who has gone away does not want to know
                    let _ = answer.send(committed.and(outcome));
                });
                Written { keep, answer }
            })
        });
        self.send(Command::Write(write)).await?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    pub(super) fn close(&self) {
        self.queue.write().take();
    }

    async fn send(&self, command: Command) -> Result<()> {
        let queue = self.queue.read().clone().ok_or(StoreError::Closed)?;
        queue.send(command).await.map_err(|_| StoreError::Closed)
    }
}

struct Task {
    db: SqliteConnection,
    clock: SharedClock,
    checkpointer: Checkpointer,
    appender: Appender,
}

type Appends = Vec<(Append, oneshot::Sender<Result<Vec<StoreOutcome>>>)>;

impl Task {
    async fn run(mut self, mut queue: mpsc::Receiver<Command>) {
        let mut commands = Vec::with_capacity(MAX_COMMANDS);
        while queue.recv_many(&mut commands, MAX_COMMANDS).await > 0 {
            let mut appends = Vec::new();
            let mut writes = Vec::new();
            for command in commands.drain(..) {
                match command {
                    Command::Append(append, answer) => appends.push((append, answer)),
                    Command::Write(write) => writes.push(write),
                }
            }
            self.commit(appends, writes).await;
            self.checkpointer.after_commit(&mut self.db).await;
        }
        self.checkpointer.finish(&mut self.db).await;
        if let Err(error) = self.db.close().await {
            tracing::error!(error = &error as &dyn std::error::Error, "the database did not close");
        }
    }

    /// One transaction for all, or, if a message breaks a constraint, one for each append, so that only the faulty one fails.
    async fn commit(&mut self, appends: Appends, mut writes: Vec<Write>) {
        let started = self.clock.monotonic();
        let (requests, answers): (Vec<_>, Vec<_>) = appends.into_iter().unzip();
        let outcomes = match self.transaction(&requests, &mut writes).await {
            Err(StoreError::Constraint(_)) if requests.len() > 1 || !writes.is_empty() => {
                let mut outcomes = Vec::with_capacity(requests.len());
                for request in &requests {
                    let alone = self.transaction(std::slice::from_ref(request), &mut Vec::new()).await;
                    outcomes.push(alone.map(|mut one| one.pop().unwrap_or_default()));
                }
                if let Err(error) = self.transaction(&[], &mut writes).await {
                    tracing::error!(error = &error as &dyn std::error::Error, "a transaction failed");
                }
                outcomes
            }
            Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a transaction failed");
                requests.iter().map(|_| Err(error.clone())).collect()
            }
        };
        metrics::histogram!("repo_store_seconds").record((self.clock.monotonic() - started).as_secs_f64());
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            let _ = answer.send(outcome);
        }
    }

    /// Appends first: if they fail, `writes` have not run yet. Writes are answered here, appends by the caller.
    async fn transaction(&mut self, appends: &[Append], writes: &mut Vec<Write>) -> Result<Vec<Vec<StoreOutcome>>> {
        let alone = writes.is_empty();
        if !alone {
            execute(&mut self.db, "BEGIN IMMEDIATE").await?;
        }
        let outcomes = match self.appender.append(&mut self.db, appends, !alone).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                self.roll_back().await;
                return Err(error);
            }
        };
        if alone {
            return Ok(outcomes);
        }
        let mut written = Vec::with_capacity(writes.len());
        let done = match self.run_writes(appends.is_empty(), writes, &mut written).await {
            Ok(true) => execute(&mut self.db, "COMMIT").await,
            Ok(false) => {
                self.roll_back().await;
                Ok(())
            }
            Err(error) => Err(error),
        };
        if done.is_err() {
            self.roll_back().await;
        }
        for write in written {
            (write.answer)(done.clone());
        }
        done.map(|()| outcomes)
    }

    /// Whether there is anything to commit.
    async fn run_writes(&mut self, only: bool, writes: &mut Vec<Write>, written: &mut Vec<Written>) -> Result<bool> {
        if only && writes.len() == 1 {
            // the transaction itself undoes a lone write
            for write in writes.drain(..) {
                written.push(write(&mut self.db).await);
            }
            return Ok(written.iter().all(|write| write.keep));
        }
        for write in writes.drain(..) {
            execute(&mut self.db, "SAVEPOINT one_write").await?;
            let write = write(&mut self.db).await;
            let end = if write.keep {
                "RELEASE one_write"
            } else {
                "ROLLBACK TO one_write; RELEASE one_write"
            };
            written.push(write);
            execute(&mut self.db, end).await?;
        }
        Ok(true)
    }

    async fn roll_back(&mut self) {
        // what it has learnt may be of rows that are gone now
        self.appender.forget();
        if let Err(error) = execute(&mut self.db, "ROLLBACK").await {
            // SQLite itself rolls back on some errors; then there is nothing left to do
            tracing::debug!(error = &error as &dyn std::error::Error, "nothing to roll back");
        }
    }
}

pub(super) async fn execute(db: &mut SqliteConnection, sql: &'static str) -> Result<()> {
    sqlx::query(sql).execute(db).await?;
    Ok(())
}
