//! For whoever runs this process: is it alive, does it want work, how is it doing.

use crate::{gate::Gate, service::MetricsText};
use axum::{
    Router,
    http::header,
    response::{IntoResponse as _, Response},
    routing::get,
};
use im_schema::{failure::Failure, parlance::Reason};
use std::sync::{Arc, atomic::Ordering::Relaxed};

const OK: &str = "{\"status\":\"ok\"}";

/// `/health/live`, `/health/ready` and `/metrics`.
pub(crate) fn routes(gate: Arc<Gate>, metrics: MetricsText) -> Router {
    Router::new()
        // that it answers at all is the answer
        .route("/health/live", get(|| async { ok() }))
        .route("/health/ready", get(|| async move { ready(&gate) }))
        .route(
            "/metrics",
            get(|| async move {
                (
                    [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
                    metrics(),
                )
            }),
        )
}

/// Ready from when others know of it until it is told to stop: what a gateway needs may be away for a while, and its connections are better
/// kept than moved.
fn ready(gate: &Gate) -> Response {
    if gate.leaving.load(Relaxed) {
        Failure::new(Reason::GoingAway, "").into_response()
    } else if gate.known.load(Relaxed) {
        ok()
    } else {
        Failure::new(Reason::Unavailable, "not registered yet").into_response()
    }
}

fn ok() -> Response {
    (
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
        ],
        OK,
    )
        .into_response()
}
