//! A log that several deployments share: each sees its own topics and groups only.

use super::{Append, Log, LogError, Record, Subscription, TopicSpec};
use async_trait::async_trait;
use std::sync::Arc;

/// A log whose topics and groups have a prefix that their users do not see.
pub struct Prefixed {
    log: Arc<dyn Log>,
    prefix: Box<str>,
}

impl Prefixed {
    /// Puts `prefix` before the names of all topics and groups of `log`.
    #[must_use]
    pub fn new(log: Arc<dyn Log>, prefix: &str) -> Self {
        Self {
            log,
            prefix: prefix.into(),
        }
    }

    fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// An error that names topics as who gets it knows them.
    fn shown(&self, error: LogError) -> LogError {
        let own = |topic: String| topic.strip_prefix(&*self.prefix).map_or(topic.clone(), str::to_owned);
        match error {
            LogError::UnknownPartition { topic, partition } => LogError::UnknownPartition {
                topic: own(topic),
                partition,
            },
            LogError::PartitionsDiffer { topic, actual, wanted } => LogError::PartitionsDiffer {
                topic: own(topic),
                actual,
                wanted,
            },
            other => other,
        }
    }
}

#[async_trait]
impl Log for Prefixed {
    async fn create_topic(&self, topic: &TopicSpec) -> Result<(), LogError> {
        let topic = TopicSpec {
            name: self.name(&topic.name).into(),
            ..topic.clone()
        };
        self.log.create_topic(&topic).await.map_err(|error| self.shown(error))
    }

    async fn append(&self, mut batch: Vec<Append>) -> Result<(), LogError> {
        for record in &mut batch {
            record.topic = self.name(&record.topic).into();
        }
        self.log.append(batch).await.map_err(|error| self.shown(error))
    }

    async fn subscribe(&self, topic: &str, group: &str) -> Result<Box<dyn Subscription>, LogError> {
        let subscription = self.log.subscribe(&self.name(topic), &self.name(group)).await;
        subscription.map_err(|error| self.shown(error))
    }

    async fn lag(&self, topic: &str, group: &str) -> Result<u64, LogError> {
        let lag = self.log.lag(&self.name(topic), &self.name(group)).await;
        lag.map_err(|error| self.shown(error))
    }

    async fn health(&self) -> Result<(), LogError> {
        self.log.health().await
    }

    async fn browse(&self, topic: &str, partition: u32, from: u64, max_bytes: usize) -> Result<Vec<Record>, LogError> {
        let records = self.log.browse(&self.name(topic), partition, from, max_bytes).await;
        records.map_err(|error| self.shown(error))
    }

    async fn close(&self) {
        self.log.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::SystemClock,
        log::{
            Durability,
            conformance::{Subject, every_promise},
            embedded::{EmbeddedLog, EmbeddedLogOptions},
        },
    };
    use bytes::Bytes;
    use tempfile::TempDir;

    fn open(folder: &TempDir) -> Arc<dyn Log> {
        let options = EmbeddedLogOptions::new(SystemClock::shared());
        Arc::new(EmbeddedLog::open(folder.path(), options).unwrap())
    }

    fn spec(partitions: u32) -> TopicSpec {
        TopicSpec {
            name: "topic".into(),
            partitions,
            retention_ms: 3_600_000,
            durability: Durability::Disk,
        }
    }

    fn record(topic: &str, partition: u32) -> Append {
        Append {
            topic: topic.into(),
            partition,
            payload: Bytes::from_static(b"record"),
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn it_keeps_every_promise_of_the_port() {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let subject = Subject {
            open: Box::new(move || {
                let log: Arc<dyn Log> = Arc::new(Prefixed::new(open(&folder), "own."));
                Box::pin(std::future::ready(log))
            }),
            prefix: "suite.".into(),
        };
        every_promise(&subject).await;
    }

    #[tokio::test]
    async fn deployments_on_one_log_do_not_see_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let log = open(&folder);
        let (one, two) = (Prefixed::new(Arc::clone(&log), "one."), Prefixed::new(log, "two."));
        one.create_topic(&spec(2)).await.unwrap();
        two.create_topic(&spec(3)).await.unwrap();
        one.append(vec![record("topic", 1)]).await.unwrap();
        assert_eq!(one.lag("topic", "group").await.unwrap(), 1);
        assert_eq!(two.lag("topic", "group").await.unwrap(), 0);
    }

    #[tokio::test]
    async fn errors_name_topics_as_their_users_do() {
        let folder = tempfile::tempdir().unwrap();
        let log = Prefixed::new(open(&folder), "own.");
        log.create_topic(&spec(2)).await.unwrap();
        let gone = log.append(vec![record("nowhere", 0)]).await.unwrap_err();
        assert!(matches!(gone, LogError::UnknownPartition { topic, .. } if topic == "nowhere"));
        let differs = log.create_topic(&spec(3)).await.unwrap_err();
        assert!(matches!(differs, LogError::PartitionsDiffer { topic, .. } if topic == "topic"));
    }
}
