//! Topics: what is known of them, and making them.

use super::{KafkaOptions, errors, options::largest_message, produce::Client};
use crate::log::{Durability, LogError, TopicSpec};
use parking_lot::Mutex;
use rdkafka::{
    ClientConfig, ClientContext,
    admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication},
    config::RDKafkaLogLevel,
    consumer::ConsumerContext,
    error::{KafkaError, RDKafkaErrorCode},
    producer::Producer as _,
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

/// How long brokers may take to make a topic and find leaders for its partitions; busy ones take their time.
const CREATION: Duration = Duration::from_secs(30);
/// How soon it is looked whether a new topic has reached the brokers; the pause doubles with each look, since each asks for all topics.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// Bytes that a partition of a topic in memory holds at most, more or less.
const MEMORY_BYTES: usize = 64 << 20;
/// Bytes of its segments: what can be dropped at a time. No record may be larger.
const MEMORY_SEGMENT_BYTES: usize = 2 * crate::log::MAX_RECORD_BYTES;

/// What is known of the topics of the cluster.
#[derive(Default)]
pub(super) struct Topics {
    partitions: Mutex<HashMap<String, u32>>,
    memory: Mutex<HashSet<Arc<str>>>,
}

impl Topics {
    /// How many partitions a topic has; asks the brokers if it is not known yet. `None` if it does not exist.
    pub(super) async fn partitions(
        &self,
        client: &Arc<Client>,
        patience: Duration,
        topic: &str,
    ) -> Result<Option<u32>, LogError> {
        let known = self.partitions.lock().get(topic).copied();
        if known.is_some() {
            return Ok(known);
        }
        self.look(client, patience, topic).await?;
        Ok(self.partitions.lock().get(topic).copied())
    }

    /// Forgets a topic: it is no longer where it was.
    pub(super) fn forget(&self, topic: &str) {
        self.partitions.lock().remove(topic);
    }

    /// Whether records of a topic may be dropped before they are read.
    pub(super) fn durability(&self, topic: &str) -> Durability {
        if self.memory.lock().contains(topic) {
            Durability::Memory
        } else {
            Durability::Disk
        }
    }

    /// Creates a topic, or verifies the one that is there.
    pub(super) async fn create(
        &self,
        client: &Arc<Client>,
        options: &KafkaOptions,
        spec: &TopicSpec,
    ) -> Result<(), LogError> {
        let patience = options.delivery_timeout;
        if spec.durability == Durability::Memory {
            self.memory.lock().insert(Arc::clone(&spec.name));
        }
        if self.partitions(client, patience, &spec.name).await?.is_none() {
            admin(&options.client())?.make(spec, options).await?;
            self.appears(client, patience, &spec.name).await?;
        } else {
            admin(&options.client())?.compare_retention(spec).await?;
        }
        let actual = self.partitions(client, patience, &spec.name).await?.unwrap_or_default();
        if actual != spec.partitions {
            return Err(LogError::PartitionsDiffer {
                topic: spec.name.to_string(),
                actual,
                wanted: spec.partitions,
            });
        }
        Ok(())
    }

    /// Waits until all partitions of a new topic have a leader.
    async fn appears(&self, client: &Arc<Client>, patience: Duration, topic: &str) -> Result<(), LogError> {
        let appears = async {
            let mut pause = LOOK_AGAIN;
            while !self.look(client, patience, topic).await? {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(1));
            }
            Ok(())
        };
        let unavailable = |_| {
            LogError::Unavailable(Some(Arc::new(KafkaError::AdminOp(
                RDKafkaErrorCode::LeaderNotAvailable,
            ))))
        };
        tokio::time::timeout(CREATION, appears).await.map_err(unavailable)?
    }

    /// Asks for all topics: asking for one by its name might make it. Whether every partition of `topic` has a leader.
    async fn look(&self, client: &Arc<Client>, patience: Duration, topic: &str) -> Result<bool, LogError> {
        let client = Arc::clone(client);
        let metadata = errors::blocking(move || client.client().fetch_metadata(None, patience)).await?;
        let mut partitions = self.partitions.lock();
        let mut found = HashMap::new();
        let mut led = false;
        for seen in metadata.topics() {
            let count = seen.partitions().len() as u32;
            let sound = seen.error().is_none() && count > 0;
            // a topic in trouble is still there, with as many partitions as ever
            let known = if sound {
                Some(count)
            } else {
                partitions.get(seen.name()).copied()
            };
            found.extend(known.map(|count| (seen.name().to_owned(), count)));
            led |= sound && seen.name() == topic && seen.partitions().iter().all(|partition| partition.leader() >= 0);
        }
        *partitions = found;
        Ok(led)
    }
}

pub(super) struct Admin(pub(super) AdminClient<Quiet>);

/// Only made when it is needed: it has threads of its own.
pub(super) fn admin(config: &ClientConfig) -> Result<Admin, LogError> {
    config
        .create_with_context(Quiet)
        .map(Admin)
        .map_err(errors::unavailable)
}

impl Admin {
    async fn make(&self, spec: &TopicSpec, options: &KafkaOptions) -> Result<(), LogError> {
        let (retention, largest) = (spec.retention_ms.to_string(), largest_message().to_string());
        let (memory, segment) = (MEMORY_BYTES.to_string(), MEMORY_SEGMENT_BYTES.to_string());
        let replication = match options.replication {
            // the brokers' default
            0 => -1,
            copies => copies as i32,
        };
        let mut topic = NewTopic::new(&spec.name, spec.partitions as i32, TopicReplication::Fixed(replication))
            .set("retention.ms", &retention)
            .set("max.message.bytes", &largest);
        if spec.durability == Durability::Memory {
            topic = topic
                .set("retention.bytes", &memory)
                .set("segment.bytes", &segment)
                .set("segment.ms", &retention);
        }
        let asked = AdminOptions::new()
            .request_timeout(Some(CREATION))
            .operation_timeout(Some(CREATION));
        let answers = self
            .0
            .create_topics([&topic], &asked)
            .await
            .map_err(errors::unavailable)?;
        match answers.into_iter().next() {
            // another process was quicker
            None | Some(Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => Ok(()),
            Some(Err((_, code))) => Err(errors::unavailable(KafkaError::AdminOp(code))),
        }
    }

    /// Warns if a topic that is there keeps its records for a shorter time than was asked for.
    async fn compare_retention(&self, spec: &TopicSpec) -> Result<(), LogError> {
        let asked = AdminOptions::new();
        let answers = self
            .0
            .describe_configs([&ResourceSpecifier::Topic(&spec.name)], &asked)
            .await;
        let answer = answers.map_err(errors::unavailable)?.into_iter().next();
        let actual = answer
            .and_then(Result::ok)
            .and_then(|topic| topic.get("retention.ms")?.value.as_ref()?.parse::<i64>().ok());
        // below zero: for ever
        if let Some(actual) = actual.filter(|actual| (0..spec.retention_ms as i64).contains(actual)) {
            let (topic, wanted) = (&*spec.name, spec.retention_ms);
            tracing::warn!(
                topic,
                actual,
                wanted,
                "topic keeps its records for fewer milliseconds than the schema says"
            );
        }
        Ok(())
    }
}

/// For clients whose failures are answers to their calls.
pub(super) struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, subject: &str, line: &str) {
        errors::log(level, subject, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(reason, error = &error as &dyn std::error::Error, "kafka client");
    }
}

impl ConsumerContext for Quiet {}
