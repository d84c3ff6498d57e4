//! Receipts, `accepted` and `stored`, that wait for company.
//!
//! A write of its own, and the client's read of it, are the dearest things about a receipt. So while the gateway is busy receipts ride on the
//! connection's next frame, or are written when its next message has been read, and wait for that for at most [`PATIENCE`]. When it is quiet they go at
//! once. A client may hold its next message back until it knows that this one is accepted, so `accepted` waits only for [`CROWD`]s: then
//! those who wait are enough to keep the machine busy.

use crate::ws::connection::Connection;
use parking_lot::Mutex;
use std::{mem, sync::Arc, time::Duration};
use tokio::sync::Notify;

/// How long a receipt waits at most.
const PATIENCE: Duration = Duration::from_millis(20);
/// From so many connections on that get `accepted` within [`PATIENCE`] it waits. One by one they would take about a tenth of a core here and as
/// much of one at the clients.
pub(crate) const CROWD: usize = 200;

/// The connections whose receipts wait.
#[derive(Debug, Default)]
pub(crate) struct Receipts {
    waiting: Mutex<Vec<Arc<Connection>>>,
    arrived: Notify,
    crowd: Mutex<Crowd>,
}

/// How many connections got `accepted` of late.
#[derive(Debug, Default)]
struct Crowd {
    since: Duration,
    count: usize,
    before: usize,
}

impl Crowd {
    /// Counts some more. Whether there are many.
    fn add(&mut self, connections: usize, now: Duration) -> bool {
        let passed = now.saturating_sub(self.since);
        if passed >= PATIENCE {
            self.before = if passed < 2 * PATIENCE { self.count } else { 0 };
            self.count = 0;
            self.since = now;
        }
        self.count += connections;
        self.before.max(self.count) >= CROWD
    }
}

impl Receipts {
    /// Takes note that so many connections are about to get `accepted`, at this time of the monotonic clock. Whether that should wait for company.
    pub(crate) fn crowd(&self, connections: usize, now: Duration) -> bool {
        self.crowd.lock().add(connections, now)
    }

    /// Sees to it that these connections are woken in time.
    pub(crate) fn gather(&self, connections: Vec<Arc<Connection>>) {
        if connections.is_empty() {
            return;
        }
        self.waiting.lock().extend(connections);
        self.arrived.notify_one();
    }

    /// Wakes connections when their time has come, for ever.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            self.arrived.notified().await;
            tokio::time::sleep(PATIENCE).await;
            for connection in mem::take(&mut *self.waiting.lock()) {
                connection.outbox.wake();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_many_within_a_moment() {
        let mut crowd = Crowd::default();
        let ms = Duration::from_millis;
        assert!(!crowd.add(CROWD - 1, ms(1_000)));
        assert!(crowd.add(1, ms(1_019)), "many are there by now");
        assert!(crowd.add(1, ms(1_021)), "many were there a moment ago");
        assert!(!crowd.add(1, ms(1_042)), "they have gone");
        assert!(crowd.add(CROWD, ms(1_043)));
        assert!(!crowd.add(1, ms(2_000)), "long ago");
    }
}
