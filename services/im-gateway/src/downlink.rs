//! This instance's downstream topic -> connections.
//!
//! A frame is encoded once for each encoding; the connections that get it share its bytes. Each connection is woken once a batch.

use crate::{
    hub::{Hub, Tables},
    receipts::Receipts,
    wire::Wire,
    ws::connection::Connection,
};
use async_trait::async_trait;
use bytes::Bytes;
use im_infra::{
    topics::Handler,
    trace::{self, TraceContext},
};
use im_schema::{
    failure::Failure,
    ids::UserId,
    internal::v1::{Delivery, Downstream, Rejection, SessionsEnded, downstream::Event},
    parlance::Reason,
    v1::{Accepted, Message, ServerFrame, Stored, server_frame::Body},
};
use std::sync::Arc;

/// Up to so many connections get their own copy of a frame, which then shares a WebSocket message with others; above, they share the frame.
const COPIES: usize = 4;

/// On so many connections the way of a recorded message is followed to the socket; a large group would leave a span for each member.
const RECORDED: usize = 8;

/// From so many records a batch on the gateway counts as busy: then receipts wait for company.
const BUSY: usize = 8;

/// Hands what others have for this instance to its connections.
pub(crate) struct Downlink {
    hub: Arc<Hub>,
    instance: Arc<str>,
    receipts: Arc<Receipts>,
}

impl Downlink {
    pub(crate) fn new(hub: Arc<Hub>, instance: Arc<str>, receipts: Arc<Receipts>) -> Self {
        Self {
            hub,
            instance,
            receipts,
        }
    }
}

#[async_trait]
impl Handler<Downstream> for Downlink {
    async fn handle(&self, _partition: u32, batch: Vec<(u64, Downstream)>) -> Result<(), Failure> {
        metrics::histogram!("gateway_downlink_batch_records").record(batch.len() as f64);
        let busy = batch.len() >= BUSY;
        let mut hop = trace::batch(
            "gateway.deliver",
            batch.iter().flat_map(|(_, downstream)| traceparents(downstream)),
        );
        if let Some(hop) = &mut hop {
            hop.note("batch.size", batch.len() as u64);
        }
        let (touched, unhurried) = self.hub.read(|tables| {
            let mut delivery = Round {
                instance: &self.instance,
                tables,
                touched: Vec::new(),
                unhurried: Vec::new(),
                busy,
                delivered: 0,
            };
            for (_, downstream) in batch {
                delivery.hand_over(downstream);
            }
            metrics::counter!("gateway_frames_delivered_total").increment(delivery.delivered);
            (delivery.touched, delivery.unhurried)
        });
        // after the last frame: a connection that wakes finds everything that this batch has for it
        for connection in touched {
            connection.outbox.wake();
        }
        self.receipts.gather(unhurried);
        drop(hop);
        Ok(())
    }

    /// Nobody knows for whom the records were: every client has to come back and resume from what it has.
    async fn missed(&self, _partition: u32, records: u64) {
        tracing::error!(records, "downstream records missed, all connections have to resume");
        let failure = Failure::new(Reason::SlowConsumer, "messages were missed; connect again and resume");
        let connections: Vec<_> = self.hub.read(|tables| tables.all().cloned().collect());
        for connection in connections {
            connection.outbox.fail(&failure);
        }
    }
}

/// The handling of one batch.
struct Round<'a> {
    instance: &'a str,
    tables: &'a Tables,
    touched: Vec<Arc<Connection>>,
    // those that got nothing but receipts
    unhurried: Vec<Arc<Connection>>,
    busy: bool,
    delivered: u64,
}

