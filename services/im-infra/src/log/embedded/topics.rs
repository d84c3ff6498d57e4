//! The topics of one log.

use super::groups::Group;
use super::partition::Partition;
use super::state::TopicState;
use crate::log::{Durability, LogError, TopicSpec};
use parking_lot::{Mutex, RwLock};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, AtomicUsize, Ordering};

/// A topic with its partitions and the groups that read it.
#[derive(Debug)]
pub(super) struct Topic {
    /// Its number in the journal; 0 for all memory topics.
    pub(super) number: u16,
    pub(super) name: Arc<str>,
    pub(super) durability: Durability,
    pub(super) retention_ms: AtomicU64,
    pub(super) partitions: Arc<[Arc<Partition>]>,
    /// Every group that ever joined, its members present or not.
    pub(super) groups: Mutex<BTreeMap<Arc<str>, Arc<Group>>>,
    /// Bytes of recent records: of this topic if it is in memory, of all of them if it is on disk.
    pub(super) tails: Arc<AtomicUsize>,
}

impl Topic {
    /// A topic without records.
    pub(super) fn new(number: u16, spec: &TopicSpec, tails: Arc<AtomicUsize>) -> Self {
        let partition = |at| Arc::new(Partition::new(number, at, spec.durability, Arc::clone(&tails)));
        Self {
            number,
            name: Arc::clone(&spec.name),
            durability: spec.durability,
            retention_ms: AtomicU64::new(spec.retention_ms),
            partitions: (0..spec.partitions).map(partition).collect(),
            groups: Mutex::default(),
            tails,
        }
    }

    /// The partition, if there is one of that number.
    pub(super) fn partition(&self, number: u32) -> Result<&Arc<Partition>, LogError> {
        self.partitions
            .get(number as usize)
            .ok_or_else(|| unknown(&self.name, number))
    }

    /// The group of that name; a new one begins at the first record that is still there.
    pub(super) fn group(&self, name: &str) -> Arc<Group> {
        let mut groups = self.groups.lock();
        if let Some(group) = groups.get(name) {
            return Arc::clone(group);
        }
        let starts = self
            .partitions
            .iter()
            .map(|partition| partition.offsets.lock().start)
            .collect();
        let group = Arc::new(Group::new(
            name.into(),
            self.number,
            Arc::clone(&self.partitions),
            starts,
        ));
        groups.insert(Arc::clone(&group.name), Arc::clone(&group));
        group
    }

    /// The offset of a partition that every group has committed; `None` while there is no group.
    pub(super) fn committed_by_all(&self, partition: u32) -> Option<u64> {
        self.groups
            .lock()
            .values()
            .map(|group| group.committed(partition))
            .min()
    }

    /// What a snapshot says of it, with `next` as the writer has it.
    pub(super) fn state(&self) -> TopicState {
        let groups = self.groups.lock();
        TopicState {
            name: self.name.to_string(),
            retention_ms: self.retention_ms.load(Ordering::Relaxed),
            next: self
                .partitions
                .iter()
                .map(|partition| partition.next.load(Ordering::Relaxed))
                .collect(),
            groups: groups
                .iter()
                .map(|(name, group)| (name.to_string(), group.all_committed()))
                .collect(),
        }
    }
}

/// The error for a topic or partition that is not there.
pub(super) fn unknown(topic: &str, partition: u32) -> LogError {
    LogError::UnknownPartition {
        topic: topic.to_owned(),
        partition,
    }
}

/// All topics by name.
#[derive(Debug, Default)]
pub(super) struct Topics {
    by_name: RwLock<HashMap<Arc<str>, Arc<Topic>>>,
    /// The highest number that the journal has ever given to a topic, a forgotten one included.
    highest: AtomicU16,
    /// Bytes of recent records of all disk topics.
    pub(super) disk_tails: Arc<AtomicUsize>,
}

/// What became of a wish to create a topic.
pub(super) enum Created {
    /// It is there as it was asked for.
    Same,
    /// It is new, or its retention is: the journal has to be told.
    Changed(Arc<Topic>),
}

impl Topics {
    /// Looks a topic up.
    pub(super) fn get(&self, name: &str) -> Result<Arc<Topic>, LogError> {
        self.by_name.read().get(name).cloned().ok_or_else(|| unknown(name, 0))
    }

    /// Takes in a topic that was found in the journal.
    pub(super) fn insert(&self, topic: Arc<Topic>) {
        self.reserve(topic.number);
        self.by_name.write().insert(Arc::clone(&topic.name), topic);
    }

    /// Keeps this number, and those below it, from being given to a new topic.
    pub(super) fn reserve(&self, number: u16) {
        self.highest.fetch_max(number, Ordering::Relaxed);
    }

    /// Every topic.
    pub(super) fn all(&self) -> Vec<Arc<Topic>> {
        self.by_name.read().values().cloned().collect()
    }

    /// Creates the topic or compares it with the one that is there.
    pub(super) fn create(&self, spec: &TopicSpec) -> Result<Created, LogError> {
        let mut topics = self.by_name.write();
        let Some(topic) = topics.get(&spec.name) else {
            let topic = match spec.durability {
                Durability::Memory => Topic::new(0, spec, Arc::default()),
                Durability::Disk => {
                    let highest = self.highest.load(Ordering::Relaxed);
                    let number = highest
                        .checked_add(1)
                        .ok_or_else(|| failure("65,535 topics are the most there can be"))?;
                    self.reserve(number);
                    Topic::new(number, spec, Arc::clone(&self.disk_tails))
                }
            };
            let topic = Arc::new(topic);
            topics.insert(Arc::clone(&spec.name), Arc::clone(&topic));
            return Ok(Created::Changed(topic));
        };
        let actual = topic.partitions.len() as u32;
        if actual != spec.partitions {
            return Err(LogError::PartitionsDiffer {
                topic: spec.name.to_string(),
                actual,
                wanted: spec.partitions,
            });
        }
        match (topic.durability, spec.durability) {
            (Durability::Memory, Durability::Disk) => return Err(failure("the topic exists in memory only")),
            (Durability::Disk, Durability::Memory) => {
                tracing::warn!(topic = &*spec.name, "topic stays on disk, as it was created");
            }
            _ => {}
        }
        if topic.retention_ms.swap(spec.retention_ms, Ordering::Relaxed) == spec.retention_ms {
            return Ok(Created::Same);
        }
        Ok(Created::Changed(Arc::clone(topic)))
    }
}

fn failure(text: &'static str) -> LogError {
    LogError::Unavailable(Some(Arc::from(Box::<dyn std::error::Error + Send + Sync>::from(text))))
}
