//! One partition in memory: which offsets there are, where they stand, and the most recent records themselves.

use super::index::LOST;
use crate::log::{Durability, Record};
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::sync::Notify;

/// How many positions a reader takes along at once.
const POSITIONS_AT_ONCE: usize = 4096;

/// A partition of a topic, shared by the writer and all readers.
#[derive(Debug)]
pub(super) struct Partition {
    pub(super) topic: u16,
    pub(super) number: u32,
    pub(super) durability: Durability,
    /// The offset that the writer gives next; runs ahead of [`Offsets::end`] while a batch is being written. Only the writer uses it.
    pub(super) next: AtomicU64,
    pub(super) offsets: Mutex<Offsets>,
    /// Told when records were published, and when a reader has to look whether it still holds the partition.
    pub(super) changed: Notify,
    /// Bytes of all tails that share a bound with this one.
    tails: Arc<AtomicUsize>,
}

/// The records of one partition.
#[derive(Debug, Default)]
pub(super) struct Offsets {
    /// The first offset that can be read.
    pub(super) start: u64,
    /// The offset behind the last published record.
    pub(super) end: u64,
    /// Where older records stand, ascending.
    pub(super) sealed: VecDeque<SealedRun>,
    /// The segment that is being written.
    pub(super) segment: u64,
    /// Offset of the first of `positions`.
    pub(super) first: u64,
    /// Where the records of the active segment stand in it.
    pub(super) positions: Vec<u32>,
    tail: VecDeque<Bytes>,
    tail_bytes: usize,
    /// Whether this batch has published something here already.
    pub(super) touched: bool,
}

/// The records of the partition in one sealed segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SealedRun {
    pub(super) segment: u64,
    pub(super) first: u64,
    pub(super) end: u64,
}

/// Where a reader finds what it asked for.
#[derive(Debug)]
pub(super) enum Peek {
    /// Nothing is there yet.
    Nothing,
    /// In memory.
    Records(Vec<Record>),
    /// In the active segment, at these positions.
    Active { segment: u64, positions: Vec<u32> },
    /// In a sealed segment.
    Sealed { segment: u64 },
    /// Damage has taken everything from the reader's offset to this one.
    Lost { end: u64 },
    /// The records before this offset have been dropped.
    Dropped { start: u64 },
}

impl Partition {
    pub(super) fn new(topic: u16, number: u32, durability: Durability, tails: Arc<AtomicUsize>) -> Self {
        let (next, offsets, changed) = (AtomicU64::new(0), Mutex::default(), Notify::new());
        Self {
            topic,
            number,
            durability,
            next,
            offsets,
            changed,
            tails,
        }
    }

    /// Looks for records from `offset` on, about `max_bytes` of them but at least one.
    pub(super) fn peek(&self, offset: u64, max_bytes: usize) -> Peek {
        let offsets = self.offsets.lock();
        if offset < offsets.start {
            return Peek::Dropped { start: offsets.start };
        }
        if offset >= offsets.end {
            return Peek::Nothing;
        }
        let tail = offsets.tail_start();
        if offset >= tail {
            return Peek::Records(offsets.recent(offset, (offset - tail) as usize, max_bytes));
        }
        if offset >= offsets.first {
            return offsets.active(offset, tail);
        }
        let at = offsets.sealed.partition_point(|run| run.end <= offset);
        match offsets.sealed.get(at) {
            Some(run) if run.first <= offset => Peek::Sealed { segment: run.segment },
            Some(run) => Peek::Lost { end: run.first },
            None => Peek::Lost { end: offsets.first },
        }
    }

    /// Lets go of the recent records below `offset`: every group is done with them.
    pub(super) fn release(&self, offset: u64) {
        let mut offsets = self.offsets.lock();
        while offsets.tail_start() < offset.min(offsets.end) {
            self.pop(&mut offsets);
        }
    }

    /// Adds a record to the recent ones. The caller has the lock.
    pub(super) fn push(&self, offsets: &mut Offsets, payload: Bytes) {
        self.tails.fetch_add(cost(&payload), Ordering::Relaxed);
        offsets.tail_bytes += cost(&payload);
        offsets.tail.push_back(payload);
        offsets.end += 1;
    }

    fn pop(&self, offsets: &mut Offsets) {
        if let Some(payload) = offsets.tail.pop_front() {
            self.tails.fetch_sub(cost(&payload), Ordering::Relaxed);
            offsets.tail_bytes -= cost(&payload);
        }
        if self.durability == Durability::Memory {
            offsets.start = offsets.tail_start();
        }
    }
}

/// Bytes that a recent record takes in memory.
fn cost(payload: &Bytes) -> usize {
    payload.len() + size_of::<Bytes>()
}

/// Drops the oldest recent records of the largest partitions until all tails together hold at most `bound` bytes.
/// Returns how many records that were, by partition.
pub(super) fn shrink<'a>(
    partitions: &(impl Iterator<Item = &'a Arc<Partition>> + Clone),
    tails: &AtomicUsize,
    bound: usize,
) -> Vec<(&'a Arc<Partition>, u64)> {
    let mut dropped = Vec::new();
    while tails.load(Ordering::Relaxed) > bound {
        let Some(largest) = partitions
            .clone()
            .max_by_key(|partition| partition.offsets.lock().tail_bytes)
        else {
            break;
        };
        let mut offsets = largest.offsets.lock();
        let (before, half) = (offsets.tail.len(), offsets.tail_bytes / 2);
        while offsets.tail_bytes > half && tails.load(Ordering::Relaxed) > bound {
            largest.pop(&mut offsets);
        }
        let count = (before - offsets.tail.len()) as u64;
        drop(offsets);
        if count == 0 {
            break;
        }
        dropped.push((largest, count));
    }
    dropped
}

impl Offsets {
    /// Offset of the oldest record that is in memory.
    pub(super) fn tail_start(&self) -> u64 {
        self.end - self.tail.len() as u64
    }

    /// Moves on to segment `next`: what stood in `sealed` is found there from now on.
    pub(super) fn seal(&mut self, sealed: u64, next: u64) {
        let (first, end) = (self.first, self.first + self.positions.len() as u64);
        if first < end {
            self.sealed.push_back(SealedRun {
                segment: sealed,
                first,
                end,
            });
        }
        (self.segment, self.first) = (next, end);
        self.positions = Vec::new();
    }

    /// Forgets everything below `start`: retention has deleted it.
    pub(super) fn forget(&mut self, start: u64) {
        self.start = self.start.max(start);
        while self.sealed.front().is_some_and(|run| run.end <= self.start) {
            self.sealed.pop_front();
        }
    }

    fn recent(&self, offset: u64, skip: usize, max_bytes: usize) -> Vec<Record> {
        let mut records = Vec::new();
        let mut bytes = 0;
        for (offset, payload) in (offset..).zip(self.tail.range(skip..)) {
            bytes += payload.len();
            if bytes > max_bytes && !records.is_empty() {
                break;
            }
            records.push(Record {
                offset,
                payload: payload.clone(),
            });
        }
        records
    }

    fn active(&self, offset: u64, end: u64) -> Peek {
        let positions = &self.positions[(offset - self.first) as usize..(end - self.first) as usize];
        let lost = positions.iter().take_while(|position| **position == LOST).count() as u64;
        if lost > 0 {
            return Peek::Lost { end: offset + lost };
        }
        let positions = positions.iter().copied().take_while(|position| *position != LOST);
        Peek::Active {
            segment: self.segment,
            positions: positions.take(POSITIONS_AT_ONCE).collect(),
        }
    }
}
