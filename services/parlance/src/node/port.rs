//! The port of a process that serves other processes: their calls, health, metrics.

use anyhow::Context as _;
use axum::{
    Router,
    http::{StatusCode, header},
    response::IntoResponse as _,
    routing::get,
};
use im_infra::telemetry::MetricsHandle;
use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic_health::{ServingStatus, server::HealthReporter};

/// A port that is taken and serves nothing yet.
pub(super) struct Port {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    health: HealthReporter,
    leaving: Arc<AtomicBool>,
}

impl Port {
    /// # Errors
    /// The port is taken.
    pub(super) async fn open(listen: SocketAddr, routes: Routes, metrics: MetricsHandle) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(listen).await;
        let listener = listener.with_context(|| format!("listen on {listen} (cluster.listen)"))?;
        let (health, service) = tonic_health::server::health_reporter();
        let leaving = Arc::new(AtomicBool::new(false));
        let router = routes
            .add_service(service)
            .into_axum_router()
            .merge(probes(Arc::clone(&leaving), metrics));
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            router,
            health,
            leaving,
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is cancelled; returns when all calls are answered.
    ///
    /// # Errors
    /// Those of the listener.
    pub(super) async fn serve(self, stop: CancellationToken) -> io::Result<()> {
        let Self { health, leaving, .. } = self;
        health.set_service_status("", ServingStatus::Serving).await;
        let leave = async move {
            stop.cancelled().await;
            leaving.store(true, Ordering::Relaxed);
            health.set_service_status("", ServingStatus::NotServing).await;
        };
        axum::serve(self.listener, self.router)
            .with_graceful_shutdown(leave)
            .await
    }
}

/// `/health/live`, `/health/ready` and `/metrics`.
fn probes(leaving: Arc<AtomicBool>, metrics: MetricsHandle) -> Router {
    let ready = move || async move {
        if leaving.load(Ordering::Relaxed) {
            (StatusCode::SERVICE_UNAVAILABLE, "going away\n")
        } else {
            (StatusCode::OK, "ready\n")
        }
    };
    let metrics = move || async move {
        let text = (header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
        ([text], metrics.render()).into_response()
    };
    Router::new()
        // that it answers at all is the answer
        .route("/health/live", get(|| async { "alive\n" }))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
}
