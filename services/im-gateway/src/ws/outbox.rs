//! What a connection has yet to write: encoded frames, a bound, and whatever else its task must know.
//!
//! Anybody may put frames in at any time without waiting; only the connection's own task takes them out. Small frames are copied into one
//! buffer, so that many of them become one WebSocket message; what many connections get alike is shared. An empty outbox owns no memory but its
//! own.

use crate::wire::Wire;
use bytes::Bytes;
use im_infra::trace::Span;
use im_schema::{failure::Failure, parlance::Reason, v1::ServerFrame};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// About how large a WebSocket message gets before another one is begun. Larger ones save nothing and make the connection's write buffer,
/// which never shrinks, as large.
pub(crate) const MESSAGE_BYTES: usize = 16 * 1024;

/// How much may wait in an outbox before its connection is closed as a slow consumer. What is being written just now is not counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutboxLimits {
    /// Bytes of encoded frames.
    pub(crate) bytes: usize,
    /// Number of frames.
    pub(crate) frames: usize,
}

/// With which code and text a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Close {
    pub(crate) code: u16,
    pub(crate) text: &'static str,
}

impl From<Reason> for Close {
    fn from(reason: Reason) -> Self {
        let spec = reason.spec();
        // a reason without a close code of its own never ends a connection by itself
        let code = if spec.close == 0 { 1011 } else { spec.close };
        Self { code, text: spec.name }
    }
}

/// What the connection's task has to do now.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Encoded frames, in order.
    pub(crate) chunks: Vec<Bytes>,
    /// Whether to ping.
    pub(crate) ping: bool,
    /// Whether to close after that.
    pub(crate) close: Option<Close>,
    /// They end when the frames are written.
    pub(crate) spans: Vec<Span>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    changed: Notify,
    wire: Wire,
    limits: OutboxLimits,
}

#[derive(Debug, Default)]
struct Queue {
    chunks: Vec<Bytes>,
    // behind the chunks, still growing
    open: Vec<u8>,
    bytes: usize,
    frames: usize,
    // somebody was told to wake the task
    waking: bool,
    ping: bool,
    close: Option<Close>,
    // of frames that are here, where their traces are recorded
    spans: Vec<Span>,
    // the close was handed out: nothing more will be written
    shut: bool,
}

impl Outbox {
    pub(crate) fn new(wire: Wire, limits: OutboxLimits) -> Self {
        Self {
            queue: Mutex::default(),
            changed: Notify::new(),
            wire,
            limits,
        }
    }

    pub(crate) fn wire(&self) -> Wire {
        self.wire
    }

    /// Encodes a frame, puts it in and wakes the task.
    pub(crate) fn send(&self, frame: &ServerFrame) {
        let mut encoded = Vec::with_capacity(256);
        self.wire.encode(frame, &mut encoded);
        self.copy(&encoded, 1);
        self.wake();
    }

    /// Copies encoded frames in. The task sleeps on until [`Self::wake`]. `true` if the caller has to see to that: nobody else will.
    pub(crate) fn copy(&self, encoded: &[u8], frames: usize) -> bool {
        self.put(encoded.len(), frames, true, |queue, wire| queue.join(encoded, wire))
    }

    /// The same for frames that are in no hurry: whoever wakes the task for another reason takes them along. `true` if nothing had been waiting,
    /// so that the caller has to see to it that the task is woken some time.
    pub(crate) fn copy_unhurried(&self, encoded: &[u8], frames: usize) -> bool {
        self.put(encoded.len(), frames, false, |queue, wire| queue.join(encoded, wire))
    }

    /// Puts shared frames in. The task sleeps on until [`Self::wake`]. `true` if the caller has to see to that: nobody else will.
    pub(crate) fn share(&self, encoded: Bytes, frames: usize) -> bool {
        self.put(encoded.len(), frames, true, |queue, _| {
            queue.seal();
            queue.chunks.push(encoded);
        })
    }

    /// Has a span end when what is put in next has been written.
    pub(crate) fn record(&self, span: Span) {
        self.queue.lock().spans.push(span);
    }

    fn put(&self, bytes: usize, frames: usize, hurry: bool, add: impl FnOnce(&mut Queue, Wire)) -> bool {
        let mut queue = self.queue.lock();
        if queue.close.is_some() {
            return false;
        }
        if queue.bytes + bytes > self.limits.bytes || queue.frames + frames > self.limits.frames {
            self.overflow(&mut queue);
            return true;
        }
        let first = !queue.waking && (hurry || queue.frames == 0);
        queue.waking |= hurry;
        queue.bytes += bytes;
        queue.frames += frames;
        add(&mut queue, self.wire);
        first
    }

    /// The client resumes from what it has: what waits here is dropped.
    fn overflow(&self, queue: &mut Queue) {
        metrics::counter!("gateway_outbox_overflows_total").increment(1);
        *queue = Queue {
            ping: queue.ping,
            ..Queue::default()
        };
        queue.end(self.wire, &Failure::new(Reason::SlowConsumer, ""));
    }

    /// Tells why, then closes the connection. What was put in before is written first; nothing can be put in after.
    pub(crate) fn fail(&self, failure: &Failure) {
        let mut queue = self.queue.lock();
        if queue.close.is_none() {
            queue.end(self.wire, failure);
        }
        drop(queue);
        self.wake();
    }

    /// Closes the connection without an error frame. What was put in before is written first; nothing can be put in after.
    pub(crate) fn finish(&self, reason: Reason) {
        self.queue.lock().close.get_or_insert_with(|| reason.into());
        self.wake();
    }

