//! Typed topics: what the schema says of a topic, on the log.
//!
//! * [`create`] and [`create_for`] make the topics of the schema on a log; [`name_for`] is how those are named that each instance has for itself.
//! * [`Outbox`] gathers messages of any topics for one append: messages of one partition share records, since the cost of a log follows
//!   its records. [`Producer`] is the same for one type.
//! * [`Consumer`] reads one topic as a group and hands batches to a [`Handler`]; what fails comes again in its place or, where the schema says so,
//!   from a topic for retries.
//! * [`letters`]: what could not be handled, for people who look at it and put it back.

mod consume;
mod lag;
pub mod letters;

pub use consume::{Consumer, Handler};

use crate::log::{Append, Durability, Log, LogError, TopicSpec, partition_of};
use bytes::{BufMut as _, Bytes, BytesMut};
use im_schema::{
    failure::Failure,
    parlance::Reason,
    topic::{Topic, TopicPayload},
    topics::TOPICS,
};
use prost::encoding::encode_varint;
use std::{marker::PhantomData, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// So long a log that is away is waited for when a topic is to be created; a call that is under way then is waited for all the same.
const PATIENCE: Duration = Duration::from_secs(30);
/// The pause until it is tried again.
const AGAIN: Duration = Duration::from_millis(500);
/// A record is closed once it has so many bytes: small enough to be read in steps, large enough that its own cost does not show.
const RECORD_BYTES: usize = 256 * 1024;

/// Creates all topics of the schema that instances share, those for retries among them. Idempotent. A log that is away may be starting as well: it is waited for, half a minute
/// for each topic.
///
/// # Errors
/// `UNAVAILABLE` if the log stays away; `INTERNAL` if a topic stands there with another number of partitions.
pub async fn create(log: &dyn Log) -> Result<(), Failure> {
    for topic in TOPICS.iter().filter(|topic| !topic.per_instance) {
        for name in [Some(topic.name), topic.retry.map(|retry| retry.name)]
            .into_iter()
            .flatten()
        {
            make(log, &spec(topic, name)).await?;
        }
    }
    Ok(())
}

/// Creates an instance's own topic for messages of type `T`. Idempotent.
///
/// # Errors
/// As [`create`].
pub async fn create_for<T: TopicPayload>(log: &dyn Log, instance: &str) -> Result<(), Failure> {
    make(log, &spec(T::TOPIC, &name_for::<T>(instance))).await
}

async fn make(log: &dyn Log, topic: &TopicSpec) -> Result<(), Failure> {
    let until = Instant::now() + PATIENCE;
    loop {
        let failure = match log.create_topic(topic).await {
            Ok(()) => return Ok(()),
            Err(error) => failure(error),
        };
        if !failure.spec().retryable || Instant::now() >= until {
            return Err(failure);
        }
        tracing::warn!(topic = %topic.name, error = &failure as &dyn std::error::Error, "topic not created yet");
        sleep(AGAIN).await;
    }
}

/// Name of an instance's own topic for messages of type `T`.
#[must_use]
pub fn name_for<T: TopicPayload>(instance: &str) -> String {
    format!("{}.{instance}", T::TOPIC.name)
}

fn spec(topic: &Topic, name: &str) -> TopicSpec {
    TopicSpec {
        name: name.into(),
        partitions: topic.partitions,
        retention_ms: topic.retention_ms,
        durability: if topic.durable {
            Durability::Disk
        } else {
            Durability::Memory
        },
    }
}

/// What a failure of the log means to who calls this process.
#[must_use]
pub fn failure(error: LogError) -> Failure {
    let reason = match error {
        LogError::Unavailable(_) | LogError::Dropped { .. } | LogError::Closed => Reason::Unavailable,
        LogError::TooLarge { .. } => Reason::TooLarge,
        LogError::UnknownPartition { .. } | LogError::PartitionsDiffer { .. } => Reason::Internal,
    };
    Failure::new(reason, "").caused_by(Arc::new(error) as Arc<dyn std::error::Error + Send + Sync>)
}

/// Messages of any topics, packed for one append. Within a partition they keep the order in which they were added.
#[derive(Default)]
pub struct Outbox {
    open: Vec<Open>,
    closed: Vec<Append>,
}

/// The record that a partition is filling.
struct Open {
    topic: &'static Topic,
    instance: Option<Box<str>>,
    name: Arc<str>,
    partition: u32,
    buffer: BytesMut,
}

impl Outbox {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is nothing to append.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty() && self.closed.is_empty()
    }

    /// Adds a message for a shared topic; its key says for which partition.
    pub fn add<T: TopicPayload>(&mut self, message: &T) {
        let partition = partition_of(message.key(), T::TOPIC.partitions);
        let open = self.open(T::TOPIC, None, partition);
        put(&mut self.open[open].buffer, message);
        self.close_if_full(open);
    }

    /// Adds a message for an instance's own topic.
    pub fn add_for<T: TopicPayload>(&mut self, instance: &str, message: &T) {
        let open = self.open(T::TOPIC, Some(instance), 0);
        put(&mut self.open[open].buffer, message);
        self.close_if_full(open);
    }

    /// Adds a message of type `T` for an instance's own topic whose encoding is that of `parts`, one behind the other. In protobuf that is the
    /// message that has the fields of all of them: what is equal for many instances is encoded once.
    pub fn add_parts_for<T: TopicPayload>(&mut self, instance: &str, parts: &[&[u8]]) {
        let open = self.open(T::TOPIC, Some(instance), 0);
        let buffer = &mut self.open[open].buffer;
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        buffer.reserve(length + 10);
        encode_varint(length as u64, buffer);
        for part in parts {
            buffer.put_slice(part);
        }
        self.close_if_full(open);
    }

    /// Appends everything, all at once. An instance's topic that is not there is passed over: the instance is gone, and who looks for its
    /// messages will come back for them.
    ///
    /// # Errors
    /// `UNAVAILABLE` while the log is away: some of it may have been appended, all of it may be appended again.
    pub async fn append(mut self, log: &dyn Log) -> Result<(), Failure> {
        for open in self.open.drain(..).filter(|open| !open.buffer.is_empty()) {
            self.closed.push(Append {
                topic: open.name,
                partition: open.partition,
                payload: open.buffer.freeze(),
            });
        }
        while !self.closed.is_empty() {
            match log.append(self.closed.clone()).await {
                Ok(()) => break,
                Err(LogError::UnknownPartition { topic, .. }) if of_an_instance(&topic) => {
                    tracing::warn!(topic, "nobody reads there any more, its messages are dropped");
                    self.closed.retain(|append| *append.topic != topic);
                }
                Err(error) => return Err(failure(error)),
            }
        }
        Ok(())
    }

    /// Where the open record of a partition stands in `self.open`.
    fn open(&mut self, topic: &'static Topic, instance: Option<&str>, partition: u32) -> usize {
        let same = |open: &Open| {
            open.partition == partition && std::ptr::eq(open.topic, topic) && open.instance.as_deref() == instance
        };
        self.open.iter().position(same).unwrap_or_else(|| {
            let name = instance.map_or_else(
                || topic.name.into(),
                |instance| format!("{}.{instance}", topic.name).into(),
            );
            let instance = instance.map(Into::into);
            self.open.push(Open {
                topic,
                instance,
                name,
                partition,
                buffer: BytesMut::new(),
            });
            self.open.len() - 1
        })
    }

    fn close_if_full(&mut self, open: usize) {
        let open = &mut self.open[open];
        if open.buffer.len() >= RECORD_BYTES {
            let payload: Bytes = std::mem::take(&mut open.buffer).freeze();
            self.closed.push(Append {
                topic: Arc::clone(&open.name),
                partition: open.partition,
                payload,
            });
        }
    }
}

