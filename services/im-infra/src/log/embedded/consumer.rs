//! The reading side: members of groups and the streams of the partitions that they hold.

use super::Core;
use super::groups::{Grant, Group};
use super::partition::{Partition, Peek};
use super::topics::Topic;
use crate::log::{Durability, LogError, PartitionStream, Record, Subscription};
use async_trait::async_trait;
use std::io;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// A member of a group.
pub(super) struct Member {
    core: Arc<Core>,
    topic: Arc<Topic>,
    group: Arc<Group>,
    id: u64,
}

impl Member {
    pub(super) fn join(core: Arc<Core>, topic: Arc<Topic>, group: &str) -> Self {
        let group = topic.group(group);
        let id = group.join();
        Self { core, topic, group, id }
    }

    /// The group that it is a member of.
    pub(super) fn group(&self) -> &Arc<Group> {
        &self.group
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.group.leave(self.id);
    }
}

#[async_trait]
impl Subscription for Member {
    async fn assigned(&mut self) -> Option<Box<dyn PartitionStream>> {
        loop {
            let mut changed = std::pin::pin!(self.group.changed.notified());
            changed.as_mut().enable();
            if self.core.has_ended() {
                return None;
            }
            match self.group.take(self.id) {
                Grant::Taken {
                    partition,
                    lease,
                    committed,
                } => {
                    let partition = Arc::clone(&self.topic.partitions[partition as usize]);
                    let (core, topic, group) =
                        (Arc::clone(&self.core), Arc::clone(&self.topic), Arc::clone(&self.group));
                    return Some(Box::new(Stream {
                        core,
                        topic,
                        group,
                        partition,
                        lease,
                        cursor: committed,
                        reading: None,
                    }));
                }
                Grant::Wait(None) => changed.await,
                Grant::Wait(Some(until)) => {
                    let _ = tokio::time::timeout_at(until, changed).await;
                }
            }
        }
    }
}

/// One partition, as long as the member holds it.
struct Stream {
    core: Arc<Core>,
    topic: Arc<Topic>,
    group: Arc<Group>,
    partition: Arc<Partition>,
    lease: u64,
    cursor: u64,
    /// A read from disk at the cursor that a dropped call has begun: the next call waits for it instead of beginning anew.
    reading: Option<JoinHandle<io::Result<Vec<Record>>>>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.group.give_up(self.partition.number, self.lease);
    }
}

#[async_trait]
impl PartitionStream for Stream {
    fn partition(&self) -> u32 {
        self.partition.number
    }

    async fn next(&mut self, max_bytes: usize) -> Result<Option<Vec<Record>>, LogError> {
        let partition = Arc::clone(&self.partition);
        loop {
            let mut changed = std::pin::pin!(partition.changed.notified());
            changed.as_mut().enable();
            if self.core.has_ended() || !self.group.keep(partition.number, self.lease) {
                return Ok(None);
            }
            // The cursor moves only where nothing is awaited any more, so a call may be dropped at any await.
            let records = match &self.reading {
                Some(_) => self.read().await?,
                None => match partition.peek(self.cursor, max_bytes) {
                    Peek::Nothing => {
                        changed.await;
                        continue;
                    }
                    Peek::Records(records) => Some(records),
                    Peek::Active { segment, positions } => {
                        self.begin_reading(segment, Some(positions), max_bytes);
                        self.read().await?
                    }
                    Peek::Sealed { segment } => {
                        self.begin_reading(segment, None, max_bytes);
                        self.read().await?
                    }
                    Peek::Lost { end } => return Err(self.skip(end)),
                    Peek::Dropped { start } => {
                        let records = self.dropped(start);
                        if self.topic.durability == Durability::Memory {
                            return Err(LogError::Dropped { records });
                        }
                        continue;
                    }
                },
            };
            let Some(records) = records else { continue };
            let Some(last) = records.last() else {
                return Err(self.skip(self.cursor + 1));
            };
            self.cursor = last.offset + 1;
            return Ok(Some(records));
        }
    }

    async fn commit(&mut self, offset: u64) -> Result<(), LogError> {
        let offset = offset.min(self.partition.offsets.lock().end);
        let number = self.partition.number;
        let told = self.group.commit(number, self.lease, offset);
        if told && self.topic.durability == Durability::Disk {
            self.core.queue.push_commits([(Arc::clone(&self.group), number)]);
        }
        if let Some(committed) = self.topic.committed_by_all(number) {
            self.partition.release(committed);
        }
        Ok(())
    }
}

impl Stream {
    /// Begins to read from disk, on a thread that may block.
    fn begin_reading(&mut self, segment: u64, positions: Option<Vec<u32>>, max_bytes: usize) {
        let (store, partition, offset) = (Arc::clone(&self.core.store), Arc::clone(&self.partition), self.cursor);
        self.reading = Some(tokio::task::spawn_blocking(move || match positions {
            Some(positions) => store.read_active(&partition, segment, offset, &positions, max_bytes),
            None => store.read_sealed(&partition, segment, offset, max_bytes),
        }));
    }

    /// Waits for what is being read. `None` if there is nothing, or the segment was deleted meanwhile: look again.
    async fn read(&mut self) -> Result<Option<Vec<Record>>, LogError> {
        let Some(reading) = &mut self.reading else {
            return Ok(None);
        };
        let result = reading.await;
        self.reading = None;
        match result.map_err(|_| LogError::Closed)? {
            Ok(records) => Ok(Some(records)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.cursor < self.start() => Ok(None),
            Err(error) => Err(LogError::Unavailable(Some(Arc::new(error)))),
        }
    }

    fn start(&self) -> u64 {
        self.partition.offsets.lock().start
    }

    /// Goes on at `end`; says that everything before it is damaged.
    fn skip(&mut self, end: u64) -> LogError {
        let damage = Damage {
            topic: Arc::clone(&self.topic.name),
            partition: self.partition.number,
            from: self.cursor,
            end,
        };
        self.core.meters.lost_records.increment(end - self.cursor);
        tracing::error!(error = &damage as &dyn std::error::Error, "log records lost");
        self.cursor = end;
        LogError::Unavailable(Some(Arc::new(damage)))
    }

    /// Goes on at `start`: retention or, of a topic in memory, its bound has taken what was before. Answers how many records that is.
    fn dropped(&mut self, start: u64) -> u64 {
        let records = start - self.cursor;
        if self.topic.durability == Durability::Memory {
            let (topic, group, partition) = (&*self.topic.name, &*self.group.name, self.partition.number);
            tracing::warn!(topic, group, partition, records, "slow consumer missed records");
        }
        self.cursor = start;
        records
    }
}

/// Records that had been durable and cannot be read any more.
#[derive(Debug, thiserror::Error)]
#[error("records {from} up to {end} of partition {partition} of topic {topic} are damaged")]
struct Damage {
    topic: Arc<str>,
    partition: u32,
    from: u64,
    end: u64,
}
