//! The log of a single machine: an append-only journal in one folder, written by one thread with one sync a batch.
//!
//! The format and the guarantees are in the README beside this file.

mod browse;
mod consumer;
mod core;
mod frame;
mod groups;
mod index;
mod meters;
mod partition;
mod queue;
mod recover;
mod retention;
mod segment;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod topics;
mod writer;

use self::consumer::Member;
use self::core::{Core, MAX_APPEND_BYTES};
use self::meters::Meters;
use self::partition::Partition;
use self::queue::{Cause, Queue};
use self::segment::Faults;
use self::store::Store;
use self::topics::Created;
use self::writer::Writer;
use super::{Append, Durability, Log, LogError, Record, Subscription, TopicSpec};
use crate::clock::SharedClock;
use async_trait::async_trait;
use parking_lot::Mutex;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How an [`EmbeddedLog`] behaves.
#[derive(Clone)]
pub struct EmbeddedLogOptions {
    /// Bytes after which a segment is closed and the next one begun: 64 MiB; at most 1 GiB.
    pub segment_bytes: usize,
    /// Bytes of recent records of disk topics that are kept in memory for readers: 64 MiB.
    pub tail_bytes: usize,
    /// Bytes that each memory topic holds at most; beyond it the oldest records are dropped: 64 MiB.
    pub memory_topic_bytes: usize,
    /// Bytes of records that may wait for the writer before appends wait: 32 MiB.
    pub queue_bytes: u32,
    /// Bytes of closed segments above which consumed ones are deleted before their retention is over: no bound.
    /// What a group has yet to consume is never deleted.
    pub max_bytes: u64,
    /// How long a commit waits for records to be written along with: 1 s.
    pub commit_interval: Duration,
    /// How often it is looked for segments that can be deleted, besides whenever one is closed: 10 s.
    pub retention_interval: Duration,
    /// The time that retention goes by.
    pub clock: SharedClock,
}

impl EmbeddedLogOptions {
    /// The defaults, with this clock.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Self {
            segment_bytes: 64 << 20,
            tail_bytes: 64 << 20,
            memory_topic_bytes: 64 << 20,
            queue_bytes: 32 << 20,
            max_bytes: u64::MAX,
            commit_interval: Duration::from_secs(1),
            retention_interval: Duration::from_secs(10),
            clock,
        }
    }
}

/// Why a log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another log, most likely of another process, has the folder.
    #[error("the log in {} is in use by another process", folder.display())]
    Locked {
        /// The folder asked for.
        folder: PathBuf,
    },
    /// The folder was written by a version of this program that this one does not know.
    #[error("the log in {} has format {found}; this program reads format {}", folder.display(), segment::VERSION)]
    Version {
        /// The folder asked for.
        folder: PathBuf,
        /// What stands in its last segment.
        found: u32,
    },
    /// The folder or a file in it could not be read or written.
    #[error("open the log in {}", folder.display())]
    Io {
        /// The folder asked for.
        folder: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
}

/// A log in one folder of this machine. Clones are the same log; dropping the last one waits for the writer.
#[derive(Clone)]
pub struct EmbeddedLog {
    inner: Arc<Inner>,
}

struct Inner {
    core: Arc<Core>,
    written: watch::Receiver<bool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl EmbeddedLog {
    /// Opens the log in `folder`, which is created if it is missing. Blocks for some milliseconds: only the last segment is read.
    ///
    /// # Errors
    /// See [`OpenError`]. A torn end is cut off and damage is reported to the application's log; neither is an error.
    pub fn open(folder: impl AsRef<Path>, options: EmbeddedLogOptions) -> Result<Self, OpenError> {
        Self::open_with(folder.as_ref(), options, Faults::none())
    }

    fn open_with(folder: &Path, mut options: EmbeddedLogOptions, faults: Faults) -> Result<Self, OpenError> {
        options.segment_bytes = options.segment_bytes.min(MAX_APPEND_BYTES);
        let failed = |source| OpenError::Io {
            folder: folder.to_owned(),
            source,
        };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let lock = lock(folder)?;
        let found = recover::recover(folder, faults.clone())?;
        let queue = Arc::new(Queue::new(options.queue_bytes, options.commit_interval));
        let store = Arc::new(Store::new(folder, found.sealed));
        let (topics, meters) = (Arc::new(found.topics), Meters::new());
        let core = Arc::new(Core {
            queue: Arc::clone(&queue),
            store: Arc::clone(&store),
            topics: Arc::clone(&topics),
            meters: meters.clone(),
            memory_topic_bytes: options.memory_topic_bytes,
            closing: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        });
        let (sealed, seals) = mpsc::channel();
        let deleting = {
            let (store, topics, options) = (Arc::clone(&store), Arc::clone(&topics), options.clone());
            let thread = std::thread::Builder::new().name("log-retention".into());
            thread
                .spawn(move || retention::run(&store, &topics, &options, &seals))
                .map_err(failed)?
        };
        let writer = Writer::new(
            Arc::clone(&queue),
            store,
            topics,
            meters,
            options,
            faults,
            found.active,
            found.position,
            found.declared,
        );
        let (done, written) = watch::channel(false);
        let thread = std::thread::Builder::new().name("log-writer".into());
        let thread = thread
            .spawn(move || {
                let ended = Ended {
                    queue,
                    lock: Some(lock),
                    done,
                };
                writer.run(|| {
                    let _ = sealed.send(());
                });
                drop(sealed);
                let _ = deleting.join();
                drop(ended);
            })
            .map_err(failed)?;
        Ok(Self {
            inner: Arc::new(Inner {
                core,
                written,
                thread: Mutex::new(Some(thread)),
            }),
        })
    }
}

impl EmbeddedLog {
    /// Whether the log can still write. Once `false` it stays so: the log takes nothing until it is opened again.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        !self.inner.core.queue.has_failed()
    }

