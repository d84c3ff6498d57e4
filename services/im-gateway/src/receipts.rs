//! `stored` receipts that wait for company.
//!
//! Their sender knows already that the message is durable, and a write of its own is the dearest thing about a receipt. So while the gateway
//! is busy receipts ride on the connection's next frame, and for at most [`PATIENCE`]; when it is quiet they go at once.

use crate::ws::connection::Connection;
use parking_lot::Mutex;
use std::{mem, sync::Arc, time::Duration};
use tokio::sync::Notify;

/// How long a receipt waits at most.
const PATIENCE: Duration = Duration::from_millis(20);

/// The connections whose receipts wait.
#[derive(Default)]
pub(crate) struct Receipts {
    waiting: Mutex<Vec<Arc<Connection>>>,
    arrived: Notify,
}

impl Receipts {
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
