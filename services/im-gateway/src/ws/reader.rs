//! Bytes -> frames -> validated -> what they ask for.

use super::connection::Connection;
use crate::{error, gate::Gate, uplink::Item, wire::Wire};
use axum::extract::ws::Message;
use bytes::Bytes;
use im_infra::trace::{self, Recorded as _, TraceContext};
use im_schema::{
    failure::Failure,
    frame,
    frames::{self, Dispatch},
    internal::v1::{Origin, Upstream},
    parlance::Reason,
    rpc::{Rate, Validate as _},
    v1::{ClientFrame, Pong, Renew, Renewed, Resume, SendMessageRequest, ServerFrame, client_frame::Body},
    wkt::Timestamp,
};
use std::sync::Arc;
use uuid::Uuid;

/// What was read in one round and has to be taken up.
#[derive(Default)]
pub(crate) struct Intake {
    /// Bytes that were read.
    pub(crate) bytes: usize,
    /// Messages for the uplink.
    pub(crate) items: Vec<Item>,
    /// Calls, with their request ids.
    pub(crate) calls: Vec<(u64, Body)>,
    /// Resumptions, with their request ids.
    pub(crate) resume: Vec<(u64, Resume)>,
}

/// Reads a WebSocket message. What is wrong with it is told by the outbox.
pub(crate) fn read(gate: &Gate, connection: &Arc<Connection>, message: Message, intake: &mut Intake) {
    let frames = match (message, connection.outbox.wire()) {
        (Message::Text(text), Wire::Text) => {
            intake.bytes += text.len();
            let lines = frame::lines(text.as_str()).zip(frame::decode_text(text.as_str()));
            let frames = lines.map(|(line, frame)| frame.map_err(|failure| (frame::request_id(line), failure)));
            take_all(gate, connection, frames, intake)
        }
        (Message::Binary(bytes), Wire::Binary) => {
            intake.bytes += bytes.len();
            let frames = frame::decode_binary(&bytes).map(|frame| frame.map_err(|failure| (0, failure)));
            take_all(gate, connection, frames, intake)
        }
        (Message::Text(_) | Message::Binary(_), wire) => {
            let expected = if wire == Wire::Text { "text" } else { "binary" };
            let message = format!("{} has {expected} messages only", wire.subprotocol());
            return connection.outbox.fail(&Failure::new(Reason::Malformed, message));
        }
        // pings are answered, and closes too, by the socket
        (Message::Ping(_) | Message::Pong(_) | Message::Close(_), _) => return,
    };
    gate.meters.frames_in.increment(frames);
}

fn take_all(
    gate: &Gate,
    connection: &Arc<Connection>,
    frames: impl Iterator<Item = Result<ClientFrame, (u64, Failure)>>,
    intake: &mut Intake,
) -> u64 {
    let mut count = 0;
    for frame in frames {
        count += 1;
        match frame {
            Ok(frame) => {
                let request_id = frame.request_id;
                if let Err(failure) = take(gate, connection, frame, intake) {
                    refuse(connection, request_id, &failure);
                }
            }
            // where the next frame begins is not known any more, or the client speaks another language
            Err((_, failure)) if failure.spec().close != 0 => {
                refused(&failure);
                connection.outbox.fail(&failure);
                break;
            }
            Err((request_id, failure)) => {
                refuse(connection, request_id, &frame::as_request(frames::FRAMES, failure));
            }
        }
    }
    count
}

