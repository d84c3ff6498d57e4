//! The port of a process that serves other processes: their calls, health, metrics.

mod encrypted;

use self::encrypted::Encrypted;
use anyhow::Context as _;
use axum::{Router, http::header, response::IntoResponse as _, routing::get, serve::ListenerExt as _};
use im_infra::{
    readiness::{self, GrpcHealth, Readiness},
    telemetry::MetricsHandle,
    tls::Acceptor,
};
use std::{io, net::SocketAddr};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

/// A port that is taken and serves nothing yet.
pub(super) struct Port {
    listener: TcpListener,
    acceptor: Acceptor,
    address: SocketAddr,
    router: Router,
    readiness: Readiness,
}

impl Port {
    /// # Errors
    /// The port is taken.
    pub(super) async fn open(
        listen: SocketAddr,
        acceptor: Acceptor,
        routes: Routes,
        readiness: Readiness,
        metrics: MetricsHandle,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(listen).await;
        let listener = listener.with_context(|| format!("listen on {listen} (cluster.listen)"))?;
        let router = routes
            .add_service(GrpcHealth::server(&readiness, []))
            .into_axum_router()
            .merge(probes(readiness.clone(), metrics));
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            acceptor,
            router,
            readiness,
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
        let readiness = self.readiness;
        readiness.open();
        let leave = async move {
            stop.cancelled().await;
            readiness.leave();
        };
        let listener = self.listener.tap_io(prompt);
        if !self.acceptor.encrypts() {
            let serve = axum::serve(listener, self.router);
            return serve.with_graceful_shutdown(leave).await;
        }
        let listener = Encrypted::new(listener, self.acceptor)?;
        let serve = axum::serve(listener, self.router);
        serve.with_graceful_shutdown(leave).await
    }
}

/// What is written goes out at once: an answer is several small writes, and each would wait until the one before it is acknowledged, up to 40 ms.
fn prompt(stream: &mut TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = &error as &dyn std::error::Error, "nodelay not set");
    }
}

/// `/health/live`, `/health/ready` and `/metrics`.
fn probes(readiness: Readiness, metrics: MetricsHandle) -> Router {
    let metrics = move || async move {
        let text = (header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
        ([text], metrics.render()).into_response()
    };
    Router::new()
        .route("/health/live", get(|| async { readiness::alive() }))
        .route("/health/ready", get(|| async move { readiness.answer() }))
        .route("/metrics", get(metrics))
}
