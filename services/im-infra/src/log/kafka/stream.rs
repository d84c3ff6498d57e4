//! Reading one partition from its queue.

use super::{errors, member::Member};
use crate::log::{Durability, LogError, PartitionStream, Record};
use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::{Condvar, Mutex};
use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    consumer::{Consumer as _, base_consumer::PartitionQueue},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// A partition that a member holds: its queue, and who may still do what with it.
pub(super) struct Slot {
    pub(super) partition: i32,
    holding: Mutex<Holding>,
    /// Told when there is something to read, or nothing will come any more.
    changed: Arc<Notify>,
    freed: Condvar,
}

enum Holding {
    /// The stream reads and commits.
    Reads(PartitionQueue<Member>),
    /// The stream gets no more, but may commit what it has.
    Finishes,
    /// Nothing counts any more.
    Free,
}

impl Slot {
    pub(super) fn new(partition: i32, mut queue: PartitionQueue<Member>) -> Arc<Self> {
        let changed = Arc::new(Notify::new());
        let filled = Arc::clone(&changed);
        queue.set_nonempty_callback(move || filled.notify_one());
        Arc::new(Self {
            partition,
            holding: Mutex::new(Holding::Reads(queue)),
            changed,
            freed: Condvar::new(),
        })
    }

    /// Lets the stream read no more.
    pub(super) fn ask_back(&self) {
        let mut holding = self.holding.lock();
        if matches!(*holding, Holding::Reads(_)) {
            *holding = Holding::Finishes;
        }
        self.changed.notify_one();
    }

    /// Waits until the stream has finished; frees the partition in any case. Whether it had to wait no longer than that.
    pub(super) fn wait_until_free(&self, deadline: Instant) -> bool {
        let mut holding = self.holding.lock();
        while !matches!(*holding, Holding::Free) {
            if self.freed.wait_until(&mut holding, deadline).timed_out() {
                *holding = Holding::Free;
                return false;
            }
        }
        true
    }

    /// The stream needs the partition no more. Whether it was still its to read.
    fn free(&self) -> bool {
        let before = std::mem::replace(&mut *self.holding.lock(), Holding::Free);
        self.freed.notify_all();
        matches!(before, Holding::Reads(_))
    }
}

/// The records of one partition, for as long as the member holds it.
pub(super) struct Stream {
    member: Arc<Member>,
    slot: Arc<Slot>,
    /// Offset of what comes next; `None` until the first record of a group that has committed nothing.
    next: Option<u64>,
    /// Everything below is done with.
    committed: Option<u64>,
    /// The record behind a gap, while the gap is being told.
    behind_gap: Option<Record>,
}

/// What a look into the queue gave.
enum Look {
    Records(Vec<Record>),
    Nothing,
    Ended,
}

impl Stream {
    /// Reads from `begin` on, which is what the group has committed.
    pub(super) fn new(member: Arc<Member>, slot: Arc<Slot>, begin: Option<u64>) -> Self {
        Self {
            member,
            slot,
            next: begin,
            committed: begin,
            behind_gap: None,
        }
    }

    fn look(&mut self, max_bytes: usize) -> Result<Look, LogError> {
        let slot = Arc::clone(&self.slot);
        let holding = slot.holding.lock();
        let Holding::Reads(queue) = &*holding else {
            drop(holding);
            slot.free();
            return Ok(Look::Ended);
        };
        let (mut records, mut bytes) = (Vec::new(), 0);
        while records.is_empty() || bytes < max_bytes {
            let record = match self.behind_gap.take() {
                Some(record) => record,
                None => match queue.poll(Duration::ZERO) {
                    None => break,
                    Some(Ok(message)) => Record {
                        offset: message.offset() as u64,
                        payload: Bytes::copy_from_slice(message.payload().unwrap_or_default()),
                    },
                    Some(Err(error)) if records.is_empty() => return Err(errors::unavailable(error)),
                    Some(Err(_)) => break,
                },
            };
            if let Some(missing) = self.next.filter(|next| *next < record.offset) {
                self.behind_gap = Some(record);
                if records.is_empty() {
                    return Err(self.gap(missing));
                }
                break;
            }
            self.next = Some(record.offset + 1);
            // a group that has committed nothing begins here
            self.committed.get_or_insert(record.offset);
            bytes += record.payload.len();
            records.push(record);
        }
        Ok(if records.is_empty() {
            Look::Nothing
        } else {
            Look::Records(records)
        })
    }

    /// Goes on behind records that are not there any more.
    fn gap(&mut self, from: u64) -> LogError {
        let end = self.behind_gap.as_ref().map_or(from, |record| record.offset);
        let (topic, group, partition) = (&*self.member.topic, &*self.member.group, self.slot.partition);
        let records = end - from;
        self.next = Some(end);
        if self.member.durability == Durability::Memory {
            tracing::warn!(topic, group, partition, records, "slow consumer missed records");
            metrics::counter!("log_dropped_records").increment(records);
            return LogError::Dropped { records };
        }
        let gone = Gone {
            topic: topic.into(),
            partition,
            from,
            end,
        };
        metrics::counter!("log_lost_records").increment(records);
        tracing::error!(group, error = &gone as &dyn std::error::Error, "log records lost");
        LogError::Unavailable(Some(Arc::new(gone)))
    }
}

#[async_trait]
impl PartitionStream for Stream {
    fn partition(&self) -> u32 {
        self.slot.partition as u32
    }

    async fn next(&mut self, max_bytes: usize) -> Result<Option<Vec<Record>>, LogError> {
        loop {
            match self.look(max_bytes)? {
                Look::Records(records) => return Ok(Some(records)),
                Look::Ended => return Ok(None),
                // what comes between the look and the wait is remembered
                Look::Nothing => self.slot.changed.notified().await,
            }
        }
    }

    async fn commit(&mut self, offset: u64) -> Result<(), LogError> {
        if self.committed.is_some_and(|committed| offset <= committed) {
            return Ok(());
        }
        let holding = self.slot.holding.lock();
        if matches!(*holding, Holding::Free) {
            return Ok(());
        }
        let Some(client) = self.member.client() else {
            return Ok(());
        };
        let mut done = TopicPartitionList::with_capacity(1);
        done.add_partition_offset(&self.member.topic, self.slot.partition, Offset::Offset(offset as i64))
            .and_then(|()| client.store_offsets(&done))
            .map_err(errors::unavailable)?;
        self.committed = Some(offset);
        Ok(())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.slot.free() {
            self.member.take_back(self.slot.partition, self.committed);
        }
    }
}

/// Records that were deleted before their group had read them.
#[derive(Debug, thiserror::Error)]
#[error(
    "records {from} up to {end} of partition {partition} of topic {topic} are gone: its retention is shorter than the group was away"
)]
struct Gone {
    topic: Arc<str>,
    partition: i32,
    from: u64,
    end: u64,
}
