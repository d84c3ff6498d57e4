//! The port: takes connections and serves HTTP/1.1 and HTTP/2 on each of them, told apart by their first bytes.
//!
//! Whoever opens a connection and says nothing, or says it byte by byte, costs a socket and its buffers. So the head of a request has to be
//! whole in time, on HTTP/1 each of them; HTTP/2 connections are asked whether somebody is there. What a connection became by an upgrade
//! looks after itself.

mod greeting;

use crate::{config::Config, proxies::Proxies};
use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use greeting::{Greeting, Watched};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use im_infra::tls::{Acceptor, Stream};
use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::{Service as _, service_fn};

/// After what cannot be helped here, e.g. too many open files: others may close some meanwhile.
const PAUSE: Duration = Duration::from_secs(1);
/// An HTTP/2 client that does not answer a ping for so long is gone.
const HTTP2_PATIENCE: Duration = Duration::from_secs(20);
/// The head of an HTTP/1 request may be so long.
const HEAD_BYTES: usize = 64 * 1024;

/// Serves until `stop` is cancelled; then nothing is taken any more, and it returns when all requests are answered and idle connections
/// are closed.
pub(crate) async fn serve(
    listener: TcpListener,
    acceptor: Acceptor,
    router: Router,
    config: &Config,
    stop: CancellationToken,
) {
    let http = Arc::new(http(config));
    let proxies = Proxies::new(&config.trusted_proxies);
    let connections = TaskTracker::new();
    while let Some((stream, peer)) = next(&listener, &stop).await {
        let head_timeout = config.header_timeout;
        // answers are written whole: waiting for more to send only adds delay
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(error = &error as &dyn std::error::Error, "nodelay not set");
        }
        let acceptor = acceptor.clone();
        let (proxies, router, http, stop) = (proxies.clone(), router.clone(), Arc::clone(&http), stop.clone());
        connections.spawn(async move {
            match timeout(head_timeout, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => one(stream, peer, proxies, router, http, head_timeout, stop).await,
                Ok(Err(error)) => {
                    tracing::debug!(%peer, error = &error as &dyn std::error::Error, "a connection was not encrypted");
                }
                Err(_) => tracing::debug!(%peer, "a connection did not say how it is encrypted"),
            }
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

fn http(config: &Config) -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(config.header_timeout)
        .max_buf_size(HEAD_BYTES);
    http.http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(config.ping_interval)
        .keep_alive_timeout(HTTP2_PATIENCE)
        // WebSockets over HTTP/2
        .enable_connect_protocol();
    http
}

/// The next connection; `None` once `stop` is cancelled.
async fn next(listener: &TcpListener, stop: &CancellationToken) -> Option<(TcpStream, SocketAddr)> {
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => return None,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(connection) => return Some(connection),
            // whoever called has gone already
            Err(error) if is_the_peers(&error) => {}
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "no connection can be taken");
                // a shutdown meanwhile is noticed in the next round
                let _ = timeout(PAUSE, stop.cancelled()).await;
            }
        }
    }
}

fn is_the_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn one(
    stream: Stream,
    peer: SocketAddr,
    proxies: Proxies,
    router: Router,
    http: Arc<Builder<TokioExecutor>>,
    head_timeout: Duration,
    stop: CancellationToken,
) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        let client = proxies.client(peer, request.headers());
        request.extensions_mut().insert(ConnectInfo(client));
        // a router is always ready
        router.clone().call(request)
    });
    let greeting = Greeting::default();
    let io = TokioIo::new(Watched::new(stream, greeting.clone()));
    let mut connection = pin!(http.serve_connection_with_upgrades(io, TowerToHyperService::new(answer)));
    let mut unheard = pin!(sleep(head_timeout));
    let (mut waiting, mut leaving) = (true, false);
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(error = &*error, "connection ended");
                }
                return;
            }
            // before that hyper does not know yet which of its own limits apply
            () = &mut unheard, if waiting => {
                waiting = false;
                if !greeting.is_over() {
                    tracing::debug!(peer = %peer, "connection closed: it did not say what it speaks");
                    return;
                }
            }
            () = stop.cancelled(), if !leaving => {
                leaving = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
