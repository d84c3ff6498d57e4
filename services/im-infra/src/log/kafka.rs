//! The log on Kafka: one idempotent producer, and a consumer for each subscription.
//!
//! What it promises, and what the brokers have to do for it, is in the README beside this file.

mod browse;
mod errors;
mod inspect;
mod member;
mod options;
mod produce;
mod stream;
#[cfg(test)]
mod tests;
mod topics;

pub use self::{
    inspect::{KafkaState, TopicState, inspect},
    options::KafkaOptions,
};

use self::{
    member::{Member, Streams},
    produce::Appender,
    topics::{Quiet, Topics},
};
use super::{Append, Log, LogError, MAX_RECORD_BYTES, PartitionStream, Record, Subscription, TopicSpec};
use async_trait::async_trait;
use parking_lot::Mutex;
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::KafkaError,
};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// A broker that does not answer a question for so long is away.
const HEALTH: Duration = Duration::from_secs(3);

/// A log on Kafka.
pub struct KafkaLog {
    options: KafkaOptions,
    appender: Appender,
    topics: Topics,
    members: Mutex<Vec<(Arc<Member>, JoinHandle<()>)>>,
    /// Clients that ask for the offsets of a group.
    onlookers: Mutex<HashMap<String, Arc<BaseConsumer<Quiet>>>>,
    closed: AtomicBool,
    closing: tokio::sync::Mutex<()>,
    meters: Meters,
}

struct Meters {
    append_seconds: metrics::Histogram,
    append_records: metrics::Counter,
    append_bytes: metrics::Counter,
}

impl KafkaLog {
    /// Makes the clients. Does not wait for a broker: what needs one says so when it is called.
    ///
    /// # Errors
    /// If librdkafka refuses the options.
    pub fn new(options: KafkaOptions) -> Result<Self, LogError> {
        Ok(Self {
            appender: Appender::new(&options).map_err(errors::unavailable)?,
            options,
            topics: Topics::default(),
            members: Mutex::new(Vec::new()),
            onlookers: Mutex::new(HashMap::new()),
            closed: AtomicBool::new(false),
            closing: tokio::sync::Mutex::new(()),
            meters: Meters {
                append_seconds: metrics::histogram!("log_append_seconds"),
                append_records: metrics::counter!("log_append_records"),
                append_bytes: metrics::counter!("log_append_bytes"),
            },
        })
    }

    async fn partitions(&self, topic: &str) -> Result<Option<u32>, LogError> {
        let client = self.appender.client();
        self.topics
            .partitions(&client, self.options.delivery_timeout, topic)
            .await
    }

    /// Refuses a batch with a record that cannot be appended, before any of it is.
    async fn check(&self, batch: &[Append]) -> Result<(), LogError> {
        for record in batch {
            let size = record.payload.len();
            if size > MAX_RECORD_BYTES {
                let limit = MAX_RECORD_BYTES;
                return Err(LogError::TooLarge { size, limit });
            }
            if self
                .partitions(&record.topic)
                .await?
                .is_none_or(|count| record.partition >= count)
            {
                return Err(unknown(&record.topic, record.partition));
            }
        }
        Ok(())
    }

    fn open(&self) -> Result<(), LogError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(LogError::Closed);
        }
        Ok(())
    }

    fn onlooker(&self, group: &str) -> Result<Arc<BaseConsumer<Quiet>>, LogError> {
        let mut onlookers = self.onlookers.lock();
        if let Some(client) = onlookers.get(group) {
            return Ok(Arc::clone(client));
        }
        let client = self.options.onlooker(group).create_with_context(Quiet);
        let client = Arc::new(client.map_err(errors::unavailable)?);
        onlookers.insert(group.to_owned(), Arc::clone(&client));
        Ok(client)
    }

    /// Has the members that are here send what they have committed.
    async fn send_commits(&self, topic: &str, group: &str) -> Result<(), LogError> {
        let members: Vec<_> = {
            let members = self.members.lock();
            let concerned = members
                .iter()
                .filter(|(member, _)| *member.topic == *topic && *member.group == *group);
            concerned.map(|(member, _)| Arc::clone(member)).collect()
        };
        errors::blocking(move || {
            for member in members {
                if let Some(client) = member.client() {
                    member.send_commits(&client);
                }
            }
            Ok(())
        })
        .await
    }
}

