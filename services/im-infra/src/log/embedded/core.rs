//! What appenders, readers and streams share, and what appending does before the journal is reached.

use super::frame;
use super::meters::Meters;
use super::partition::{Partition, shrink};
use super::queue::Queue;
use super::store::Store;
use super::topics::{Topic, Topics};
use crate::log::{Append, Durability, LogError, MAX_RECORD_BYTES};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// One append takes no more than this, and no segment is larger than twice this.
pub(super) const MAX_APPEND_BYTES: usize = 1 << 30;

/// What appenders, readers and streams share.
pub(super) struct Core {
    pub(super) queue: Arc<Queue>,
    pub(super) store: Arc<Store>,
    pub(super) topics: Arc<Topics>,
    pub(super) meters: Meters,
    pub(super) memory_topic_bytes: usize,
    pub(super) closing: AtomicBool,
    pub(super) ended: AtomicBool,
}

impl Core {
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Stops taking appends.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.queue.close();
    }

    /// Ends all subscriptions and streams.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        for topic in self.topics.all() {
            for partition in topic.partitions.iter() {
                partition.changed.notify_waiters();
            }
            for group in topic.groups.lock().values() {
                group.changed.notify_waiters();
            }
        }
    }

    /// Finds the partition of every record. Answers those on disk with their bytes, and those in memory.
    pub(super) fn sort(&self, batch: Vec<Append>) -> Result<Sorted, LogError> {
        let mut sorted = Sorted::default();
        let mut topic: Option<Arc<Topic>> = None;
        for record in batch {
            let known = match topic.take() {
                Some(known) if Arc::ptr_eq(&known.name, &record.topic) || known.name == record.topic => known,
                _ => self.topics.get(&record.topic)?,
            };
            let size = record.payload.len();
            if size > MAX_RECORD_BYTES {
                return Err(LogError::TooLarge {
                    size,
                    limit: MAX_RECORD_BYTES,
                });
            }
            let partition = Arc::clone(known.partition(record.partition)?);
            self.meters.append_bytes.increment(size as u64);
            match known.durability {
                Durability::Disk => {
                    sorted.bytes += size + frame::HEADER;
                    sorted.disk.push((partition, record.payload));
                }
                Durability::Memory => sorted.memory.push((Arc::clone(&known), partition, record.payload)),
            }
            topic = Some(known);
        }
        if sorted.bytes > MAX_APPEND_BYTES {
            return Err(LogError::TooLarge {
                size: sorted.bytes,
                limit: MAX_APPEND_BYTES,
            });
        }
        Ok(sorted)
    }

    pub(super) fn publish_in_memory(&self, records: Vec<(Arc<Topic>, Arc<Partition>, Bytes)>) {
        let mut touched: Vec<(Arc<Topic>, Arc<Partition>)> = Vec::new();
        for (topic, partition, payload) in records {
            let mut offsets = partition.offsets.lock();
            partition.push(&mut offsets, payload);
            drop(offsets);
            if !touched.last().is_some_and(|(_, last)| Arc::ptr_eq(last, &partition)) {
                touched.push((topic, partition));
            }
        }
        for (topic, partition) in touched {
            partition.changed.notify_waiters();
            for (partition, count) in shrink(&topic.partitions.iter(), &topic.tails, self.memory_topic_bytes) {
                if !topic.groups.lock().is_empty() {
                    self.meters.dropped_records.increment(count);
                    let (topic, partition) = (&*topic.name, partition.number);
                    tracing::warn!(
                        topic,
                        partition,
                        records = count,
                        "memory topic is full; oldest records dropped"
                    );
                }
            }
        }
    }
}

/// The records of one append by where they go.
#[derive(Default)]
pub(super) struct Sorted {
    pub(super) disk: Vec<(Arc<Partition>, Bytes)>,
    pub(super) bytes: usize,
    pub(super) memory: Vec<(Arc<Topic>, Arc<Partition>, Bytes)>,
}
