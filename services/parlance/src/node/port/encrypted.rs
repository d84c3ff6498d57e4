//! Connections for the port, each once it is encrypted as the configuration says: one that takes its time keeps nobody else waiting.

use axum::serve::Listener;
use im_infra::tls::{Acceptor, Stream};
use std::{io, net::SocketAddr, time::Duration};
use tokio::{net::TcpStream, sync::mpsc, time::timeout};
use tokio_util::task::AbortOnDropHandle;

/// Who has not agreed on an encryption in this time is gone.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections that may wait to be served.
const WAITING: usize = 64;

/// A listener that encrypts.
pub(super) struct Encrypted {
    address: SocketAddr,
    ready: mpsc::Receiver<(Stream, SocketAddr)>,
    _taking: AbortOnDropHandle<()>,
}

impl Encrypted {
    /// # Errors
    /// The listener has no address any more.
    pub(super) fn new(
        mut listener: impl Listener<Io = TcpStream, Addr = SocketAddr>,
        acceptor: Acceptor,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (done, ready) = mpsc::channel(WAITING);
        let taking = async move {
            loop {
                let (stream, peer) = listener.accept().await;
                tokio::spawn(agree(acceptor.clone(), stream, peer, done.clone()));
            }
        };
        Ok(Self {
            address,
            ready,
            _taking: AbortOnDropHandle::new(tokio::spawn(taking)),
        })
    }
}

async fn agree(acceptor: Acceptor, stream: TcpStream, peer: SocketAddr, done: mpsc::Sender<(Stream, SocketAddr)>) {
    match timeout(PATIENCE, acceptor.accept(stream)).await {
        // nobody takes it once the port is closed
        Ok(Ok(stream)) => drop(done.send((stream, peer)).await),
        Ok(Err(error)) => {
            tracing::warn!(%peer, error = &error as &dyn std::error::Error, "a connection was not encrypted");
        }
        Err(_) => tracing::debug!(%peer, "a connection did not say how it is encrypted"),
    }
}

impl Listener for Encrypted {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // the runtime ends
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
