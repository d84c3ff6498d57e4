//! What every engine behind [`Log`] must do. An adapter's test makes a [`Subject`] and calls [`every_promise`].
//!
//! The suite waits for what must happen as long as the slowest engine needs, and sleeps nowhere.

mod browsing;
mod groups;
mod records;

use super::{Append, Durability, Log, LogError, PartitionStream, Record, Subscription, TopicSpec};
use bytes::Bytes;
use futures::future::BoxFuture;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// What has not happened by then will not.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes asked of a stream at once.
const PLENTY: usize = 1 << 20;

/// An engine under test.
pub struct Subject {
    /// Opens the log; called again, once what it gave before was closed, it opens the same one.
    pub open: Box<dyn Fn() -> BoxFuture<'static, Arc<dyn Log>> + Send + Sync>,
    /// Put before every topic's name, so that the suite can run twice on an engine that keeps its records.
    pub prefix: String,
}

/// Runs the whole suite.
///
/// # Panics
/// At the first promise that is broken, with a message that says which.
pub async fn every_promise(subject: &Subject) {
    records::a_partition_is_read_in_the_order_of_appending(subject).await;
    records::appenders_side_by_side_lose_nothing(subject).await;
    records::what_waits_is_woken_by_an_append(subject).await;
    records::large_records_come_through_and_larger_ones_are_refused(subject).await;
    records::what_is_not_there_is_refused(subject).await;
    records::a_topic_keeps_its_number_of_partitions(subject).await;
    records::memory_topics_deliver_too(subject).await;
    records::a_dropped_wait_loses_nothing(subject).await;
    browsing::who_looks_sees_what_is_there_from_any_offset_on(subject).await;
    browsing::looking_takes_nothing_from_groups(subject).await;
    groups::a_group_goes_on_where_it_committed(subject).await;
    groups::everything_is_there_after_opening_again(subject).await;
    groups::groups_are_independent(subject).await;
    groups::lag_counts_what_is_not_committed(subject).await;
    groups::members_share_partitions_and_lose_nothing(subject).await;
    groups::a_member_that_leaves_is_replaced(subject).await;
    groups::closing_ends_streams_and_appends(subject).await;
}

impl Subject {
    async fn opened(&self) -> Arc<dyn Log> {
        (self.open)().await
    }

    fn spec(&self, name: &str, partitions: u32, durability: Durability) -> TopicSpec {
        let name = format!("{}{name}", self.prefix).into();
        TopicSpec {
            name,
            partitions,
            retention_ms: 3_600_000,
            durability,
        }
    }

    /// Opens the log with a topic on disk; answers the log and the topic's full name.
    async fn with_topic(&self, name: &str, partitions: u32) -> (Arc<dyn Log>, Arc<str>) {
        let (log, spec) = (self.opened().await, self.spec(name, partitions, Durability::Disk));
        log.create_topic(&spec).await.expect("the topic is created");
        (log, spec.name)
    }
}

/// Waits for what must happen.
async fn soon<T>(what: &str, happens: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, happens)
        .await
        .unwrap_or_else(|_| panic!("{what} did not happen in {PATIENCE:?}"))
}

/// A record that holds a number.
fn numbered(topic: &Arc<str>, partition: u32, number: u64) -> Append {
    Append {
        topic: Arc::clone(topic),
        partition,
        payload: Bytes::copy_from_slice(&number.to_be_bytes()),
    }
}

/// The number that a record holds.
fn number(record: &Record) -> u64 {
    u64::from_be_bytes(record.payload[..].try_into().expect("the payload is a number"))
}

async fn append(log: &Arc<dyn Log>, topic: &Arc<str>, partition: u32, numbers: std::ops::Range<u64>) {
    let batch = numbers.map(|number| numbered(topic, partition, number)).collect();
    soon("appending", log.append(batch))
        .await
        .expect("the records are appended");
}

async fn assigned(member: &mut Box<dyn Subscription>) -> Box<dyn PartitionStream> {
    soon("an assignment", member.assigned()).await.expect("the log is open")
}

/// Reads on until `count` records came.
async fn read(stream: &mut Box<dyn PartitionStream>, count: usize) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    while records.len() < count {
        let more = soon("reading", stream.next(PLENTY)).await.expect("the log can be read");
        records.extend(more.expect("the stream goes on"));
    }
    records
}

/// Whether the future is still waiting after everything that is ready has run.
async fn waits<T>(future: impl Future<Output = T>) -> bool {
    tokio::time::timeout(Duration::from_millis(20), future).await.is_err()
}
