//! For whoever runs this process: is it alive, does it want work, how is it doing.

use crate::service::MetricsText;
use axum::{Router, http::header, routing::get};
use im_infra::readiness::{self, Readiness};

/// `/health/live`, `/health/ready` and `/metrics`.
pub(crate) fn routes(readiness: Readiness, metrics: MetricsText) -> Router {
    Router::new()
        .route("/health/live", get(|| async { readiness::alive() }))
        .route("/health/ready", get(|| async move { readiness.answer() }))
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