fn unknown(topic: &str, partition: u32) -> LogError {
    LogError::UnknownPartition {
        topic: topic.into(),
        partition,
    }
}

#[async_trait]
impl Log for KafkaLog {
    async fn create_topic(&self, topic: &TopicSpec) -> Result<(), LogError> {
        self.open()?;
        self.topics.create(&self.appender.client(), &self.options, topic).await
    }

    async fn append(&self, batch: Vec<Append>) -> Result<(), LogError> {
        self.open()?;
        if batch.is_empty() {
            return Ok(());
        }
        let started = Instant::now();
        self.check(&batch).await?;
        let appended = self.appender.append(&batch).await;
        if let Err(LogError::UnknownPartition { topic, .. }) = &appended {
            self.topics.forget(topic);
        }
        appended?;
        self.meters.append_seconds.record(started.elapsed());
        self.meters.append_records.increment(batch.len() as u64);
        let bytes = batch.iter().map(|record| record.payload.len() as u64).sum();
        self.meters.append_bytes.increment(bytes);
        Ok(())
    }

    async fn subscribe(&self, topic: &str, group: &str) -> Result<Box<dyn Subscription>, LogError> {
        self.open()?;
        if self.partitions(topic).await?.is_none() {
            return Err(unknown(topic, 0));
        }
        let (member, streams) = Member::new(topic, group, self.topics.durability(topic));
        let client = self.options.member(group).create_with_context(member);
        let (member, thread) = client.and_then(Member::join).map_err(errors::unavailable)?;
        let mut members = self.members.lock();
        members.retain(|(_, thread)| !thread.is_finished());
        members.push((Arc::clone(&member), thread));
        Ok(Box::new(Membership { member, streams }))
    }

    async fn lag(&self, topic: &str, group: &str) -> Result<u64, LogError> {
        self.open()?;
        let partitions = self.partitions(topic).await?.ok_or_else(|| unknown(topic, 0))?;
        self.send_commits(topic, group).await?;
        let (client, topic) = (self.onlooker(group)?, topic.to_owned());
        let patience = self.options.delivery_timeout;
        errors::blocking(move || {
            let mut asked = TopicPartitionList::new();
            asked.add_partition_range(&topic, 0, partitions as i32 - 1);
            let mut lag = 0;
            for found in client.committed_offsets(asked, patience)?.elements() {
                found.error()?;
                let (start, end) = client.fetch_watermarks(&topic, found.partition(), patience)?;
                let committed = match found.offset() {
                    Offset::Offset(offset) => offset,
                    _ => start,
                };
                lag += (end - committed).max(0) as u64;
            }
            Ok::<_, KafkaError>(lag)
        })
        .await
    }

    async fn health(&self) -> Result<(), LogError> {
        self.open()?;
        self.appender.look(HEALTH).await
    }

    async fn browse(&self, topic: &str, partition: u32, from: u64, max_bytes: usize) -> Result<Vec<Record>, LogError> {
        self.open()?;
        if self.partitions(topic).await?.is_none_or(|count| partition >= count) {
            return Err(unknown(topic, partition));
        }
        browse::records(&self.options, topic, partition, from, max_bytes).await
    }

    async fn close(&self) {
        let _only = self.closing.lock().await;
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        self.appender.flush().await;
        let members = std::mem::take(&mut *self.members.lock());
        let onlookers = std::mem::take(&mut *self.onlookers.lock());
        members.iter().for_each(|(member, _)| member.close());
        let ended = tokio::task::spawn_blocking(move || {
            drop(onlookers);
            members.into_iter().all(|(_, thread)| thread.join().is_ok())
        });
        if !matches!(ended.await, Ok(true)) {
            tracing::error!("a kafka consumer failed while it was closed");
        }
    }
}

/// A member of a group, for its user.
struct Membership {
    member: Arc<Member>,
    streams: Streams,
}

#[async_trait]
impl Subscription for Membership {
    async fn assigned(&mut self) -> Option<Box<dyn PartitionStream>> {
        self.streams.recv().await
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.member.leave();
    }
}
