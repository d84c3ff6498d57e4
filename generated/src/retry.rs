//! Patience on the client's side: what is safe to repeat is repeated, as often and as long as the option `(parlance.call)` says.
//!
//! Only failures whose reason the catalogue calls retryable are tried again, after a pause that doubles and is never the same for two clients,
//! or that the server asked for. A budget keeps the repetitions of a client below a tenth of its calls: where everything fails, trying again
//! only adds to the load. Calls of [`Effect::Keyed`] that may be tried again get an idempotency key, the same for each attempt, unless they have
//! one.

use crate::{
    failure::Failure,
    parlance::Reason,
    rpc::{Call, Effect},
};
use futures::future::BoxFuture;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, sleep, timeout_at};
use tower::{Service, ServiceExt as _};

/// The pause after the first attempt; it doubles with each one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause, unless the server asks for a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Whoever is asked to wait longer learns that at once, and decides.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Tries again. Clones share one budget.
#[derive(Debug, Clone)]
pub struct Retry<S> {
    inner: S,
    budget: Arc<Budget>,
}

impl<S> Retry<S> {
    /// Tries again what `inner` fails to do.
    #[must_use]
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            budget: Arc::new(Budget::full()),
        }
    }
}

impl<S, R, A> Service<Call<R>> for Retry<S>
where
    S: Service<Call<R>, Response = A, Error = Failure> + Clone + Send + 'static,
    S::Future: Send + 'static,
    R: Clone + Send + 'static,
    A: Send + 'static,
{
    type Response = A;
    type Error = Failure;
    type Future = BoxFuture<'static, Result<A, Failure>>;

    /// Always ready: each attempt waits for the inner service by itself.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call<R>) -> Self::Future {
        Box::pin(patiently(self.inner.clone(), Arc::clone(&self.budget), call))
    }
}

async fn patiently<S, R, A>(service: S, budget: Arc<Budget>, mut call: Call<R>) -> Result<A, Failure>
where
    S: Service<Call<R>, Response = A, Error = Failure> + Clone,
    R: Clone,
{
    let method = call.method;
    let until = call.context.deadline.map(Instant::from_std);
    if method.effect == Effect::Keyed && method.attempts > 1 && call.context.idempotency_key.is_none() {
        call.context.idempotency_key = Some(format!("{:032x}", rand::random::<u128>()).into());
    }
    for done in 1..method.attempts {
        let failure = match attempt(service.clone(), call.clone(), until).await {
            Ok(answer) => {
                budget.earn();
                return Ok(answer);
            }
            Err(failure) => failure,
        };
        if !failure.spec().retryable {
            return Err(failure);
        }
        let pause = pause(done).max(failure.wait().unwrap_or_default());
        let late = until.is_some_and(|until| Instant::now() + pause >= until);
        if late || failure.wait().is_some_and(|wait| wait > LONGEST_WAIT) || !budget.spend() {
            return Err(failure);
        }
        sleep(pause).await;
    }
    // the last attempt, often the only one, needs no copy of the request
    let answer = attempt(service, call, until).await;
    if answer.is_ok() {
        budget.earn();
    }
    answer
}

/// One attempt, which takes no longer than the method's timeout and than the caller waits.
async fn attempt<S, R, A>(service: S, mut call: Call<R>, until: Option<Instant>) -> Result<A, Failure>
where
    S: Service<Call<R>, Response = A, Error = Failure>,
{
    let timeout = Instant::now() + call.method.timeout;
    let deadline = until.map_or(timeout, |until| until.min(timeout));
    call.context.deadline = Some(deadline.into_std());
    timeout_at(deadline, service.oneshot(call))
        .await
        .unwrap_or_else(|_| Err(Failure::new(Reason::DeadlineExceeded, "")))
}

/// The pause after so many attempts: between half and all of what has doubled each time.
fn pause(attempts: u32) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << (attempts - 1).min(16));
    doubled.min(LONGEST_PAUSE).mul_f64(rand::random_range(0.5..=1.0))
}

/// How many repetitions a client may still afford, in tenths.
#[derive(Debug)]
struct Budget(AtomicU32);

impl Budget {
    const COST: u32 = 10;
    const MOST: u32 = 10 * Self::COST;

    fn full() -> Self {
        Self(AtomicU32::new(Self::MOST))
    }

    /// A call that went well pays for a tenth of a repetition.
    fn earn(&self) {
        let more = |left: u32| (left < Self::MOST).then_some(left + 1);
        // a full budget stays as it is
        let _full = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// Pays for one repetition, if it can.
    fn spend(&self) -> bool {
        let less = |left: u32| left.checked_sub(Self::COST);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }
}
