//! The log port: append batches durably, consume them as a group, commit.
//!
//! A topic has a fixed number of partitions. Records of one partition are read in the order in which they were
//! appended, with offsets that start at 0 and have no gap. Nothing is promised across partitions.
//!
//! * **Durability.** [`Log::append`] returns once every record of the batch would survive the loss of this process and,
//!   for topics of [`Durability::Disk`], of the machine's power.
//! * **Delivery.** At least once: a partition is handed to one member of a group at a time, from the committed offset
//!   on. What was read and not committed is read again after a crash or a rebalance.
//! * **Back-pressure.** Appending waits while the log is behind; it never drops.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod embedded;
#[cfg(feature = "kafka")]
pub mod kafka;
pub mod prefixed;

use async_trait::async_trait;
use bytes::Bytes;
use std::sync::Arc;

/// No record is larger.
pub const MAX_RECORD_BYTES: usize = 16 << 20;

/// What has to be known of a topic before it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSpec {
    /// Full name, e.g. `parlance.upstream`.
    pub name: Arc<str>,
    /// How many partitions it has, at least 1. Cannot be changed later.
    pub partitions: u32,
    /// How long records are kept at least, in milliseconds. Records that a group has yet to consume are kept longer.
    pub retention_ms: u64,
    /// Where records have to be before an append returns.
    pub durability: Durability,
}

/// How much a topic survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// On disk and synced: survives the loss of the process and of power.
    Disk,
    /// In memory only: for notices to connections that would die with the process anyway.
    Memory,
}

/// One record to be appended.
#[derive(Debug, Clone)]
pub struct Append {
    /// A topic that [`Log::create_topic`] was called for.
    pub topic: Arc<str>,
    /// Must be below the topic's number of partitions; see [`partition_of`].
    pub partition: u32,
    /// The bytes, at most [`MAX_RECORD_BYTES`].
    pub payload: Bytes,
}

/// One record as it was read.
#[derive(Debug, Clone)]
pub struct Record {
    /// Position in its partition.
    pub offset: u64,
    /// The bytes that were appended.
    pub payload: Bytes,
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The topic was never created, or the partition is beyond its number.
    #[error("no partition {partition} of topic {topic}")]
    UnknownPartition {
        /// The topic asked for.
        topic: String,
        /// The partition asked for.
        partition: u32,
    },
    /// The topic exists with another number of partitions.
    #[error("topic {topic} has {actual} partitions, not {wanted}")]
    PartitionsDiffer {
        /// The topic asked for.
        topic: String,
        /// What stands in the log.
        actual: u32,
        /// What was asked for.
        wanted: u32,
    },
    /// A record is larger than the log takes.
    #[error("a record of {size} bytes is over the limit of {limit}")]
    TooLarge {
        /// Bytes of the record.
        size: usize,
        /// Bytes that are allowed.
        limit: usize,
    },
    /// The log cannot take the batch now; the same batch may be tried again. Nothing is known of its records.
    #[error("the log is unavailable")]
    Unavailable(#[source] Option<Arc<dyn std::error::Error + Send + Sync>>),
    /// Records of a [`Durability::Memory`] topic were dropped before this reader came to them: it was too slow. It goes on behind them.
    #[error("{records} records were dropped before they were read")]
    Dropped {
        /// How many are missing.
        records: u64,
    },
    /// The log, or this subscription, was closed.
    #[error("the log is closed")]
    Closed,
}

/// A durable, partitioned log.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// Creates the topic if it is missing and verifies its number of partitions if it is there. Idempotent.
    async fn create_topic(&self, topic: &TopicSpec) -> Result<(), LogError>;

    /// Appends all records, in order within each partition, and returns when they are durable. All or, after an error,
    /// any part of them may have been appended: the caller tries again and consumers drop what they know.
    async fn append(&self, batch: Vec<Append>) -> Result<(), LogError>;

    /// Joins `group` on `topic`. Partitions are spread over the group's members.
    async fn subscribe(&self, topic: &str, group: &str) -> Result<Box<dyn Subscription>, LogError>;

    /// Records of `topic` that `group` has not committed yet, summed over partitions; 0 for an unknown group's empty topic.
    async fn lag(&self, topic: &str, group: &str) -> Result<u64, LogError>;

    /// Whether the log can be reached, as far as can be told without an append; answers within seconds.
    ///
    /// # Errors
    /// [`LogError::Unavailable`] if it cannot, [`LogError::Closed`] once it was closed.
    async fn health(&self) -> Result<(), LogError>;

    /// Looks into a partition without a group: durable records from offset `from` on, in order, or from the first one that is still there if that
    /// is later; at least one if there is any, and about `max_bytes` at most. Empty if there is none at `from` or behind it: it does not wait for
    /// one. Nothing is committed or held back by it, and what damage took is passed over.
    async fn browse(&self, topic: &str, partition: u32, from: u64, max_bytes: usize) -> Result<Vec<Record>, LogError>;

    /// Stops taking appends, waits until what was taken is durable, ends all subscriptions. Idempotent.
    async fn close(&self);
}

/// A member of a consumer group. Dropping it leaves the group.
#[async_trait]
pub trait Subscription: Send {
    /// Waits for the next partition that this member is given. `None` once the log is closed.
    async fn assigned(&mut self) -> Option<Box<dyn PartitionStream>>;
}

/// The records of one partition, for as long as the member holds it.
#[async_trait]
pub trait PartitionStream: Send {
    /// Which partition this is.
    fn partition(&self) -> u32;

    /// Everything that is there now, at least one record and about `max_bytes` at most, starting behind what was returned
    /// before (at first: at the committed offset). Waits while there is nothing. `None` once the partition was taken away or the
    /// log closed. Cancel safe.
    ///
    /// [`LogError::Dropped`] says, once for each gap, that a topic in memory was full and records that come next are missing; the next
    /// call goes on behind them.
    async fn next(&mut self, max_bytes: usize) -> Result<Option<Vec<Record>>, LogError>;

    /// Says that everything below `offset` is done with. Never goes back. Ignored once the partition was taken away.
    /// A commit becomes durable with a later append at the latest: what it loses in a crash is read again.
    async fn commit(&mut self, offset: u64) -> Result<(), LogError>;
}

/// The partition of a key: the same key always goes to the same one of `partitions`.
#[must_use]
pub fn partition_of(key: u64, partitions: u32) -> u32 {
    // Fibonacci hashing: ids are sequential in their low bits and equal in their high ones.
    let mixed = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    ((mixed * u64::from(partitions)) >> 32) as u32
}
