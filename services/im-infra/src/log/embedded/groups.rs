//! Consumer groups: who holds which partition, and how far it has been committed.
//!
//! A partition has a *target*, the member that it should be with, and a *holder*, the stream that has it. A change of the
//! membership moves targets, as few as an even spread needs. A holder that is not with the target any more gives the
//! partition up when it next asks for records, is dropped, or at the end of a grace period; only then is it handed on.

use super::partition::Partition;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long a holder may finish what it has read before the partition is taken from it.
const GRACE: Duration = Duration::from_secs(5);

/// One group on one topic.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: Arc<str>,
    /// Number of the topic in the journal.
    pub(super) topic: u16,
    pub(super) partitions: Arc<[Arc<Partition>]>,
    members: Mutex<Members>,
    /// Told when a member may find a partition to take.
    pub(super) changed: Notify,
}

#[derive(Debug, Default)]
struct Members {
    present: Vec<u64>,
    slots: Vec<Slot>,
    last_id: u64,
}

#[derive(Debug, Default)]
struct Slot {
    committed: u64,
    /// Whether the journal has yet to be told.
    dirty: bool,
    target: Option<u64>,
    holder: Option<Holder>,
}

#[derive(Debug)]
struct Holder {
    member: u64,
    lease: u64,
    /// When it is taken away; `None` while it may be kept.
    until: Option<Instant>,
}

/// What a member gets when it asks for a partition.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Grant {
    /// This one, from the committed offset on.
    Taken { partition: u32, lease: u64, committed: u64 },
    /// None now; another one's grace ends then.
    Wait(Option<Instant>),
}

impl Group {
    pub(super) fn new(name: Arc<str>, topic: u16, partitions: Arc<[Arc<Partition>]>, committed: Vec<u64>) -> Self {
        let slots = committed
            .into_iter()
            .map(|committed| Slot {
                committed,
                ..Slot::default()
            })
            .collect();
        let members = Mutex::new(Members {
            slots,
            ..Members::default()
        });
        Self {
            name,
            topic,
            partitions,
            members,
            changed: Notify::new(),
        }
    }

    /// Sets the committed offsets to what was found in the journal.
    pub(super) fn restore(&self, committed: impl Iterator<Item = u64>) {
        for (slot, committed) in self.members.lock().slots.iter_mut().zip(committed) {
            slot.committed = committed;
        }
    }

    /// Adds a member and answers its number.
    pub(super) fn join(&self) -> u64 {
        let mut members = self.members.lock();
        let id = members.new_id();
        members.present.push(id);
        self.rebalance(&mut members);
        id
    }

    /// Takes a member out; its streams end.
    pub(super) fn leave(&self, member: u64) {
        let mut members = self.members.lock();
        members.present.retain(|present| *present != member);
        self.rebalance(&mut members);
    }

    /// Gives a member one of the partitions that should be with it.
    pub(super) fn take(&self, member: u64) -> Grant {
        let mut members = self.members.lock();
        let now = Instant::now();
        let mut earliest: Option<Instant> = None;
        let mut found = None;
        for (at, slot) in members
            .slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| slot.target == Some(member))
        {
            let Some(until) = slot.holder.as_ref().map(|holder| holder.until) else {
                found = Some(at);
                break;
            };
            let Some(until) = until else { continue };
            if until <= now {
                tracing::warn!(
                    group = &*self.name,
                    partition = at,
                    "partition taken from a consumer that did not let go"
                );
                found = Some(at);
                break;
            }
            earliest = Some(earliest.map_or(until, |earliest| earliest.min(until)));
        }
        let Some(at) = found else { return Grant::Wait(earliest) };
        let lease = members.new_id();
        let slot = &mut members.slots[at];
        slot.holder = Some(Holder {
            member,
            lease,
            until: None,
        });
        Grant::Taken {
            partition: at as u32,
            lease,
            committed: slot.committed,
        }
    }

    /// Whether the stream with this lease may go on. If not, the partition is free for its next holder.
    pub(super) fn keep(&self, partition: u32, lease: u64) -> bool {
        let mut members = self.members.lock();
        let slot = &mut members.slots[partition as usize];
        let Some(holder) = slot.holder.as_ref().filter(|holder| holder.lease == lease) else {
            return false;
        };
        if slot.target == Some(holder.member) {
            return true;
        }
        self.free(slot);
        false
    }

    /// The stream with this lease is gone.
    pub(super) fn give_up(&self, partition: u32, lease: u64) {
        let mut members = self.members.lock();
        let slot = &mut members.slots[partition as usize];
        if slot.holder.as_ref().is_some_and(|holder| holder.lease == lease) {
            self.free(slot);
        }
    }

    fn free(&self, slot: &mut Slot) {
        slot.holder = None;
        self.changed.notify_waiters();
    }

    /// Commits for the stream with this lease. Returns whether the journal has to be told, which it has not been yet.
    pub(super) fn commit(&self, partition: u32, lease: u64, offset: u64) -> bool {
        let mut members = self.members.lock();
        let slot = &mut members.slots[partition as usize];
        let holds = slot.holder.as_ref().is_some_and(|holder| holder.lease == lease);
        if !holds || offset <= slot.committed {
            return false;
        }
        slot.committed = offset;
        !std::mem::replace(&mut slot.dirty, true)
    }

    /// The committed offset, to be written to the journal now.
    pub(super) fn clean(&self, partition: u32) -> u64 {
        let mut members = self.members.lock();
        let slot = &mut members.slots[partition as usize];
        slot.dirty = false;
        slot.committed
    }

    /// Marks the committed offset as not written yet.
    pub(super) fn soil(&self, partition: u32) {
        self.members.lock().slots[partition as usize].dirty = true;
    }

    /// How far a partition is committed.
    pub(super) fn committed(&self, partition: u32) -> u64 {
        self.members.lock().slots[partition as usize].committed
    }

    /// How far each partition is committed.
    pub(super) fn all_committed(&self) -> Vec<u64> {
        self.members.lock().slots.iter().map(|slot| slot.committed).collect()
    }

    /// Spreads the partitions evenly over who is there; a partition stays where it is if that is even enough.
    fn rebalance(&self, members: &mut Members) {
        let Members { present, slots, .. } = members;
        let mut load: Vec<(u64, usize)> = present.iter().map(|member| (*member, 0)).collect();
        let (share, mut larger) = if present.is_empty() {
            (0, 0)
        } else {
            (slots.len() / present.len(), slots.len() % present.len())
        };
        for slot in slots.iter_mut() {
            let seat = load.iter_mut().find(|(member, _)| slot.target == Some(*member));
            let room = match &seat {
                Some((_, held)) if *held < share => true,
                Some((_, held)) if *held == share && larger > 0 => {
                    larger -= 1;
                    true
                }
                _ => false,
            };
            match seat {
                Some((_, held)) if room => *held += 1,
                _ => slot.target = None,
            }
        }
        let until = Instant::now() + GRACE;
        for (at, slot) in slots.iter_mut().enumerate() {
            if slot.target.is_none()
                && let Some((member, held)) = load.iter_mut().min_by_key(|(_, held)| *held)
            {
                slot.target = Some(*member);
                *held += 1;
            }
            if let Some(holder) = &mut slot.holder {
                let stays = slot.target == Some(holder.member);
                holder.until = if stays { None } else { holder.until.or(Some(until)) };
                self.partitions[at].changed.notify_waiters();
            }
        }
        self.changed.notify_waiters();
    }
}

impl Members {
    fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}
