//! gRPC: how a call's context travels in metadata, and its failure in the status.

mod channel;
mod codec;
mod timeout;
mod voucher;

pub use channel::{Channel, Wire, timeout, wire};
pub use codec::Codec;

use crate::{
    failure::Failure,
    rpc::{Context, idempotency_key},
    trace::{TRACEPARENT, TraceContext},
};
use std::{
    net::{IpAddr, SocketAddr},
    time::Instant,
};
use tonic::{Request, Response, Status, metadata::MetadataMap};

const AUTHORIZATION: &str = "authorization";
const TIMEOUT: &str = "grpc-timeout";
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// An answer of more bytes is refused by the client: the largest lists that services ask each other for have a quarter of it.
pub const MAX_ANSWER_BYTES: usize = 64 << 20;

/// A request to send: the token goes as `authorization`, the deadline as `grpc-timeout`, the idempotency key as `idempotency-key`, and the
/// trace of the work that makes the call, where it is recorded, as `traceparent`. A voucher goes instead of the token: who vouches for a user has
/// verified the user's token.
///
/// # Errors
/// `DEADLINE_EXCEEDED` if the deadline is past, `UNAUTHENTICATED` if the token cannot stand in a header.
pub fn request<T>(context: &Context, message: T) -> Result<Request<T>, Failure> {
    let mut request = Request::new(message);
    if let Some(voucher) = &context.voucher {
        voucher::write(voucher, request.metadata_mut())?;
    } else if let Some(token) = &context.token {
        let value = format!("Bearer {token}").parse();
        let value = value.map_err(|_| Failure::unauthenticated("the token has characters that no token has"))?;
        request.metadata_mut().insert(AUTHORIZATION, value);
    }
    if let Some(key) = &context.idempotency_key {
        let value = key.parse();
        let value = value.map_err(|_| Failure::internal("the idempotency key cannot stand in a header"))?;
        request.metadata_mut().insert(IDEMPOTENCY_KEY, value);
    }
    if let Some(trace) = TraceContext::current().or(context.trace) {
        let value = trace.to_string().parse();
        let value = value.map_err(|_| Failure::internal("the trace cannot stand in a header"))?;
        request.metadata_mut().insert(TRACEPARENT, value);
    }
    if let Some(deadline) = context.deadline {
        let left = deadline
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero());
        request.set_timeout(left.ok_or_else(|| Failure::deadline_exceeded(""))?);
    }
    Ok(request)
}

/// The answer that came back.
///
/// # Errors
/// What the status says.
pub fn answer<T>(answer: Result<Response<T>, Status>) -> Result<T, Failure> {
    answer
        .map(Response::into_inner)
        .map_err(|status| Failure::from_status(&status))
}

/// A request that came in: who calls is not known yet, only the token, the address, the deadline, the idempotency key, the trace, and what the
/// caller says of itself, if it is a service.
///
/// # Errors
/// `INVALID_ARGUMENT` for an idempotency key that is none.
pub fn accept<T>(request: Request<T>) -> Result<(Context, T), Status> {
    let metadata = request.metadata();
    let key = metadata.get(IDEMPOTENCY_KEY);
    let key = key
        .map(|key| idempotency_key(IDEMPOTENCY_KEY, key.as_bytes()))
        .transpose();
    let context = Context {
        idempotency_key: key.map_err(|failure| failure.to_status())?,
        token: bearer(metadata).map(Into::into),
        trace: metadata
            .get(TRACEPARENT)
            .and_then(|value| TraceContext::parse(value.to_str().ok()?)),
        address: address(&request),
        deadline: timeout::parse(metadata.get(TIMEOUT).and_then(|text| text.to_str().ok()))
            .and_then(|timeout| Instant::now().checked_add(timeout)),
        voucher: voucher::read(metadata).map(Into::into),
        ..Context::default()
    };
    Ok((context, request.into_inner()))
}

/// The answer to send.
///
/// # Errors
/// The failure as a status.
pub fn respond<T>(result: Result<T, Failure>) -> Result<Response<T>, Status> {
    result.map(Response::new).map_err(|failure| failure.to_status())
}

fn bearer(metadata: &MetadataMap) -> Option<&str> {
    let (scheme, token) = metadata.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// From tonic's own server, or from axum's if that accepted the connection.
fn address<T>(request: &Request<T>) -> Option<IpAddr> {
    let from_axum = || {
        request
            .extensions()
            .get::<axum::extract::ConnectInfo<SocketAddr>>()
            .map(|info| info.0)
    };
    request.remote_addr().or_else(from_axum).map(|address| address.ip())
}
