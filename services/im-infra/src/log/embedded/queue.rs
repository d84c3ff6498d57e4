//! What waits for the writer: records of appenders, new topics, commits. Bounded by bytes: appenders wait for room.

use super::groups::Group;
use super::partition::Partition;
use super::topics::Topic;
use crate::log::LogError;
use bytes::Bytes;
use parking_lot::{Condvar, Mutex};
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Why an append failed.
pub(super) type Cause = Arc<dyn Error + Send + Sync>;

/// The records of one append.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) records: Vec<(Arc<Partition>, Bytes)>,
    /// Told when they are durable and published.
    pub(super) done: oneshot::Sender<Result<(), Cause>>,
    /// The room that they take in the queue, given back with them.
    _room: Option<OwnedSemaphorePermit>,
}

/// Everything that one batch of the journal is made of.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) pending: Vec<Pending>,
    /// Topics that are new or changed.
    pub(super) topics: Vec<Arc<Topic>>,
    /// Partitions of groups with commits that the journal does not have.
    pub(super) commits: Vec<(Arc<Group>, u32)>,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Open,
    Closing,
    Failed(Cause),
}

#[derive(Debug, Default)]
struct State {
    work: Work,
    /// When the oldest waiting commit came.
    commit_since: Option<Instant>,
    phase: Phase,
}

/// The queue between appenders and the writer.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    room: Arc<Semaphore>,
    bytes: u32,
    commit_interval: Duration,
}

impl Queue {
    /// A queue for about `bytes` bytes of records; commits wait for records to ride on, but not longer than the interval.
    pub(super) fn new(bytes: u32, commit_interval: Duration) -> Self {
        let room = Arc::new(Semaphore::new(bytes as usize));
        Self {
            state: Mutex::default(),
            arrived: Condvar::new(),
            room,
            bytes,
            commit_interval,
        }
    }

    /// Waits until there is room for `bytes` more; a batch larger than the whole queue waits for an empty one.
    pub(super) async fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, LogError> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).min(self.bytes);
        Arc::clone(&self.room)
            .acquire_many_owned(bytes)
            .await
            .map_err(|_| LogError::Closed)
    }

    /// Hands the records to the writer. The answer comes when they are durable.
    pub(super) fn push(
        &self,
        records: Vec<(Arc<Partition>, Bytes)>,
        topic: Option<Arc<Topic>>,
        room: Option<OwnedSemaphorePermit>,
    ) -> Result<oneshot::Receiver<Result<(), Cause>>, LogError> {
        let (done, answer) = oneshot::channel();
        let mut state = self.state.lock();
        match &state.phase {
            Phase::Open => {}
            Phase::Closing => return Err(LogError::Closed),
            Phase::Failed(cause) => return Err(LogError::Unavailable(Some(Arc::clone(cause)))),
        }
        state.work.topics.extend(topic);
        state.work.pending.push(Pending {
            records,
            done,
            _room: room,
        });
        drop(state);
        self.arrived.notify_one();
        Ok(answer)
    }

    /// Has commits written with the next records, or when the interval is over.
    pub(super) fn push_commits(&self, commits: impl IntoIterator<Item = (Arc<Group>, u32)>) {
        let mut state = self.state.lock();
        state.work.commits.extend(commits);
        let first = !state.work.commits.is_empty() && state.commit_since.is_none();
        if first {
            state.commit_since = Some(Instant::now());
        }
        drop(state);
        if first {
            self.arrived.notify_one();
        }
    }

    /// Waits for something to write. `None` when the queue was closed and is empty.
    pub(super) fn take(&self) -> Option<Work> {
        let mut state = self.state.lock();
        loop {
            let closing = matches!(state.phase, Phase::Closing);
            let due = state.commit_since.map(|since| since + self.commit_interval);
            let ready = !state.work.pending.is_empty();
            if ready || due.is_some_and(|due| closing || due <= Instant::now()) {
                state.commit_since = None;
                return Some(std::mem::take(&mut state.work));
            }
            if closing {
                return None;
            }
            match due {
                Some(due) => drop(self.arrived.wait_until(&mut state, due)),
                None => self.arrived.wait(&mut state),
            }
        }
    }

    /// Puts back what a batch that failed would have told the journal besides records: the next one tries again.
    pub(super) fn put_back(&self, topics: Vec<Arc<Topic>>, commits: Vec<(Arc<Group>, u32)>) {
        let mut state = self.state.lock();
        if !matches!(state.phase, Phase::Open) {
            return;
        }
        if !commits.is_empty() {
            state.commit_since.get_or_insert_with(Instant::now);
        }
        state.work.topics.splice(0..0, topics);
        state.work.commits.extend(commits);
    }

    /// Takes no more records; what waits for room or comes later gets [`LogError::Closed`].
    pub(super) fn close(&self) {
        self.room.close();
        let mut state = self.state.lock();
        if matches!(state.phase, Phase::Open) {
            state.phase = Phase::Closing;
        }
        drop(state);
        self.arrived.notify_one();
    }

    /// Whether everything is refused because writing has failed for good.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.state.lock().phase, Phase::Failed(_))
    }

    /// Refuses everything from now on, and what is waiting.
    pub(super) fn fail(&self, cause: &Cause) {
        let mut state = self.state.lock();
        state.phase = Phase::Failed(Arc::clone(cause));
        let refused = std::mem::take(&mut state.work);
        drop(state);
        for pending in refused.pending {
            let _ = pending.done.send(Err(Arc::clone(cause)));
        }
    }
}
