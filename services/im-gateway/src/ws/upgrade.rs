//! A request becomes a connection, or an HTTP answer that says why not.

use super::{
    connection::Connection,
    outbox::Outbox,
    session::{Registration, serve},
};
use crate::{gate::Gate, wire::Wire};
use axum::{
    extract::{ConnectInfo, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use im_schema::{
    failure::Failure,
    parlance::Reason,
    rpc::Caller,
    v1::{Ready, ServerFrame},
    wkt::Timestamp,
};
use std::{net::SocketAddr, sync::Arc};

/// Bytes that are read at once. A connection holds them also while it is idle; a client's frames of one moment seldom take more.
const READ_BUFFER: usize = 2048;
/// Bytes that are gathered before they are written; held only while there are any.
const WRITE_BUFFER: usize = 4096;
/// A browser cannot set headers on a WebSocket; its token is a subprotocol that begins so. Only the protocol is echoed.
const BEARER: &str = "bearer.";

/// `GET /v1/ws`.
pub(crate) async fn upgrade(
    State(gate): State<Arc<Gate>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Failure> {
    gate.origins.check(&headers)?;
    let token = token(&headers)?.to_owned();
    let caller = gate.authenticator.verify(&token).await?;
    let upgrade = upgrade.map_err(no_websocket)?;
    let wire = subprotocol(&headers)?;
    let connection = Arc::new(connect(&gate, caller, peer, wire));
    gate.hub.add(&connection, gate.config.max_connections_per_user)?;
    let user = connection.user();
    tracing::debug!(connection.id = connection.id, user.id = %user, protocol = wire.subprotocol(), "connected");
    let registration = Registration {
        gate: Arc::clone(&gate),
        connection,
    };
    // shutdown waits for it, from now on
    let task = gate.tasks.token();
    Ok(upgrade
        .protocols([wire.subprotocol()])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(gate.config.max_frame)
        .max_frame_size(gate.config.max_frame)
        .on_upgrade(move |socket| async move {
            serve(registration, token, socket).await;
            drop(task);
        }))
}

fn connect(gate: &Gate, caller: Caller, peer: SocketAddr, wire: Wire) -> Connection {
    let ready = Ready {
        user_id: caller.user.into(),
        device_id: caller.device.to_string(),
        server_time: Some(Timestamp::from_millis(gate.clock.now_ms())),
        token_expires_at: Some(Timestamp::from_millis(caller.expires_at_ms)),
        max_frame_bytes: gate.config.max_frame as u32,
        ping_interval_ms: gate.config.ping_interval.as_millis() as u32,
        ..Default::default()
    };
    let outbox = Outbox::new(wire, gate.config.outbox());
    // before anybody can put in something else
    outbox.send(&ServerFrame::from(ready));
    Connection::new(gate.next_connection_id(), caller, peer.ip(), outbox, gate.coarse_ms())
}

fn token(headers: &HeaderMap) -> Result<&str, Failure> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = authorization
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    bearer
        .or_else(|| offered(headers).find_map(|entry| entry.strip_prefix(BEARER)))
        .ok_or_else(|| Failure::new(Reason::Unauthenticated, "the upgrade needs an access token"))
}

fn subprotocol(headers: &HeaderMap) -> Result<Wire, Failure> {
    let known = |entry: &str| Wire::ALL.into_iter().find(|wire| wire.subprotocol() == entry);
    offered(headers)
        .find_map(known)
        .ok_or_else(|| Failure::new(Reason::SubprotocolUnknown, ""))
}

/// The offered subprotocols, in the client's order of preference.
fn offered(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    values
        .filter_map(|value: &HeaderValue| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

fn no_websocket(rejection: WebSocketUpgradeRejection) -> Failure {
    match rejection {
        WebSocketUpgradeRejection::MethodNotGet(_) | WebSocketUpgradeRejection::MethodNotConnect(_) => {
            Failure::new(Reason::MethodNotAllowed, "a WebSocket is opened by GET")
        }
        other => Failure::new(
            Reason::InvalidArgument,
            format!("this route is for WebSockets: {}", other.body_text()),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn the_token_comes_by_header_or_as_a_subprotocol() {
        let program = headers(&[(header::AUTHORIZATION, "bearer a.b.c")]);
        assert_eq!(token(&program).unwrap(), "a.b.c");
        let browser = headers(&[(header::SEC_WEBSOCKET_PROTOCOL, "parlance.v1.json, bearer.a.b.c")]);
        assert_eq!(token(&browser).unwrap(), "a.b.c");
        assert_eq!(subprotocol(&browser).unwrap(), Wire::Text);
        let neither = headers(&[
            (header::AUTHORIZATION, "Basic YTpi"),
            (header::SEC_WEBSOCKET_PROTOCOL, "chat"),
        ]);
        assert_eq!(token(&neither).unwrap_err().reason(), Reason::Unauthenticated);
        assert_eq!(subprotocol(&neither).unwrap_err().reason(), Reason::SubprotocolUnknown);
    }

    #[test]
    fn the_client_prefers_among_the_protocols() {
        let binary = headers(&[(
            header::SEC_WEBSOCKET_PROTOCOL,
            "parlance.v2.json,parlance.v1.binary, parlance.v1.json",
        )]);
        assert_eq!(subprotocol(&binary).unwrap(), Wire::Binary);
    }
}