fn put(buffer: &mut BytesMut, message: &impl prost::Message) {
    let length = message.encoded_len();
    buffer.reserve(length + 10);
    encode_varint(length as u64, buffer);
    message.encode(buffer).expect("a growing buffer has room");
}

fn of_an_instance(name: &str) -> bool {
    TOPICS
        .iter()
        .any(|topic| topic.per_instance && name.strip_prefix(topic.name).is_some_and(|rest| rest.starts_with('.')))
}

/// Appends messages of one type.
pub struct Producer<T> {
    log: Arc<dyn Log>,
    messages: PhantomData<fn(T)>,
}

impl<T: TopicPayload> Producer<T> {
    /// A producer of the topic that `T` is the payload of. The topic must have been created.
    #[must_use]
    pub fn new(log: Arc<dyn Log>) -> Self {
        Self {
            log,
            messages: PhantomData,
        }
    }

    /// Appends messages to a shared topic and returns when they are durable. Messages of one key keep their order.
    ///
    /// # Errors
    /// `UNAVAILABLE` while the log is away: some of it may have been appended, all of it may be appended again.
    pub async fn append(&self, messages: Vec<T>) -> Result<(), Failure> {
        let mut outbox = Outbox::new();
        messages.iter().for_each(|message| outbox.add(message));
        outbox.append(&*self.log).await
    }

    /// Appends messages to an instance's own topic, in order.
    ///
    /// # Errors
    /// As [`Producer::append`].
    pub async fn append_for(&self, instance: &str, messages: Vec<T>) -> Result<(), Failure> {
        let mut outbox = Outbox::new();
        messages.iter().for_each(|message| outbox.add_for(instance, message));
        outbox.append(&*self.log).await
    }
}

impl<T> Clone for Producer<T> {
    fn clone(&self) -> Self {
        Self {
            log: Arc::clone(&self.log),
            messages: PhantomData,
        }
    }
}

#[cfg(test)]
mod tests;
