//! Every call has a deadline: the caller's, or the default.

use futures::future::BoxFuture;
use im_schema::{failure::Failure, parlance::Reason, rpc::Call};
use std::{
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tower::{Layer, Service};

/// Sets and enforces deadlines.
#[derive(Debug, Clone, Copy)]
pub struct DeadlineLayer {
    default: Duration,
}

impl DeadlineLayer {
    /// `default` is for calls whose caller sets none; a caller's own deadline may be sooner, never later.
    #[must_use]
    pub fn new(default: Duration) -> Self {
        Self { default }
    }
}

/// See [`DeadlineLayer`].
#[derive(Debug, Clone)]
pub struct Deadline<S> {
    inner: S,
    default: Duration,
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Deadline<S> {
        Deadline {
            inner,
            default: self.default,
        }
    }
}

impl<S, R, A> Service<Call<R>> for Deadline<S>
where
    S: Service<Call<R>, Response = A, Error = Failure>,
    S::Future: Send + 'static,
    A: Send + 'static,
{
    type Response = A;
    type Error = Failure;
    type Future = BoxFuture<'static, Result<A, Failure>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut call: Call<R>) -> Self::Future {
        let latest = Instant::now() + self.default;
        let deadline = call.context.deadline.map_or(latest, |wanted| wanted.min(latest));
        call.context.deadline = Some(deadline);
        if deadline <= Instant::now() {
            return Box::pin(std::future::ready(Err(late())));
        }
        let reply = self.inner.call(call);
        Box::pin(async move {
            tokio::time::timeout_at(deadline.into(), reply)
                .await
                .unwrap_or_else(|_| Err(late()))
        })
    }
}

fn late() -> Failure {
    Failure::new(Reason::DeadlineExceeded, "")
}