fn take(gate: &Gate, connection: &Arc<Connection>, frame: ClientFrame, intake: &mut Intake) -> Result<(), Failure> {
    frame
        .validate()
        .map_err(|failure| frame::as_request(frames::FRAMES, failure))?;
    let request_id = frame.request_id;
    match frame.body {
        Some(Body::Send(request)) => intake.items.push(send(gate, connection, request_id, request)?),
        Some(Body::Resume(resume)) => intake.resume.push((request_id, resume)),
        Some(Body::Ping(_)) => {
            let pong = Pong {
                server_time: Some(Timestamp::from_millis(gate.clock.now_ms())),
                ..Default::default()
            };
            connection.outbox.send(&ServerFrame {
                request_id,
                ..ServerFrame::from(pong)
            });
        }
        Some(call) => intake.calls.push((request_id, call)),
        // validation demands a body: this one is of a later version of the schema
        None => return Err(Failure::new(Reason::NoSuchRoute, "this server does not know the frame")),
    }
    Ok(())
}

fn send(
    gate: &Gate,
    connection: &Arc<Connection>,
    request_id: u64,
    request: SendMessageRequest,
) -> Result<Item, Failure> {
    gate.rates
        .take(Rate::Send, &connection.identity(), Some(connection.address()))?;
    let id = Uuid::try_parse(&request.client_message_id)
        .map_err(|error| Failure::new(Reason::InvalidArgument, error.to_string()))?;
    let mut span = trace::sample("gateway.send");
    if let Some(span) = &mut span {
        span.note("conversation.id", request.conversation_id);
        span.note("user.id", connection.user().into());
    }
    let upstream = Upstream {
        conversation_id: request.conversation_id,
        sender_id: connection.user().into(),
        client_message_id: Bytes::copy_from_slice(id.as_bytes()),
        content: request.content,
        accepted_at_ms: gate.clock.now_ms(),
        origin: Some(Origin {
            instance: gate.instance.to_string(),
            connection_id: connection.id,
            request_id,
            traceparent: span.as_ref().map(|span| span.context().to_string()).unwrap_or_default(),
            ..Default::default()
        }),
        ..Default::default()
    };
    Ok(Item {
        connection: Arc::clone(connection),
        request_id,
        client_message_id: request.client_message_id,
        upstream,
        span,
    })
}

/// Answers a call by frame. Its handler is the same as for REST and gRPC.
pub(crate) async fn call(gate: &Gate, connection: &Connection, request_id: u64, body: Body) {
    let span = trace::sample("gateway.call");
    let answer = TraceContext::within(span.context(), answer(gate, connection, body)).await;
    drop(span);
    connection.end_call();
    match answer {
        Ok(frame) => connection.outbox.send(&ServerFrame { request_id, ..frame }),
        Err(failure) => refuse(connection, request_id, &failure),
    }
}

async fn answer(gate: &Gate, connection: &Connection, body: Body) -> Result<ServerFrame, Failure> {
    if let Body::Renew(renew) = body {
        return self::renew(gate, connection, renew).await.map(ServerFrame::from);
    }
    match frames::dispatch(&gate.clients, connection.context(), body).await? {
        Dispatch::Answer(body) => Ok(ServerFrame {
            request_id: 0,
            body: Some(body),
            ..Default::default()
        }),
        Dispatch::Own(_) => Err(Failure::new(Reason::NoSuchRoute, "this server does not know the frame")),
    }
}

async fn renew(gate: &Gate, connection: &Connection, renew: Renew) -> Result<Renewed, Failure> {
    let caller = gate.authenticator.verify(&renew.access_token).await?;
    let own = &connection.caller;
    if (caller.user, caller.session, &caller.device) != (own.user, own.session, &own.device) {
        return Err(Failure::new(
            Reason::PermissionDenied,
            "the token is of another user, device or session",
        ));
    }
    connection.renew(caller.expires_at_ms);
    Ok(Renewed {
        token_expires_at: Some(Timestamp::from_millis(caller.expires_at_ms)),
        ..Default::default()
    })
}

fn refuse(connection: &Connection, request_id: u64, failure: &Failure) {
    refused(failure);
    connection.outbox.send(&error::frame(request_id, failure));
}

fn refused(failure: &Failure) {
    metrics::counter!("gateway_frames_refused_total", "reason" => failure.spec().name).increment(1);
}
