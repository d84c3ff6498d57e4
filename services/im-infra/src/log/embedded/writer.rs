//! The one thread that writes: it drains everything that is waiting, writes it at once, syncs once, and publishes it.
//!
//! There is no timer: while one batch is being synced the next one gathers, so that batches grow with the load.

use super::EmbeddedLogOptions;
use super::frame::{Frame, HEADER, Kind};
use super::index::Index;
use super::meters::Meters;
use super::partition::{Partition, shrink};
use super::queue::{Cause, Pending, Queue, Work};
use super::segment::{self, ActiveSegment, Faults};
use super::state::State;
use super::store::Store;
use super::topics::{Topic, Topics};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

/// Bytes of buffer that are kept from one batch to the next.
const KEPT_BUFFER: usize = 4 << 20;

/// Everything that the thread owns.
pub(super) struct Writer {
    pub(super) queue: Arc<Queue>,
    pub(super) store: Arc<Store>,
    pub(super) topics: Arc<Topics>,
    pub(super) meters: Meters,
    pub(super) options: EmbeddedLogOptions,
    pub(super) faults: Faults,
    pub(super) active: ActiveSegment,
    /// Where the next batch goes; 0 in a segment that has no header yet.
    pub(super) position: usize,
    /// Topics that the journal knows, by number.
    pub(super) declared: BTreeMap<u16, Arc<Topic>>,
    buffer: Vec<u8>,
    positions: Vec<u32>,
}

/// How a batch failed.
enum Failure {
    /// Nothing of it is in the file: the next one may succeed.
    Passing(io::Error),
    /// Nobody knows what is on the disk: this journal must not be written any more.
    Final(io::Error),
}

