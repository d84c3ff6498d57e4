//! Transactions on the primary. Those that met another one are begun anew, so that callers never see that there are others.

use super::{
    super::{Result, StoreError},
    error::again,
    server::{Server, Work},
};
use rand::Rng;
use sqlx::Connection;
use std::time::Duration;

/// The first pause is at most so long, each further one twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(4);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// A transaction that failed.
struct Failed {
    error: StoreError,
    /// It was to be committed, so it may have happened.
    committing: bool,
}

impl Server {
    /// Runs `work` in a transaction that is on disk when this returns.
    ///
    /// # Errors
    /// What `work` says, or [`StoreError::Unavailable`]. If the connection broke while it was committed it may have happened.
    pub(super) async fn write<I: Sync, T: Send>(&self, input: &I, work: Work<I, T>) -> Result<T> {
        let started = self.clock.monotonic();
        let mut longest = FIRST_PAUSE;
        loop {
            let Failed { error, committing } = match self.transaction(input, work).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let Some(reason) = again(&error).filter(|_| !committing) else {
                return Err(error);
            };
            if self.clock.monotonic() - started > self.retry_for {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a transaction met others for too long"
                );
                return Err(error);
            }
            metrics::counter!("repo_transactions_again_total").increment(1);
            tracing::debug!(
                ?reason,
                error = &error as &dyn std::error::Error,
                "a transaction begins anew"
            );
            // those that met each other must not meet again
            let pause = longest.mul_f64(rand::rng().random());
            tokio::time::sleep(pause).await;
            longest = (longest * 2).min(LONGEST_PAUSE);
        }
    }

    async fn transaction<I: Sync, T: Send>(&self, input: &I, work: Work<I, T>) -> Result<T, Failed> {
        let mut committing = false;
        let outcome = async {
            let mut db = self.acquire().await?;
            let outcome = self
                .in_time(async {
                    let mut transaction = db.begin().await?;
                    match work(&mut transaction, input).await {
                        Ok(answer) => {
                            committing = true;
                            transaction.commit().await?;
                            Ok(answer)
                        }
                        Err(error) => {
                            // locks go now and not when somebody uses the connection again
                            if let Err(error) = transaction.rollback().await {
                                tracing::debug!(error = &error as &dyn std::error::Error, "nothing to roll back");
                            }
                            Err(error)
                        }
                    }
                })
                .await;
            if matches!(outcome, Err(StoreError::Unavailable(_))) {
                db.close_on_drop();
            }
            outcome
        };
        let outcome = outcome.await;
        outcome.map_err(|error| Failed { error, committing })
    }
}
