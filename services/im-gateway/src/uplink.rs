//! Messages of all connections -> log -> `accepted`.
//!
//! What arrives while an append is being synced is the next batch: one message when it is quiet, thousands under load. Only when messages come
//! so fast that several share each batch does the next append wait a little for more: what an append costs here, in the log and in everything
//! that its records pass through follows the number of batches, and a machine that is busy with small ones has no time for messages.
//! One append is under way at a time, which is what keeps the order of a conversation. The queue is bounded by bytes: a sender that finds
//! no room is read no further until there is some.

use crate::{error, receipts::Receipts, ws::connection::Connection};
use im_infra::{
    clock::SharedClock,
    topics::Producer,
    trace::{self, Recorded as _, Span, TraceContext},
};
use im_schema::{
    failure::Failure,
    internal::v1::Upstream,
    parlance::Reason,
    v1::{Accepted, ServerFrame},
};
use parking_lot::Mutex;
use prost::Message as _;
use std::{mem, ops::RangeInclusive, sync::Arc, time::Duration};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, TryAcquireError};

/// What a queued message costs beside its own bytes: its place in the queue, its strings, its answer.
const OVERHEAD: usize = 256;

/// From so many messages a batch on the next one waits for company. At so many, the log's own time gathers them already.
const BUSY: RangeInclusive<usize> = 8..=256;
/// For so long; for twice as long as the append took, if that is more, so that a log to which appends are dear gets few of them.
const GATHER: RangeInclusive<Duration> = Duration::from_millis(2)..=Duration::from_millis(15);

/// A message on its way to the log.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) connection: Arc<Connection>,
    pub(crate) request_id: u64,
    pub(crate) client_message_id: String,
    pub(crate) upstream: Upstream,
    /// From its frame until its sender is answered, if its trace is recorded.
    pub(crate) span: Option<Span>,
}

/// Room in the queue.
pub(crate) type Room = OwnedSemaphorePermit;

/// See the module.
pub(crate) struct Uplink {
    queue: Mutex<Queue>,
    arrived: Notify,
    room: Arc<Semaphore>,
    batch: usize,
    producer: Producer<Upstream>,
    receipts: Arc<Receipts>,
    clock: SharedClock,
}

#[derive(Default)]
struct Queue {
    items: Vec<Item>,
    closed: bool,
}

impl Uplink {
    /// A queue of `capacity` bytes, appended by `producer` in batches of at most `batch` messages. What is queued in one go may not cost
    /// more than the capacity.
    pub(crate) fn new(
        producer: Producer<Upstream>,
        receipts: Arc<Receipts>,
        clock: SharedClock,
        capacity: usize,
        batch: usize,
    ) -> Self {
        Self {
            queue: Mutex::default(),
            arrived: Notify::new(),
            room: Arc::new(Semaphore::new(capacity)),
            batch: batch.max(1),
            producer,
            receipts,
            clock,
        }
    }

    /// Queues messages of one connection, in order.
    ///
    /// # Errors
    /// Gives them back if there is no room: wait for [`Self::room_for`], then [`Self::push_into`].
    pub(crate) fn push(&self, items: Vec<Item>) -> Result<(), Vec<Item>> {
        match Arc::clone(&self.room).try_acquire_many_owned(cost(&items)) {
            Ok(room) => {
                self.push_into(room, items);
                Ok(())
            }
            Err(TryAcquireError::NoPermits) => Err(items),
            Err(TryAcquireError::Closed) => {
                refuse_all(items, &going_away());
                Ok(())
            }
        }
    }