impl Round<'_> {
    fn hand_over(&mut self, downstream: Downstream) {
        let Downstream { recipients, event, .. } = downstream;
        match event {
            Some(Event::Deliveries(deliveries)) => self.deliver(&recipients, deliveries.items),
            Some(Event::Rejection(rejection)) => self.reject(rejection),
            Some(Event::ReadMoved(moved)) => self.notify(&recipients, ServerFrame::from(moved)),
            Some(Event::ConversationChanged(changed)) => self.notify(&recipients, ServerFrame::from(changed)),
            Some(Event::SessionsEnded(ended)) => self.end_sessions(&recipients, &ended),
            // validation has refused a record without an event
            None => {}
        }
    }

    /// Messages go to all connections of the recipients; the connection that sent one gets `stored` in its place, recipient or not.
    fn deliver(&mut self, recipients: &[u64], items: Vec<Delivery>) {
        let mut senders = Vec::new();
        let mut receipts = Vec::with_capacity(items.len());
        let mut frames = Vec::with_capacity(items.len());
        let mut recorded = Vec::new();
        for Delivery {
            message, origin, told, ..
        } in items
        {
            let Some(message) = message else { continue };
            recorded.extend(
                origin
                    .as_ref()
                    .and_then(|origin| TraceContext::parse(&origin.traceparent)),
            );
            let origin = origin.filter(|origin| origin.instance == self.instance);
            if let Some(origin) = &origin {
                senders.push(origin.connection_id);
            }
            receipts.push(origin.map(|origin| {
                (
                    origin.connection_id,
                    (!told).then(|| receipt(origin.request_id, &message)),
                )
            }));
            frames.push(ServerFrame::from(message));
        }
        senders.sort_unstable();
        senders.dedup();
        let mut reached = vec![false; senders.len()];
        let encoded = Encoded::new(&frames, self.audience(recipients));
        if !recorded.is_empty() {
            for connection in connections(self.tables, recipients).take(RECORDED) {
                record(connection, &recorded);
            }
        }
        for connection in connections(self.tables, recipients) {
            if let Ok(at) = senders.binary_search(&connection.id) {
                reached[at] = true;
                let own = frames
                    .iter()
                    .zip(&receipts)
                    .filter_map(|(message, receipt)| match receipt {
                        Some((sender, receipt)) if *sender == connection.id => receipt.as_ref(),
                        _ => Some(message),
                    });
                self.copy(connection, &own.collect::<Vec<_>>());
            } else {
                let first = encoded.give(connection);
                self.note(connection, frames.len(), first);
            }
        }
        for sender in senders
            .iter()
            .zip(reached)
            .filter_map(|(sender, reached)| (!reached).then_some(sender))
        {
            if let Some(connection) = self.tables.get(*sender) {
                let own = receipts.iter().flatten().filter(|(of, _)| of == sender);
                self.copy(
                    connection,
                    &own.filter_map(|(_, receipt)| receipt.as_ref()).collect::<Vec<_>>(),
                );
            }
        }
    }

    /// Gives a connection that sent messages what became of them.
    fn copy(&mut self, connection: &Arc<Connection>, frames: &[&ServerFrame]) {
        if frames.is_empty() {
            return;
        }
        let early = unanswered(connection, frames);
        let encoded = encode(connection.outbox.wire(), early.iter().chain(frames.iter().copied()));
        let count = early.len() + frames.len();
        let receipts_only = early.is_empty() && frames.iter().all(|frame| matches!(frame.body, Some(Body::Stored(_))));
        if self.busy && receipts_only {
            self.delivered += count as u64;
            if connection.outbox.copy_unhurried(&encoded, count) {
                self.unhurried.push(Arc::clone(connection));
            }
            return;
        }
        let first = connection.outbox.copy(&encoded, count);
        self.note(connection, count, first);
    }

    fn reject(&mut self, Rejection { origin, rejected, .. }: Rejection) {
        let (Some(origin), Some(rejected)) = (origin, rejected) else {
            return;
        };
        if origin.instance != self.instance {
            return;
        }
        if let Some(connection) = self.tables.get(origin.connection_id) {
            let frame = ServerFrame {
                request_id: origin.request_id,
                ..ServerFrame::from(rejected)
            };
            self.copy(connection, &[&frame]);
        }
    }

    fn notify(&mut self, recipients: &[u64], frame: ServerFrame) {
        let frames = [frame];
        let encoded = Encoded::new(&frames, self.audience(recipients));
        for connection in connections(self.tables, recipients) {
            let first = encoded.give(connection);
            self.note(connection, 1, first);
        }
    }

    fn end_sessions(&self, recipients: &[u64], ended: &SessionsEnded) {
        for connection in connections(self.tables, recipients) {
            if ended.session_ids.is_empty() || ended.session_ids.contains(&connection.caller.session.0) {
                connection.outbox.fail(&Failure::new(Reason::SessionEnded, ""));
            }
        }
    }

    fn audience(&self, recipients: &[u64]) -> [usize; 2] {
        let mut counts = [0; 2];
        for connection in connections(self.tables, recipients) {
            counts[connection.outbox.wire() as usize] += 1;
        }
        counts
    }

    fn note(&mut self, connection: &Arc<Connection>, frames: usize, first: bool) {
        self.delivered += frames as u64;
        if first {
            self.touched.push(Arc::clone(connection));
        }
    }
}

