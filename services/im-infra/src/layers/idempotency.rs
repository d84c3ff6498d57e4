//! The same call twice, under the same idempotency key, is one call with one answer.
//!
//! For methods of [`Effect::Keyed`] whose caller sent a key. Successes and failures that would not be different the next time are
//! remembered; a failure that is retryable is forgotten, so that the next attempt is a new one. A repetition that comes while the first call
//! is still at work waits for that one's answer as long as its own deadline allows, in whichever process the first one runs.

use super::memory::{Claim, Entry, Memory};
use futures::{FutureExt as _, future::BoxFuture};
use im_schema::{
    failure::Failure,
    parlance::Reason,
    rpc::{Call, Decode, Effect, Encode},
};
use std::{
    panic::{AssertUnwindSafe, resume_unwind},
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::Instant;
use tower::{Layer, Service};
use tracing::Instrument as _;

/// Whoever has waited in vain for a call that is still at work comes back after so long.
const COME_BACK: Duration = Duration::from_millis(200);
/// So much of the time before the deadline is left for saying that.
const LAST_WORD: Duration = Duration::from_millis(200);
/// How long a repetition without a deadline waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// Remembers answers.
#[derive(Clone)]
pub struct IdempotencyLayer(Memory);

impl IdempotencyLayer {
    /// Answers are remembered in `memory`.
    #[must_use]
    pub fn new(memory: Memory) -> Self {
        Self(memory)
    }
}

/// See [`IdempotencyLayer`].
#[derive(Clone)]
pub struct Idempotency<S> {
    inner: S,
    memory: Memory,
}

impl<S> Layer<S> for IdempotencyLayer {
    type Service = Idempotency<S>;

    fn layer(&self, inner: S) -> Idempotency<S> {
        Idempotency {
            inner,
            memory: self.0.clone(),
        }
    }
}

impl<S, R, A> Service<Call<R>> for Idempotency<S>
where
    S: Service<Call<R>, Response = A, Error = Failure> + Clone + Send + 'static,
    S::Future: Send + 'static,
    R: Encode + Send + 'static,
    A: Encode + Decode + Send + 'static,
{
    type Response = A;
    type Error = Failure;
    type Future = BoxFuture<'static, Result<A, Failure>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, call: Call<R>) -> Self::Future {
        let key = match (&call.context.idempotency_key, call.method.effect) {
            (Some(key), Effect::Keyed) => key.clone(),
            _ => return Box::pin(self.inner.call(call)),
        };
        // the service that is ready answers; its clone waits for the next call
        let next = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, next);
        let memory = self.memory.clone();
        Box::pin(async move {
            let entry = memory.entry(&call, &key);
            match memory.claim(&entry, patience(call.context.deadline)).await {
                Claim::New => once(ready.call(call), memory, entry).await,
                Claim::Answered(answer) => answer,
                Claim::AtWork => Err(Failure::new(Reason::IdempotencyKeyInUse, "").retry_after(COME_BACK)),
                Claim::OfAnother => Err(Failure::new(Reason::IdempotencyKeyReused, "")),
                Claim::NoMemory => ready.call(call).await,
            }
        })
    }
}

/// Until when a repetition waits for the call that came first.
fn patience(deadline: Option<std::time::Instant>) -> Instant {
    let deadline = deadline.map_or_else(|| Instant::now() + PATIENCE, Instant::from_std);
    deadline.checked_sub(LAST_WORD).unwrap_or(deadline)
}

/// Makes the call on a task of its own: it comes to its end, and its answer is remembered, even if the caller does not wait for it.
async fn once<A>(
    work: impl Future<Output = Result<A, Failure>> + Send + 'static,
    memory: Memory,
    entry: Entry,
) -> Result<A, Failure>
where
    A: Encode + Send + 'static,
{
    let work = async move {
        let outcome = AssertUnwindSafe(work).catch_unwind().await;
        let worth_keeping = match &outcome {
            Ok(Ok(_)) => true,
            Ok(Err(failure)) => !failure.spec().retryable,
            Err(_panic) => false,
        };
        match outcome
            .as_ref()
            .ok()
            .filter(|_| worth_keeping)
            .map(|outcome| entry.write(outcome))
        {
            Some(bytes) => memory.keep(&entry, bytes).await,
            None => memory.forget(&entry).await,
        }
        outcome
    };
    match tokio::spawn(work.in_current_span()).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(panic)) => resume_unwind(panic),
        // only the end of the whole runtime ends the task
        Err(ended) => Err(Failure::new(Reason::Unavailable, "").because(ended)),
    }
}

#[cfg(test)]
mod tests;
