//! What can go wrong: while starting, and on one connection.

use im_infra::tls::TlsError;
use im_schema::{failure::Failure, parlance::Reason, v1::ServerFrame};
use std::net::SocketAddr;
use tokio_tungstenite::tungstenite;

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The address is taken, or is none of this machine.
    #[error("bind {address}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
    /// Connections cannot be encrypted as they should.
    #[error("gateway.tls")]
    Tls(#[from] TlsError),
    /// The log does not give this instance its topic.
    #[error("create the instance's topic")]
    Topic(#[source] Failure),
    /// The schema's description cannot be served for reflection.
    #[error("describe the services for reflection")]
    Reflection(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An origin in the configuration is no HTTP origin.
    #[error("{origin:?} is no origin like https://chat.example.com")]
    Origin {
        /// As configured.
        origin: String,
    },
}

/// Why a connection ended without being closed by either side's word.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    /// The peer is gone, or speaks no WebSocket.
    #[error("connection broken")]
    Socket(#[source] axum::Error),
    /// The peer takes nothing any more.
    #[error("the peer does not read")]
    Stuck,
}

impl From<axum::Error> for LinkError {
    fn from(error: axum::Error) -> Self {
        Self::Socket(error)
    }
}

/// What to tell a peer about bytes that are no WebSocket message; `None` if it is gone anyway.
pub(crate) fn unreadable(error: axum::Error) -> Option<Failure> {
    let inner = error.into_inner();
    match inner.downcast_ref::<tungstenite::Error>()? {
        tungstenite::Error::Capacity(_) => Some(Failure::new(
            Reason::TooLarge,
            "the WebSocket message is over max_frame_bytes",
        )),
        tungstenite::Error::Utf8(_) => Some(Failure::new(Reason::Malformed, "a text message must be UTF-8")),
        tungstenite::Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake) => None,
        tungstenite::Error::Protocol(error) => Some(Failure::new(Reason::Malformed, error.to_string())),
        _ => None,
    }
}

/// An error frame.
pub(crate) fn frame(request_id: u64, failure: &Failure) -> ServerFrame {
    ServerFrame {
        request_id,
        ..ServerFrame::from(failure.problem())
    }
}
