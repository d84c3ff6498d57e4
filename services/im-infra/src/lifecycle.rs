//! The life of a process: tasks that are known by name, and an end in order.
//!
//! A shutdown begins with [`Lifecycle::shutdown`], with a signal, or with a task that panics. It then goes through the
//! [`Stage`]s, each of which is over when everything that belongs to it has ended. When the grace is used up before the last
//! stage is over, what still runs is dropped where it waits.
//!
//! ```
//! # use im_infra::lifecycle::{Lifecycle, Outcome, Stage};
//! # use std::time::Duration;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let lifecycle = Lifecycle::new();
//! let draining = lifecycle.stage(Stage::Drain);
//! lifecycle.spawn_in(Stage::Drain, "listener", async move {
//!     draining.cancelled().await; // serve until then, and then let the connections go
//! });
//! lifecycle.shutdown("the example is over");
//! assert_eq!(lifecycle.run_until_done(Duration::from_secs(10)).await, Outcome::Clean);
//! # }
//! ```

mod signals;

use futures::FutureExt;
use parking_lot::Mutex;
use std::{
    any::Any,
    collections::BTreeMap,
    future::Future,
    panic::AssertUnwindSafe,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

/// The steps of a shutdown, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Others learn that this process is going: registrations end, readiness turns false.
    Unregister,
    /// Nothing new is taken in: listeners close, connections are told to come back elsewhere.
    Drain,
    /// What was taken in is worked off.
    Finish,
    /// What was worked off is made durable: offsets are committed.
    Commit,
    /// Engines are closed.
    Close,
}

impl Stage {
    /// All, in order.
    pub const ALL: [Self; 5] = [Self::Unregister, Self::Drain, Self::Finish, Self::Commit, Self::Close];

    fn name(self) -> &'static str {
        match self {
            Self::Unregister => "unregister",
            Self::Drain => "drain",
            Self::Finish => "finish",
            Self::Commit => "commit",
            Self::Close => "close",
        }
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// Every stage was over in time.
    Clean,
    /// In time, but a task had panicked or [`Lifecycle::fail`] was called.
    Failed,
    /// Something did not end in time and was dropped.
    Overdue,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Clean => Self::SUCCESS,
            Outcome::Failed | Outcome::Overdue => Self::FAILURE,
        }
    }
}

/// A handle on the process's life; clones are the same.
#[derive(Clone)]
pub struct Lifecycle {
    shared: Arc<Shared>,
}

struct Shared {
    soft: CancellationToken,
    hard: CancellationToken,
    stages: [StageState; Stage::ALL.len()],
    running: Mutex<BTreeMap<(Stage, &'static str), usize>>,
    failed: AtomicBool,
}

#[derive(Default)]
struct StageState {
    begun: CancellationToken,
    tasks: TaskTracker,
}

impl Lifecycle {
    /// A life that begins.
    #[must_use]
    pub fn new() -> Self {
        let shared = Shared {
            soft: CancellationToken::new(),
            hard: CancellationToken::new(),
            stages: Default::default(),
            running: Mutex::default(),
            failed: AtomicBool::new(false),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Cancelled when a shutdown begins, before its first stage.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.shared.soft.clone()
    }

    /// Cancelled when the grace is used up: whoever still waits for something gives up.
    #[must_use]
    pub fn out_of_time(&self) -> CancellationToken {
        self.shared.hard.clone()
    }

    /// Cancelled when the stage begins, which is when all stages before it are over.
    #[must_use]
    pub fn stage(&self, stage: Stage) -> CancellationToken {
        self.state(stage).begun.clone()
    }

    /// Begins a shutdown. The first reason is logged, later calls change nothing.
    pub fn shutdown(&self, reason: &str) {
        if !self.shared.soft.is_cancelled() {
            tracing::info!(reason, "shutdown begins");
            self.shared.soft.cancel();
        }
    }

    /// Begins a shutdown that makes the process end as failed.
    pub fn fail(&self, reason: &str) {
        self.shared.failed.store(true, Ordering::SeqCst);
        self.shutdown(reason);
    }

    /// Runs a task that is waited for in the last stage; see [`Self::spawn_in`].
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.spawn_in(Stage::Close, name, task)
    }

    /// Runs a task that the stage waits for: the task must end once the stage has begun. If it panics, the process is shut down
    /// as failed. When the grace is used up the task is dropped at the next point where it waits.
    pub fn spawn_in(
        &self,
        stage: Stage,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<()> {
        let (lifecycle, hold) = (self.clone(), self.hold(stage, name));
        tokio::spawn(async move {
            let _hold = hold;
            tokio::select! {
                biased; // a task that is done when time runs out has done its work
                ended = AssertUnwindSafe(task).catch_unwind() => {
                    if let Err(panic) = ended {
                        tracing::error!(task = name, panic = said(&*panic), "task panicked");
                        lifecycle.fail("a task panicked");
                    }
                }
                () = lifecycle.shared.hard.cancelled() => {}
            }
        })
    }

    /// Keeps the stage from being over until it is dropped: for work that is no task of its own.
    #[must_use]
    pub fn hold(&self, stage: Stage, name: &'static str) -> Hold {
        *self.shared.running.lock().entry((stage, name)).or_default() += 1;
        Hold {
            shared: Arc::clone(&self.shared),
            stage,
            name,
            _tracked: self.state(stage).tasks.token(),
        }
    }

    /// What runs, and how often, e.g. `("connection", 10_000)`; in the order of the stages.
    #[must_use]
    pub fn running(&self) -> Vec<(&'static str, usize)> {
        self.shared
            .running
            .lock()
            .iter()
            .map(|((_, name), count)| (*name, *count))
            .collect()
    }

    /// Waits for a shutdown and goes through its stages, which together get `grace`.
    pub async fn run_until_done(&self, grace: Duration) -> Outcome {
        self.shared.soft.cancelled().await;
        let started = Instant::now();
        let in_time = tokio::select! {
            biased; // work that is done when time runs out is done
            () = self.pass_stages() => true,
            () = tokio::time::sleep(grace) => false,
            () = self.shared.hard.cancelled() => false,
        };
        self.shared.hard.cancel();
        let duration_ms = started.elapsed().as_millis() as u64;
        if !in_time {
            tracing::error!(running = ?self.running(), duration_ms, "shutdown ran out of time");
            // Whoever waits for a stage that never came is let go too.
            self.shared.stages.iter().for_each(|stage| stage.begun.cancel());
            return Outcome::Overdue;
        }
        tracing::info!(duration_ms, "shutdown is done");
        if self.shared.failed.load(Ordering::SeqCst) {
            Outcome::Failed
        } else {
            Outcome::Clean
        }
    }

    async fn pass_stages(&self) {
        for stage in Stage::ALL {
            tracing::debug!(stage = stage.name(), "shutdown stage begins");
            let state = self.state(stage);
            state.begun.cancel();
            state.tasks.close();
            state.tasks.wait().await;
        }
    }

    fn state(&self, stage: Stage) -> &StageState {
        &self.shared.stages[stage as usize]
    }
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self::new()
    }
}

/// Keeps a stage from being over; see [`Lifecycle::hold`].
pub struct Hold {
    shared: Arc<Shared>,
    stage: Stage,
    name: &'static str,
    _tracked: TaskTrackerToken,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut running = self.shared.running.lock();
        if let Some(count) = running.get_mut(&(self.stage, self.name)) {
            *count -= 1;
            if *count == 0 {
                running.remove(&(self.stage, self.name));
            }
        }
    }
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("something that is no text")
}

#[cfg(test)]
mod tests;
