//! One span, one log line and one set of metrics for each call; where its trace is recorded, a span in that, too.

use crate::trace::{self, Recorded as _, TraceContext};
use futures::future::BoxFuture;
use im_schema::{failure::Failure, rpc::Call};
use std::{
    task::{Context, Poll},
    time::Instant,
};
use tower::{Layer, Service};
use tracing::Instrument as _;

/// Counts, times and logs calls.
#[derive(Debug, Clone, Copy)]
pub struct TraceLayer;

/// See [`TraceLayer`].
#[derive(Debug, Clone)]
pub struct Trace<S>(S);

impl<S> Layer<S> for TraceLayer {
    type Service = Trace<S>;

    fn layer(&self, inner: S) -> Trace<S> {
        Trace(inner)
    }
}

impl<S, R, A> Service<Call<R>> for Trace<S>
where
    S: Service<Call<R>, Response = A, Error = Failure>,
    S::Future: Send + 'static,
{
    type Response = A;
    type Error = Failure;
    type Future = BoxFuture<'static, Result<A, Failure>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, call: Call<R>) -> Self::Future {
        let method = call.method;
        let span = tracing::debug_span!("call", rpc.service = method.service, rpc.method = method.name);
        let started = Instant::now();
        let parent = TraceContext::current().or(call.context.trace);
        let mut hop = trace::child(parent, method.path.trim_start_matches('/'));
        let reply = span.in_scope(|| self.0.call(call));
        Box::pin(
            async move {
                let result = TraceContext::within(hop.context().or(parent), reply).await;
                if let (Some(hop), Err(failure)) = (&mut hop, &result) {
                    hop.fail(failure.spec().name);
                }
                let elapsed = started.elapsed();
                let outcome = result.as_ref().err().map_or("OK", |failure| failure.spec().name);
                metrics::histogram!("rpc_seconds", "method" => method.path).record(elapsed.as_secs_f64());
                metrics::counter!("rpc_calls_total", "method" => method.path, "reason" => outcome).increment(1);
                log(&result, elapsed.as_secs_f64() * 1e3);
                result
            }
            .instrument(span),
        )
    }
}

/// A fault of ours is an error with its whole chain; a refusal is the caller's business and only for debugging.
fn log<A>(result: &Result<A, Failure>, duration_ms: f64) {
    match result {
        Ok(_) => tracing::debug!(duration_ms, "call answered"),
        Err(failure) if failure.spec().http >= 500 => {
            tracing::error!(duration_ms, error = failure as &dyn std::error::Error, "call failed");
        }
        Err(failure) => tracing::debug!(duration_ms, reason = failure.spec().name, "call refused"),
    }
}