    /// Waits for room, first come, first served. `None` once the uplink is closed.
    pub(crate) fn room_for(&self, items: &[Item]) -> impl Future<Output = Option<Room>> + Send + 'static {
        let (room, cost) = (Arc::clone(&self.room), cost(items));
        async move { room.acquire_many_owned(cost).await.ok() }
    }

    /// Queues messages for which there is room.
    pub(crate) fn push_into(&self, room: Room, items: Vec<Item>) {
        let mut queue = self.queue.lock();
        if queue.closed {
            drop(queue);
            return refuse_all(items, &going_away());
        }
        // given back when they leave the queue
        room.forget();
        queue.items.extend(items);
        drop(queue);
        self.arrived.notify_one();
    }

    /// Tells the senders of messages that the uplink is closed.
    pub(crate) fn refuse(&self, items: Vec<Item>) {
        refuse_all(items, &going_away());
    }

    /// Takes nothing more; what is queued is still appended.
    pub(crate) fn close(&self) {
        self.queue.lock().closed = true;
        self.room.close();
        self.arrived.notify_one();
    }

    /// Appends what is queued, batch after batch, until the uplink is closed and empty.
    pub(crate) async fn run(self: Arc<Self>) {
        while let Some(items) = self.next().await {
            let (cost, busy) = (cost(&items), BUSY.contains(&items.len()));
            let took = self.append(items).await;
            self.room.add_permits(cost as usize);
            if busy {
                tokio::time::sleep((took * 2).clamp(*GATHER.start(), *GATHER.end())).await;
            }
        }
    }

    async fn next(&self) -> Option<Vec<Item>> {
        loop {
            {
                let mut queue = self.queue.lock();
                if queue.items.len() > self.batch {
                    let rest = queue.items.split_off(self.batch);
                    return Some(mem::replace(&mut queue.items, rest));
                }
                if !queue.items.is_empty() {
                    return Some(mem::take(&mut queue.items));
                }
                if queue.closed {
                    return None;
                }
            }
            self.arrived.notified().await;
        }
    }

    /// Returns how long the log took.
    async fn append(&self, items: Vec<Item>) -> Duration {
        metrics::histogram!("gateway_uplink_batch_messages").record(items.len() as f64);
        metrics::gauge!("gateway_uplink_waiting_messages").set(self.queue.lock().items.len() as f64);
        let started = self.clock.monotonic();
        let (mut waiting, mut batch) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
        let mut spans = Vec::new();
        for Item {
            connection,
            request_id,
            client_message_id,
            upstream,
            span,
        } in items
        {
            spans.extend(span);
            waiting.push((connection, request_id, client_message_id));
            batch.push(upstream);
        }
        // before anybody can learn of them from the log
        expect(&mut waiting);
        let mut hop = trace::batch_of("gateway.append", spans.iter().map(Span::context));
        let appended = TraceContext::within(hop.context(), self.producer.append(batch)).await;
        if let Some(hop) = &mut hop {
            hop.note("batch.size", waiting.len() as u64);
            if let Err(failure) = &appended {
                hop.fail(failure.spec().name);
            }
        }
        drop(hop);
        let took = self.clock.monotonic().saturating_sub(started);
        metrics::histogram!("gateway_uplink_append_seconds").record(took.as_secs_f64());
        if let Err(failure) = &appended {
            tracing::warn!(
                messages = waiting.len(),
                error = failure as &dyn std::error::Error,
                "append failed, senders are told"
            );
            metrics::counter!("gateway_uplink_failed_total").increment(waiting.len() as u64);
        }
        let refusal = appended.err().map(|failure| {
            let reason = if failure.spec().retryable {
                failure.reason()
            } else {
                Reason::Unavailable
            };
            Failure::new(reason, "the message is not accepted, send it again with the same id")
        });
        match refusal {
            None => self.accept(waiting),
            Some(refusal) => refuse_waiting(waiting, &refusal),
        }
        took
    }

    /// Tells senders that their messages are accepted: at once, or, if there are many, with what comes next.
    fn accept(&self, waiting: Vec<Waiting>) {
        let connections = waiting.chunk_by(|(one, ..), (next, ..)| one.id == next.id).count();
        let unhurried = self.receipts.crowd(connections, self.clock.monotonic());
        let mut company = Vec::new();
        answer(waiting, None, |connection, encoded, frames| {
            if !unhurried {
                connection.outbox.copy(encoded, frames);
                connection.outbox.wake();
            } else if connection.outbox.copy_unhurried(encoded, frames) {
                company.push(Arc::clone(connection));
            }
        });
        self.receipts.gather(company);
    }
}

type Waiting = (Arc<Connection>, u64, String);

/// Makes these messages wait for their answers, and puts those of a connection side by side.
fn expect(waiting: &mut [Waiting]) {
    // stable: messages of a connection keep their order
    waiting.sort_by_key(|(connection, ..)| connection.id);
    for own in waiting.chunk_by(|(one, ..), (next, ..)| one.id == next.id) {
        own[0].0.pending.hold(|pending| {
            for (_, request_id, client_message_id) in own {
                pending.add(*request_id, client_message_id);
            }
        });
    }
}

/// One `push` a connection, of what nobody has answered yet: encoded frames, and how many.
fn answer(waiting: Vec<Waiting>, refusal: Option<&Failure>, mut push: impl FnMut(&Arc<Connection>, &[u8], usize)) {
    let mut encoded = Vec::new();
    let mut waiting = waiting.into_iter().peekable();
    while let Some(first) = waiting.next() {
        encoded.clear();
        let connection = Arc::clone(&first.0);
        connection.pending.hold(|pending| {
            let mut frames = 0;
            let mut next = Some(first);
            while let Some((_, request_id, client_message_id)) = next {
                if pending.take(request_id, &client_message_id) {
                    frames += 1;
                    let reply = reply(request_id, client_message_id, refusal);
                    connection.outbox.wire().encode(&reply, &mut encoded);
                }
                next = waiting.next_if(|(next, ..)| next.id == connection.id);
            }
            // before it is let go: who finds nothing to answer may go on to what became of the messages
            if frames > 0 {
                push(&connection, &encoded, frames);
            }
        });
    }
}

fn refuse_waiting(waiting: Vec<Waiting>, failure: &Failure) {
    answer(waiting, Some(failure), |connection, encoded, frames| {
        connection.outbox.copy(encoded, frames);
        connection.outbox.wake();
    });
}

fn reply(request_id: u64, client_message_id: String, refusal: Option<&Failure>) -> ServerFrame {
    match refusal {
        Some(failure) => error::frame(request_id, failure),
        None => ServerFrame {
            request_id,
            ..ServerFrame::from(Accepted {
                client_message_id,
                ..Default::default()
            })
        },
    }
}

fn refuse_all(items: Vec<Item>, failure: &Failure) {
    let mut waiting: Vec<Waiting> = items
        .into_iter()
        .map(|item| (item.connection, item.request_id, item.client_message_id))
        .collect();
    expect(&mut waiting);
    refuse_waiting(waiting, failure);
}

fn going_away() -> Failure {
    Failure::new(Reason::GoingAway, "")
}

fn cost(items: &[Item]) -> u32 {
    items
        .iter()
        .map(|item| OVERHEAD + item.upstream.encoded_len())
        .sum::<usize>() as u32
}

#[cfg(test)]
mod tests;
