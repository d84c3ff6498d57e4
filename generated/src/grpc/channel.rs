//! What carries requests to another process: a connection of tonic's, or a service that picks one.

use super::{TIMEOUT, timeout as header};
use std::time::Duration;
use tonic::{Status, body::Body};
use tower::{BoxError, Service, ServiceExt as _, util::BoxCloneSyncService};

/// Any channel, behind one type.
pub type Wire = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, Status>;

/// A service that carries requests of gRPC, like [`tonic::transport::Channel`].
pub trait Channel: Clone + Send + Sync + 'static {
    /// The channel behind the one type.
    fn into_wire(self) -> Wire;
}

impl<S> Channel for S
where
    S: Service<http::Request<Body>, Response = http::Response<Body>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError> + 'static,
    S::Future: Send + 'static,
{
    fn into_wire(self) -> Wire {
        Wire::new(self.map_err(|error| Status::from_error(error.into())))
    }
}

/// The channel behind the one type.
pub fn wire(channel: impl Channel) -> Wire {
    channel.into_wire()
}

/// How long whoever sent the request waits for the answer; none if that is not said.
#[must_use]
pub fn timeout(request: &http::Request<Body>) -> Option<Duration> {
    header::parse(request.headers().get(TIMEOUT)?.to_str().ok())
}
