//! The one connection for messages: every channel that somebody in this process is subscribed to, and again after it broke.

use super::{
    super::{Received, channels::Channels},
    link::{LOOK_EVERY, RETRY_EVERY},
};
use crate::outage::Outage;
use bytes::Bytes;
use futures::StreamExt;
use redis::{
    Client, ErrorKind, Msg, RedisError, RedisResult,
    aio::{PubSubSink, PubSubStream},
};
use std::{collections::BTreeSet, future::Future, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval, timeout},
};

const PART: &str = "messages";

/// Somebody has subscribed to a channel and wants to know when its messages come.
pub(super) struct Ask {
    pub(super) channel: String,
    /// Dropped if that cannot be had now.
    pub(super) done: oneshot::Sender<()>,
}

/// Keeps the subscriptions, until nobody can ask any more.
pub(super) struct Subscriptions {
    /// One for each node that may be asked; any node of a cluster passes on the messages of all.
    pub(super) clients: Vec<Client>,
    pub(super) prefix: String,
    pub(super) timeout: Duration,
    pub(super) channels: Arc<Channels>,
    pub(super) asks: mpsc::Receiver<Ask>,
    pub(super) outage: Arc<Outage>,
}

impl Subscriptions {
    pub(super) async fn keep(mut self) {
        let mut turn = 0;
        // the channels whose subscribers have been told that their messages come
        let mut known = BTreeSet::new();
        loop {
            turn = (turn + 1) % self.clients.len();
            let outcome = match self.connect(turn, &mut known).await {
                Ok((sink, stream)) => self.serve(sink, stream, &mut known).await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(()) => return,
                Err(error) => self.outage.begins(PART, &error),
            }
            if !self.refuse_for(RETRY_EVERY).await {
                return;
            }
        }
    }

    async fn connect(&self, turn: usize, known: &mut BTreeSet<String>) -> RedisResult<(PubSubSink, PubSubStream)> {
        let pubsub = self.in_time(self.clients[turn].get_async_pubsub()).await?;
        let (mut sink, stream) = pubsub.split();
        let wanted = self.channels.names();
        known.retain(|channel| wanted.contains(channel));
        if !known.is_empty() {
            let names: Vec<_> = known.iter().map(|channel| self.name(channel)).collect();
            self.in_time(sink.subscribe(&names)).await?;
        }
        // what was published since the last connection broke is lost
        for channel in &*known {
            self.channels.deliver(channel, Received::Missed);
        }
        self.outage.ends(PART);
        Ok((sink, stream))
    }

    /// Ends well once nobody can ask any more.
    async fn serve(
        &mut self,
        mut sink: PubSubSink,
        mut stream: PubSubStream,
        known: &mut BTreeSet<String>,
    ) -> RedisResult<()> {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                // first, since they must not pile up
                message = stream.next() => match message {
                    Some(message) => self.deliver(&message),
                    None => return Err(RedisError::from((ErrorKind::Io, "the connection for messages broke"))),
                },
                ask = self.asks.recv() => match ask {
                    Some(ask) => {
                        if !known.contains(&ask.channel) {
                            self.in_time(sink.subscribe(self.name(&ask.channel))).await?;
                            known.insert(ask.channel);
                        }
                        // who does not wait any more has given up its subscription, and it is left below
                        let _ = ask.done.send(());
                    }
                    None => return Ok(()),
                },
                _ = look.tick() => {
                    self.in_time(sink.ping::<redis::Value>()).await?;
                    let wanted = self.channels.names();
                    let left: Vec<_> = known.extract_if(.., |channel| !wanted.contains(channel)).collect();
                    for left in left {
                        self.in_time(sink.unsubscribe(self.name(&left))).await?;
                    }
                }
            }
        }
    }

    fn deliver(&self, message: &Msg) {
        let name = message.get_channel_name();
        if let Some(channel) = name.strip_prefix(&*self.name("")) {
            let payload = Bytes::copy_from_slice(message.get_payload_bytes());
            self.channels.deliver(channel, Received::Message(payload));
        }
    }

    /// Turns down whoever asks meanwhile; `false` once nobody can.
    async fn refuse_for(&mut self, time: Duration) -> bool {
        let refuse_all = async { while self.asks.recv().await.is_some() {} };
        timeout(time, refuse_all).await.is_err()
    }

    fn name(&self, channel: &str) -> String {
        format!("{}:{channel}", self.prefix)
    }

    async fn in_time<T>(&self, work: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
        match timeout(self.timeout, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(RedisError::from((ErrorKind::Io, "no answer in time"))),
        }
    }
}