/// The traces of the messages of a record.
fn traceparents(downstream: &Downstream) -> impl Iterator<Item = &str> {
    let items = match &downstream.event {
        Some(Event::Deliveries(deliveries)) => deliveries.items.as_slice(),
        _ => &[],
    };
    items
        .iter()
        .filter_map(|item| Some(item.origin.as_ref()?.traceparent.as_str()))
}

/// Has a span of each of these traces end when the connection has written what it is given next.
fn record(connection: &Connection, recorded: &[TraceContext]) {
    for context in recorded {
        if let Some(mut span) = trace::child(Some(*context), "gateway.write") {
            span.note("connection.id", connection.id);
            connection.outbox.record(span);
        }
    }
}

/// `accepted` for messages whose fate is here before the uplink has said so.
fn unanswered(connection: &Connection, frames: &[&ServerFrame]) -> Vec<ServerFrame> {
    connection.pending.hold(|pending| {
        let accepted = |frame: &&ServerFrame| {
            let client_message_id = match &frame.body {
                Some(Body::Stored(stored)) => &stored.client_message_id,
                Some(Body::Rejected(rejected)) => &rejected.client_message_id,
                _ => return None,
            };
            let request_id = frame.request_id;
            pending.take(request_id, client_message_id).then(|| ServerFrame {
                request_id,
                ..ServerFrame::from(Accepted {
                    client_message_id: client_message_id.clone(),
                    ..Default::default()
                })
            })
        };
        frames.iter().filter_map(accepted).collect()
    })
}

/// The connections of users, some of whom may be gone.
fn connections<'a>(tables: &'a Tables, recipients: &'a [u64]) -> impl Iterator<Item = &'a Arc<Connection>> {
    recipients.iter().flat_map(|user| tables.of(UserId(*user)))
}

/// Frames in the encodings that somebody needs.
struct Encoded {
    frames: usize,
    forms: [Form; 2],
}

enum Form {
    /// Nobody needs it.
    None,
    /// For few connections.
    Copied(Vec<u8>),
    /// For many connections.
    Shared(Bytes),
}

impl Encoded {
    fn new(frames: &[ServerFrame], audience: [usize; 2]) -> Self {
        let form = |wire: Wire| match audience[wire as usize] {
            0 => Form::None,
            1..=COPIES => Form::Copied(encode(wire, frames)),
            _ => Form::Shared(encode(wire, frames).into()),
        };
        Self {
            frames: frames.len(),
            forms: [form(Wire::Text), form(Wire::Binary)],
        }
    }

    fn give(&self, connection: &Connection) -> bool {
        match &self.forms[connection.outbox.wire() as usize] {
            Form::None => false,
            Form::Copied(bytes) => connection.outbox.copy(bytes, self.frames),
            Form::Shared(bytes) => connection.outbox.share(bytes.clone(), self.frames),
        }
    }
}

/// What the sender gets in the place of its message.
fn receipt(request_id: u64, message: &Message) -> ServerFrame {
    let stored = Stored {
        client_message_id: message.client_message_id.clone(),
        message_id: message.message_id,
        conversation_id: message.conversation_id,
        sequence: message.sequence,
        sent_at: message.sent_at,
        ..Default::default()
    };
    ServerFrame {
        request_id,
        ..ServerFrame::from(stored)
    }
}

fn encode<'a>(wire: Wire, frames: impl IntoIterator<Item = &'a ServerFrame>) -> Vec<u8> {
    let mut out = Vec::new();
    for frame in frames {
        wire.encode(frame, &mut out);
    }
    out
}