    /// Has the task send a ping.
    pub(crate) fn ping(&self) {
        self.queue.lock().ping = true;
        self.wake();
    }

    /// Wakes the connection's task.
    pub(crate) fn wake(&self) {
        self.changed.notify_one();
    }

    /// Waits for [`Self::wake`], if there was none since the last wait. Cancel safe.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Whether the connection is to be closed.
    pub(crate) fn is_closing(&self) -> bool {
        self.queue.lock().close.is_some()
    }

    /// Everything there is to do now, or `None`. The close is handed out once, with the last frames.
    pub(crate) fn take(&self) -> Option<Batch> {
        let mut queue = self.queue.lock();
        let close = if queue.shut { None } else { queue.close };
        if queue.frames == 0 && !queue.ping && close.is_none() {
            return None;
        }
        queue.seal();
        queue.shut = close.is_some();
        queue.bytes = 0;
        queue.frames = 0;
        queue.waking = false;
        Some(Batch {
            chunks: std::mem::take(&mut queue.chunks),
            ping: std::mem::take(&mut queue.ping),
            close,
            spans: std::mem::take(&mut queue.spans),
        })
    }
}

impl Queue {
    fn join(&mut self, encoded: &[u8], wire: Wire) {
        wire.join(encoded, &mut self.open);
        if self.open.len() >= MESSAGE_BYTES {
            self.seal();
        }
    }

    fn seal(&mut self) {
        if !self.open.is_empty() {
            self.chunks.push(Bytes::from(std::mem::take(&mut self.open)));
        }
    }

    fn end(&mut self, wire: Wire, failure: &Failure) {
        let mut encoded = Vec::new();
        wire.encode(&crate::error::frame(0, failure), &mut encoded);
        wire.join(&encoded, &mut self.open);
        self.frames += 1;
        self.bytes += encoded.len();
        self.close = Some(failure.reason().into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(wire: Wire, bytes: usize, frames: usize) -> Outbox {
        Outbox::new(wire, OutboxLimits { bytes, frames })
    }

    #[test]
    fn what_is_in_no_hurry_waits_for_company_and_never_holds_others_up() {
        let outbox = outbox(Wire::Binary, 100, 10);
        assert!(outbox.copy_unhurried(b"one", 1), "the first one has to be seen to");
        assert!(!outbox.copy_unhurried(b"two", 1), "the next ones ride along");
        assert!(outbox.copy(b"now", 1), "what is in a hurry wakes the task all the same");
        assert!(!outbox.copy(b"now", 1));
        assert!(!outbox.copy_unhurried(b"six", 1));
        assert_eq!(outbox.take().expect("frames wait").chunks.concat(), b"onetwonownowsix");
        assert!(outbox.copy_unhurried(b"one", 1));
    }

    #[test]
    fn frames_that_wait_become_one_message() {
        let outbox = outbox(Wire::Text, 1_000, 10);
        assert!(outbox.copy(b"one", 1));
        assert!(!outbox.copy(b"two", 1));
        assert_eq!(outbox.take().unwrap().chunks, ["one\ntwo"]);
        assert!(outbox.take().is_none());
    }

    #[test]
    fn order_is_kept_between_copied_and_shared_frames() {
        let outbox = outbox(Wire::Binary, 1_000, 10);
        outbox.copy(b"a", 1);
        outbox.share(Bytes::from_static(b"b"), 1);
        outbox.copy(b"c", 1);
        outbox.copy(b"d", 1);
        assert_eq!(outbox.take().unwrap().chunks, ["a", "b", "cd"]);
    }

    #[test]
    fn a_full_outbox_closes_its_connection_and_forgets_what_waited() {
        for (bytes, frames) in [(10, 100), (1_000, 3)] {
            let outbox = outbox(Wire::Text, bytes, frames);
            for _ in 0..4 {
                outbox.copy(b"123", 1);
            }
            let batch = outbox.take().unwrap();
            assert_eq!(
                batch.close,
                Some(Close {
                    code: 4408,
                    text: "SLOW_CONSUMER"
                })
            );
            assert_eq!(batch.chunks.len(), 1);
            assert!(batch.chunks[0].windows(13).any(|part| part == b"SLOW_CONSUMER"));
            outbox.copy(b"123", 1);
            assert!(outbox.take().is_none());
        }
    }

    #[test]
    fn the_first_reason_to_close_stands_and_is_told_once() {
        let outbox = outbox(Wire::Binary, 1_000, 10);
        outbox.copy(b"last", 1);
        outbox.finish(Reason::GoingAway);
        outbox.fail(&Failure::new(Reason::TokenExpired, ""));
        let batch = outbox.take().unwrap();
        assert_eq!(
            (batch.chunks, batch.close),
            (vec![Bytes::from_static(b"last")], Some(Reason::GoingAway.into()))
        );
        assert!(outbox.take().is_none());
    }

    #[test]
    fn messages_stay_moderate_and_an_empty_outbox_owns_nothing() {
        let outbox = outbox(Wire::Binary, 1 << 20, 10_000);
        for _ in 0..1_000 {
            outbox.copy(&[7; 100], 1);
        }
        let chunks = outbox.take().unwrap().chunks;
        assert!(chunks.iter().all(|chunk| chunk.len() < MESSAGE_BYTES + 100));
        assert_eq!(chunks.iter().map(Bytes::len).sum::<usize>(), 100_000);
        let queue = outbox.queue.lock();
        assert_eq!((queue.open.capacity(), queue.chunks.capacity()), (0, 0));
    }
}
