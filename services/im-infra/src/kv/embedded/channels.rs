//! Publish and subscribe.

use super::super::{Messages, Received};
use async_trait::async_trait;
use bytes::Bytes;
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
    open: Mutex<Option<HashMap<String, broadcast::Sender<Bytes>>>>,
}

impl Default for Channels {
    fn default() -> Self {
        Self {
            open: Mutex::new(Some(HashMap::new())),
        }
    }
}

impl Channels {
    pub(super) fn publish(&self, channel: &str, message: Bytes) {
        if let Some(sender) = self.open.lock().as_ref().and_then(|open| open.get(channel)) {
            // Nobody is there to receive it if the last subscriber is leaving right now.
            let _ = sender.send(message);
        }
    }

    pub(super) fn subscribe(self: &Arc<Self>, channel: &str) -> EmbeddedMessages {
        let mut open = self.open.lock();
        let receiver = open.as_mut().map(|open| match open.get(channel) {
            Some(sender) => sender.subscribe(),
            None => {
                let (sender, receiver) = broadcast::channel(CAPACITY);
                open.insert(channel.into(), sender);
                receiver
            }
        });
        EmbeddedMessages {
            channel: channel.into(),
            receiver,
            channels: Arc::downgrade(self),
        }
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
pub(super) struct EmbeddedMessages {
    channel: String,
    /// `None` if the engine was closed before.
    receiver: Option<broadcast::Receiver<Bytes>>,
    // Weak: a subscriber must not keep alive what tells it that the engine is gone.
    channels: Weak<Channels>,
}

#[async_trait]
impl Messages for EmbeddedMessages {
    async fn next(&mut self) -> Option<Received> {
        match self.receiver.as_mut()?.recv().await {
            Ok(message) => Some(Received::Message(message)),
            Err(RecvError::Lagged(_)) => Some(Received::Missed),
            Err(RecvError::Closed) => None,
        }
    }
}

impl Drop for EmbeddedMessages {
    fn drop(&mut self) {
        // First, so that the last one to leave finds nobody.
        self.receiver = None;
        if let Some(channels) = self.channels.upgrade() {
            channels.leave(&self.channel);
        }
    }
}
