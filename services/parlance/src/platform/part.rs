//! A part of a process that runs until it is told to stop.

use anyhow::bail;
use std::{fmt::Display, time::Duration};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A running part.
pub(crate) struct Part {
    name: &'static str,
    stop: CancellationToken,
    task: JoinHandle<Result<(), String>>,
}

impl Part {
    /// Runs `work`, which ends when the token that it is given is cancelled.
    pub(crate) fn run<F, E>(name: &'static str, work: impl FnOnce(CancellationToken) -> F) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        let stop = CancellationToken::new();
        let work = work(stop.clone());
        let task = tokio::spawn(async move { work.await.map_err(|error| format!("{error:#}")) });
        Self { name, stop, task }
    }

    /// Waits until it has ended by itself, and says so.
    pub(crate) async fn ended(&self) -> String {
        // polling a finished task again would panic: that it is finished is enough
        while !self.task.is_finished() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        format!("{} ended by itself", self.name)
    }

    /// Ends it and waits for it.
    ///
    /// # Errors
    /// It failed while it ran or ended.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        let name = self.name;
        self.stop.cancel();
        match self.task.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => bail!("{name} failed: {error}"),
            Err(panic) => bail!("{name} panicked: {panic}"),
        }
    }
}