    /// Completes once the writer has given up, after which the log takes nothing until it is opened again. Never completes
    /// otherwise, not even when the log is closed. Cancel safe.
    pub async fn failed(&self) {
        let _ = self.inner.written.clone().wait_for(|written| *written).await;
        if self.is_healthy() {
            std::future::pending::<()>().await;
        }
    }
}

/// Locks the folder for as long as the file is open.
fn lock(folder: &Path) -> Result<File, OpenError> {
    let failed = |source| OpenError::Io {
        folder: folder.to_owned(),
        source,
    };
    let file = File::create(folder.join("lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked {
            folder: folder.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Says that the writer is gone, whether it came to its end or panicked.
struct Ended {
    queue: Arc<Queue>,
    lock: Option<File>,
    done: watch::Sender<bool>,
}

impl Drop for Ended {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let cause: Cause = Arc::from(Box::<dyn std::error::Error + Send + Sync>::from(
                "the log's writer panicked",
            ));
            self.queue.fail(&cause);
        }
        self.lock = None;
        self.done.send_replace(true);
    }
}

#[async_trait]
impl Log for EmbeddedLog {
    async fn create_topic(&self, topic: &TopicSpec) -> Result<(), LogError> {
        let core = &self.inner.core;
        if core.closing.load(Ordering::Acquire) {
            return Err(LogError::Closed);
        }
        match core.topics.create(topic)? {
            Created::Changed(topic) if topic.durability == Durability::Disk => {
                durable(core.queue.push(Vec::new(), Some(topic), None)?).await
            }
            Created::Changed(_) | Created::Same => Ok(()),
        }
    }

    async fn append(&self, batch: Vec<Append>) -> Result<(), LogError> {
        let (core, started, count) = (&self.inner.core, Instant::now(), batch.len());
        if core.closing.load(Ordering::Acquire) {
            return Err(LogError::Closed);
        }
        let sorted = core.sort(batch)?;
        core.publish_in_memory(sorted.memory);
        if !sorted.disk.is_empty() {
            let room = core.queue.room(sorted.bytes).await?;
            durable(core.queue.push(sorted.disk, None, Some(room))?).await?;
        }
        core.meters.append_records.increment(count as u64);
        core.meters.append_seconds.record(started.elapsed());
        Ok(())
    }

    async fn subscribe(&self, topic: &str, group: &str) -> Result<Box<dyn Subscription>, LogError> {
        let core = &self.inner.core;
        if core.closing.load(Ordering::Acquire) {
            return Err(LogError::Closed);
        }
        let topic = core.topics.get(topic)?;
        let member = Member::join(Arc::clone(core), Arc::clone(&topic), group);
        if topic.durability == Durability::Disk {
            // From now on the group holds back what it has not consumed, after a restart too.
            core.queue
                .push_commits((0..topic.partitions.len() as u32).map(|at| (Arc::clone(member.group()), at)));
        }
        Ok(Box::new(member))
    }

    async fn lag(&self, topic: &str, group: &str) -> Result<u64, LogError> {
        let topic = self.inner.core.topics.get(topic)?;
        let group = topic.groups.lock().get(group).cloned();
        let behind = |partition: &Arc<Partition>| {
            let committed = group.as_ref().map_or(0, |group| group.committed(partition.number));
            let offsets = partition.offsets.lock();
            offsets.end - committed.clamp(offsets.start, offsets.end)
        };
        Ok(topic.partitions.iter().map(behind).sum())
    }

    async fn health(&self) -> Result<(), LogError> {
        if !self.is_healthy() {
            return Err(LogError::Unavailable(None));
        }
        if self.inner.core.closing.load(Ordering::Acquire) {
            return Err(LogError::Closed);
        }
        Ok(())
    }

    async fn browse(&self, topic: &str, partition: u32, from: u64, max_bytes: usize) -> Result<Vec<Record>, LogError> {
        let core = &self.inner.core;
        if core.closing.load(Ordering::Acquire) {
            return Err(LogError::Closed);
        }
        let topic = core.topics.get(topic)?;
        browse::records(core, topic.partition(partition)?, from, max_bytes).await
    }

    async fn close(&self) {
        self.inner.core.close();
        let _ = self.inner.written.clone().wait_for(|written| *written).await;
        self.inner.core.end();
    }
}

/// Waits for the writer's answer.
async fn durable(answer: tokio::sync::oneshot::Receiver<Result<(), Cause>>) -> Result<(), LogError> {
    match answer.await {
        Ok(result) => result.map_err(|cause| LogError::Unavailable(Some(cause))),
        Err(_) => Err(LogError::Unavailable(None)),
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.core.close();
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
        self.core.end();
    }
}
