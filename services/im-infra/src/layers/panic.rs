//! A panic while a call is answered becomes `INTERNAL` for its caller and an error in the log.

use futures::{FutureExt as _, future::BoxFuture};
use im_schema::{failure::Failure, parlance::Reason, rpc::Call};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll},
};
use tower::{Layer, Service};

/// Turns panics into failures.
#[derive(Debug, Clone, Copy)]
pub struct PanicLayer;

/// See [`PanicLayer`].
#[derive(Debug, Clone)]
pub struct CatchPanic<S>(S);

impl<S> Layer<S> for PanicLayer {
    type Service = CatchPanic<S>;

    fn layer(&self, inner: S) -> CatchPanic<S> {
        CatchPanic(inner)
    }
}

impl<S, R, A> Service<Call<R>> for CatchPanic<S>
where
    S: Service<Call<R>, Response = A, Error = Failure>,
    S::Future: Send + 'static,
    A: Send + 'static,
{
    type Response = A;
    type Error = Failure;
    type Future = BoxFuture<'static, Result<A, Failure>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, call: Call<R>) -> Self::Future {
        let method = call.method;
        // calling may panic as well as polling what it returned
        let reply = catch_unwind(AssertUnwindSafe(|| self.0.call(call)));
        Box::pin(async move {
            let result = match reply {
                Ok(future) => AssertUnwindSafe(future).catch_unwind().await,
                Err(panic) => Err(panic),
            };
            result.unwrap_or_else(|panic| Err(failure(method.path, panic.as_ref())))
        })
    }
}

fn failure(path: &'static str, panic: &(dyn std::any::Any + Send)) -> Failure {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic without a text".to_owned());
    tracing::error!(rpc.path = path, panic = text, "handler panicked");
    metrics::counter!("rpc_panics_total", "method" => path).increment(1);
    Failure::new(Reason::Internal, "")
}