impl Writer {
    #[expect(
        clippy::too_many_arguments,
        reason = "called in one place; the parts are of different origin"
    )]
    pub(super) fn new(
        queue: Arc<Queue>,
        store: Arc<Store>,
        topics: Arc<Topics>,
        meters: Meters,
        options: EmbeddedLogOptions,
        faults: Faults,
        active: ActiveSegment,
        position: usize,
        declared: BTreeMap<u16, Arc<Topic>>,
    ) -> Self {
        let (buffer, positions) = (Vec::new(), Vec::new());
        store.activate(active.number, Arc::clone(&active.file));
        Self {
            queue,
            store,
            topics,
            meters,
            options,
            faults,
            active,
            position,
            declared,
            buffer,
            positions,
        }
    }

    /// Writes until the queue is closed and empty, or the disk fails for good.
    pub(super) fn run(mut self, mut sealed: impl FnMut()) {
        while let Some(mut work) = self.queue.take() {
            let segment = self.active.number;
            let result = self.write(&work);
            if self.active.number != segment {
                sealed();
            }
            match result {
                Ok(()) => {
                    self.publish(&mut work.pending);
                    for pending in work.pending {
                        let _ = pending.done.send(Ok(()));
                    }
                }
                Err(Failure::Passing(error)) => self.refuse(work, error),
                Err(Failure::Final(error)) => return self.give_up(work, error),
            }
        }
    }

    fn write(&mut self, work: &Work) -> Result<(), Failure> {
        let records = work.pending.iter().flat_map(|pending| &pending.records);
        let bytes: usize = records.clone().map(|(_, payload)| HEADER + payload.len()).sum();
        if self.position > segment::HEADER && self.position + bytes > self.options.segment_bytes {
            self.roll().map_err(Failure::Passing)?;
        }
        self.encode(work);
        let result = self.save();
        if result.is_err() {
            for (partition, _) in records {
                partition.next.store(partition.offsets.lock().end, Relaxed);
            }
            return result;
        }
        for topic in &work.topics {
            for partition in topic.partitions.iter() {
                partition.offsets.lock().segment = self.active.number;
            }
            self.declared.insert(topic.number, Arc::clone(topic));
        }
        self.position += self.buffer.len();
        self.meters.batch_records.record(self.positions.len() as f64);
        self.meters
            .disk_bytes
            .set((self.store.sealed_bytes() + self.position as u64) as f64);
        if self.buffer.capacity() > KEPT_BUFFER {
            self.buffer = Vec::new();
        }
        Ok(())
    }

    /// Puts the batch into the buffer, as it will stand at `self.position`.
    fn encode(&mut self, work: &Work) {
        self.buffer.clear();
        self.positions.clear();
        let (segment, start) = (self.active.number, self.position);
        let mut put = Put {
            buffer: &mut self.buffer,
            segment,
            start,
        };
        if start == 0 {
            put.buffer.extend_from_slice(&segment::header(segment));
            let topics = self
                .declared
                .iter()
                .map(|(number, topic)| (*number, topic.state()))
                .collect();
            let snapshot = State {
                taken_ms: self.options.clock.now_ms(),
                topics,
            }
            .encode();
            put.frame(Kind::Snapshot, 0, 0, 0, &snapshot);
        }
        for topic in &work.topics {
            let mut state = Vec::new();
            topic.state().encode(&mut state);
            put.frame(Kind::Topic, topic.number, 0, 0, &state);
        }
        for (group, partition) in &work.commits {
            let committed = group.clean(*partition);
            put.frame(Kind::Commit, group.topic, *partition, committed, group.name.as_bytes());
        }
        for (partition, payload) in work.pending.iter().flat_map(|pending| &pending.records) {
            let offset = partition.next.load(Relaxed);
            partition.next.store(offset + 1, Relaxed);
            self.positions
                .push(put.frame(Kind::Record, partition.topic, partition.number, offset, payload));
        }
    }

    /// Makes the buffer durable at `self.position`.
    fn save(&self) -> Result<(), Failure> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let position = self.position as u64;
        if let Err(error) = self.active.write(&self.buffer, position) {
            // What was written before is synced; cutting the rest off makes it as if this batch had never been.
            let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
            let cut = self.active.cut(position);
            return Err(if full && cut.is_ok() {
                Failure::Passing(error)
            } else {
                Failure::Final(error)
            });
        }
        let started = Instant::now();
        if let Err(error) = self.active.sync() {
            // After a failed sync the kernel may hold pages for clean that the disk never got: a second sync proves nothing.
            let _ = self.active.cut(position);
            return Err(Failure::Final(error));
        }
        self.meters.sync_seconds.record(started.elapsed());
        Ok(())
    }

    /// Lets readers have the records of a batch that is durable.
    fn publish(&mut self, pending: &mut [Pending]) {
        let mut positions = self.positions.iter();
        let mut touched: Vec<Arc<Partition>> = Vec::new();
        for pending in pending {
            let mut records = pending.records.drain(..).peekable();
            while let Some((partition, payload)) = records.next() {
                let mut offsets = partition.offsets.lock();
                let mut next = Some(payload);
                while let Some(payload) = next {
                    offsets.positions.extend(positions.next());
                    partition.push(&mut offsets, payload);
                    next = records
                        .next_if(|(other, _)| Arc::ptr_eq(other, &partition))
                        .map(|(_, payload)| payload);
                }
                let first = !std::mem::replace(&mut offsets.touched, true);
                drop(offsets);
                if first {
                    touched.push(partition);
                }
            }
        }
        for partition in touched {
            partition.offsets.lock().touched = false;
            partition.changed.notify_waiters();
        }
        self.shrink_tails();
    }

    fn shrink_tails(&self) {
        let tails = &self.topics.disk_tails;
        if tails.load(Relaxed) > self.options.tail_bytes {
            shrink(&self.partitions(), tails, self.options.tail_bytes);
        }
    }

    fn partitions(&self) -> impl Iterator<Item = &Arc<Partition>> + Clone {
        self.declared.values().flat_map(|topic| topic.partitions.iter())
    }

    /// Closes the active segment and begins the next one.
    fn roll(&mut self) -> io::Result<()> {
        let number = self.active.number + 1;
        let next = ActiveSegment::create(&self.store.folder, number, self.faults.clone())?;
        let sealed = std::mem::replace(&mut self.active, next);
        let length = std::mem::take(&mut self.position) as u64;
        self.store.activate(number, Arc::clone(&self.active.file));
        let mut runs = BTreeMap::new();
        for partition in self.partitions() {
            let offsets = partition.offsets.lock();
            if !offsets.positions.is_empty() {
                runs.insert(
                    (partition.topic, partition.number),
                    (offsets.first, offsets.positions.clone()),
                );
            }
        }
        // The index first: a reader that is sent to the sealed segment must find it there.
        let index = Index::new(sealed.number, length, self.options.clock.now_ms(), runs);
        self.store.seal(index, sealed.file);
        for partition in self.partitions() {
            partition.offsets.lock().seal(sealed.number, number);
        }
        Ok(())
    }

    /// Answers a batch that is not in the file. Its commits and topics are tried again with the next one.
    fn refuse(&self, work: Work, error: io::Error) {
        self.meters.failures.increment(1);
        tracing::error!(error = &error as &dyn std::error::Error, "log batch not written");
        for (group, partition) in &work.commits {
            group.soil(*partition);
        }
        self.queue.put_back(work.topics, work.commits);
        let cause: Cause = Arc::new(error);
        for pending in work.pending {
            let _ = pending.done.send(Err(Arc::clone(&cause)));
        }
    }

    fn give_up(&self, work: Work, error: io::Error) {
        self.meters.failures.increment(1);
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "log is unavailable until it is opened again"
        );
        let cause: Cause = Arc::new(error);
        self.queue.fail(&cause);
        for pending in work.pending {
            let _ = pending.done.send(Err(Arc::clone(&cause)));
        }
    }
}

struct Put<'a> {
    buffer: &'a mut Vec<u8>,
    segment: u64,
    start: usize,
}

impl Put<'_> {
    fn frame(&mut self, kind: Kind, topic: u16, partition: u32, offset: u64, payload: &[u8]) -> u32 {
        let position = (self.start + self.buffer.len()) as u32;
        let frame = Frame {
            kind,
            batch: self.start as u32,
            topic,
            partition,
            offset,
            payload,
        };
        frame.encode(self.buffer, self.segment, position);
        position
    }
}
