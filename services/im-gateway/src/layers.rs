//! The layers in front of every HTTP request, outermost first. Those in front of every RPC, whichever way it came, are
//! `im_infra::layers`.

use crate::origin::Origins;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{Next, from_fn},
    response::{IntoResponse as _, Response},
};
use futures::FutureExt as _;
use im_infra::trace::{self, Recorded as _, TraceContext};
use im_schema::{failure::Failure, parlance::Reason, trace::TRACEPARENT};
use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};
use tower::ServiceBuilder;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// Browsers need not ask again for so long.
const CORS_MAX_AGE: Duration = Duration::from_secs(3600);

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Puts the layers in front of a router that has all its routes.
pub(crate) fn http(router: Router, origins: Origins, max_body: usize) -> Router {
    router.layer(
        ServiceBuilder::new()
            // trace first: what is recorded is decided here, and all that follows belongs to it
            .layer(from_fn(trace))
            // log next: every answer has its line, those of the other layers too
            .layer(from_fn(log))
            // panic next: a bug behind it becomes INTERNAL for one request
            .layer(from_fn(catch_panic))
            // CORS before work: a preflight is answered here
            .layer(cors(origins))
            // body limit last: it is only told here, readers of bodies keep it before they decode
            .layer(DefaultBodyLimit::max(max_body)),
    )
}

fn cors(origins: Origins) -> CorsLayer {
    let allowed = AllowOrigin::predicate(move |origin: &HeaderValue, _| origins.allows(origin));
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, IDEMPOTENCY_KEY])
        .expose_headers([header::RETRY_AFTER])
        .max_age(CORS_MAX_AGE)
}

/// The path without the query, which may hold what should not be logged.
async fn log(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let verb = request.method().clone();
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let duration_ms = started.elapsed().as_secs_f64() * 1e3;
    tracing::debug!(http.verb = %verb, http.path = path, http.status = response.status().as_u16(), duration_ms, "request answered");
    response
}

/// Whoever calls from outside has no say in what is recorded; those who look after this process are not worth it.
async fn trace(mut request: Request, next: Next) -> Response {
    request.headers_mut().remove(TRACEPARENT);
    let path = request.uri().path();
    let span = if path.starts_with("/health/") || path == "/metrics" {
        None
    } else {
        trace::sample("gateway.request")
    };
    TraceContext::within(span.context(), next.run(request)).await
}

async fn catch_panic(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    AssertUnwindSafe(next.run(request))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| {
            tracing::error!(http.path = path, "answering a request panicked");
            Failure::new(Reason::Internal, "").into_response()
        })
}
