//! How requests are read.

use super::bind::Binder;
use crate::{
    failure::{Failure, Violation},
    parlance::Reason,
    rpc::{Context, idempotency_key},
};
use axum::{
    body::Bytes,
    extract::{ConnectInfo, FromRequest, FromRequestParts, RawPathParams, Request},
    http::{Extensions, HeaderMap, StatusCode, header},
};
use std::{net::SocketAddr, sync::Arc};

/// The header of the idempotency key; HTTP does not care for the case of its letters.
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// A request of which path, query and body have been read, but not yet understood.
#[derive(Debug)]
pub struct Incoming {
    /// Token, address and idempotency key of the caller.
    pub context: Context,
    /// Path, query and body.
    pub binder: Binder,
}

impl<S: Send + Sync> FromRequest<S> for Incoming {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let key = parts.headers.get(IDEMPOTENCY_KEY);
        let context = Context {
            idempotency_key: key
                .map(|key| idempotency_key(IDEMPOTENCY_KEY, key.as_bytes()))
                .transpose()?,
            token: bearer(&parts.headers),
            address: address(&parts.extensions),
            ..Context::default()
        };
        let path = RawPathParams::from_request_parts(&mut parts, state)
            .await
            .map_err(|refusal| {
                Failure::violations(vec![Violation {
                    field: String::new(),
                    rule: "encoding",
                    message: refusal.body_text().into(),
                }])
            })?;
        let path = path.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let query = parts.uri.query().unwrap_or_default().into();
        let json = is_json(&parts.headers);
        // extractors honour the body limit that the router sets
        let body = Bytes::from_request(Request::from_parts(parts, body), state)
            .await
            .map_err(|refusal| match refusal.status() {
                StatusCode::PAYLOAD_TOO_LARGE => Failure::new(Reason::TooLarge, "the body is larger than the limit"),
                _ => Failure::new(Reason::Malformed, "the body could not be read to its end"),
            })?;
        Ok(Self {
            context,
            binder: Binder::new(path, query, json, body),
        })
    }
}

/// The token of `Authorization: Bearer <token>`; the scheme in any case.
fn bearer(headers: &HeaderMap) -> Option<Arc<str>> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().into())
}

fn address(extensions: &Extensions) -> Option<std::net::IpAddr> {
    extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(peer)| peer.ip())
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = kind.split_once(';').map_or(kind, |(essence, _parameters)| essence);
    essence.trim().eq_ignore_ascii_case("application/json")
}
