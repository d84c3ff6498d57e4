//! Who is subscribed to what, in this process.

use super::{Messages, Received};
use async_trait::async_trait;
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};
use tokio::sync::broadcast::{self, error::RecvError};

/// A subscriber that is so many messages behind misses some.
const CAPACITY: usize = 1024;

/// The channels that have a subscriber.
pub(super) struct Channels {
    /// `None` once closed.
    open: Mutex<Option<HashMap<String, broadcast::Sender<Received>>>>,
}

impl Default for Channels {
    fn default() -> Self {
        Self {
            open: Mutex::new(Some(HashMap::new())),
        }
    }
}

impl Channels {
    pub(super) fn deliver(&self, channel: &str, received: Received) {
        if let Some(sender) = self.open.lock().as_ref().and_then(|open| open.get(channel)) {
            // Nobody is there to receive it if the last subscriber is leaving right now.
            let _ = sender.send(received);
        }
    }

    pub(super) fn subscribe(self: &Arc<Self>, channel: &str) -> Subscription {
        let mut open = self.open.lock();
        let receiver = open.as_mut().map(|open| match open.get(channel) {
            Some(sender) => sender.subscribe(),
            None => {
                let (sender, receiver) = broadcast::channel(CAPACITY);
                open.insert(channel.into(), sender);
                receiver
            }
        });
        Subscription {
            channel: channel.into(),
            receiver,
            channels: Arc::downgrade(self),
        }
    }

    /// The channels that somebody is subscribed to.
    #[cfg(feature = "redis")]
    pub(super) fn names(&self) -> std::collections::BTreeSet<String> {
        self.open.lock().iter().flat_map(HashMap::keys).cloned().collect()
    }

    pub(super) fn close(&self) {
        self.open.lock().take();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.open.lock().as_ref().map_or(0, HashMap::len)
    }

    /// Forgets the channel if nobody is left on it.
    fn leave(&self, channel: &str) {
        let mut open = self.open.lock();
        let Some(open) = open.as_mut() else { return };
        if open.get(channel).is_some_and(|sender| sender.receiver_count() == 0) {
            open.remove(channel);
        }
    }
}

/// One subscription.
pub(super) struct Subscription {
    channel: String,
    /// `None` if the engine was closed before.
    receiver: Option<broadcast::Receiver<Received>>,
    // Weak: a subscriber must not keep alive what tells it that the engine is gone.
    channels: Weak<Channels>,
}

#[async_trait]
impl Messages for Subscription {
    async fn next(&mut self) -> Option<Received> {
        match self.receiver.as_mut()?.recv().await {
            Ok(received) => Some(received),
            Err(RecvError::Lagged(_)) => Some(Received::Missed),
            Err(RecvError::Closed) => None,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // First, so that the last one to leave finds nobody.
        self.receiver = None;
        if let Some(channels) = self.channels.upgrade() {
            channels.leave(&self.channel);
        }
    }
}
