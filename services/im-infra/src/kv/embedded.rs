//! The engine inside this process: maps behind locks that are held for one key at a time.

mod locks;
mod value;

use self::{
    locks::Locks,
    value::{Hash, Sorted, Value, add},
};
use super::{Kv, KvError, Lock, Messages, Received, channels::Channels};
use crate::clock::SharedClock;
use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};
use std::{
    collections::{HashMap, hash_map},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{sync::watch, task::JoinHandle};

/// A power of two, so that the choice of a shard is a mask.
const SHARDS: usize = 256;
/// A sweep looks at so many shards and then lets others run: all of them are seen within four seconds.
const SHARDS_A_SWEEP: usize = 64;
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// An expiry that never comes.
const NEVER: u64 = u64::MAX;

type Shard = HashMap<Box<str>, Entry>;

struct Entry {
    expires_at_ms: u64,
    value: Value,
}

impl Entry {
    fn live(&self, now_ms: u64) -> bool {
        now_ms < self.expires_at_ms
    }
}

/// The engine. Everything is gone when it is dropped.
pub struct EmbeddedKv {
    clock: SharedClock,
    shards: Box<[Mutex<Shard>]>,
    locks: Locks,
    channels: Arc<Channels>,
    next_sweep: AtomicUsize,
}

impl EmbeddedKv {
    /// An empty engine that counts time to live by `clock`.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Self {
            locks: Locks::new(clock.now_ms()),
            clock,
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            channels: Arc::default(),
            next_sweep: AtomicUsize::new(0),
        }
    }

    /// Frees the memory of expired keys, in the background, until the engine is dropped or the task aborted. Without it they are
    /// as good as missing but take room until they are written again.
    pub fn spawn_sweeper(self: &Arc<Self>) -> JoinHandle<()> {
        let engine = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(SWEEP_EVERY);
            tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                tick.tick().await;
                for _ in 0..SHARDS_A_SWEEP {
                    let Some(engine) = engine.upgrade() else { return };
                    engine.sweep_next();
                    tokio::task::yield_now().await;
                }
            }
        })
    }

    /// How many keys there are, with those that have expired and were not swept yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    /// Whether there is no key at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends all subscriptions, those of the future too.
    pub fn close(&self) {
        self.channels.close();
    }

    /// Removes what has expired from one shard, and from all locks once in a round.
    fn sweep_next(&self) {
        let (index, now) = (
            self.next_sweep.fetch_add(1, Ordering::Relaxed) % SHARDS,
            self.clock.now_ms(),
        );
        if index == 0 {
            self.locks.sweep(now);
        }
        let mut shard = self.shards[index].lock();
        shard.retain(|_, entry| entry.live(now));
        if shard.capacity() > 64 && shard.len() < shard.capacity() / 8 {
            let room = shard.len() * 2;
            shard.shrink_to(room);
        }
    }

    fn shard(&self, key: &str) -> MutexGuard<'_, Shard> {
        self.shards[crc32c::crc32c(key.as_bytes()) as usize % SHARDS].lock()
    }

    fn expiry(ttl: Option<Duration>, now_ms: u64) -> u64 {
        ttl.map_or(NEVER, |ttl| now_ms.saturating_add((ttl.as_millis() as u64).max(1)))
    }

    fn read<T>(&self, key: &str, now_ms: u64, look: impl FnOnce(Option<&Value>) -> Option<T>) -> Result<T, KvError> {
        let shard = self.shard(key);
        let value = shard
            .get(key)
            .filter(|entry| entry.live(now_ms))
            .map(|entry| &entry.value);
        look(value).ok_or_else(|| wrong_kind(key))
    }

    /// Changes the value of `key`, which is `missing` if there is none, and removes it if nothing is left of it.
    fn change<T>(
        &self,
        key: &str,
        ttl: Option<Duration>,
        missing: Value,
        edit: impl FnOnce(&mut Value) -> Option<T>,
    ) -> Result<T, KvError> {
        let now = self.clock.now_ms();
        let mut shard = self.shard(key);
        let mut slot = match shard.entry(key.into()) {
            hash_map::Entry::Occupied(mut slot) => {
                if !slot.get().live(now) {
                    slot.insert(Entry {
                        expires_at_ms: NEVER,
                        value: missing,
                    });
                }
                slot
            }
            hash_map::Entry::Vacant(slot) => slot.insert_entry(Entry {
                expires_at_ms: NEVER,
                value: missing,
            }),
        };
        let entry = slot.get_mut();
        let outcome = edit(&mut entry.value);
        if outcome.is_some() && ttl.is_some() {
            entry.expires_at_ms = Self::expiry(ttl, now);
        }
        if entry.value.is_nothing() {
            slot.remove();
        }
        outcome.ok_or_else(|| wrong_kind(key))
    }

    fn hash_fields(&self, key: &str, now_ms: u64) -> Result<Vec<(String, Bytes)>, KvError> {
        self.read(key, now_ms, |value| match value {
            None => Some(Vec::new()),
            Some(value) => value.hash().map(|hash| {
                hash.iter()
                    .map(|(field, bytes)| (String::from(&**field), bytes.clone()))
                    .collect()
            }),
        })
    }
}

fn wrong_kind(key: &str) -> KvError {
    KvError::WrongKind { key: key.into() }
}

#[async_trait]
impl Kv for EmbeddedKv {
    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        self.read(key, self.clock.now_ms(), |value| match value {
            None => Some(None),
            Some(value) => value.text().map(Some),
        })
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        let now = self.clock.now_ms();
        keys.iter()
            .map(|key| self.read(key, now, |value| Some(value.and_then(Value::text))))
            .collect()
    }

    async fn set(&self, key: &str, value: Bytes, ttl: Option<Duration>) -> Result<(), KvError> {
        let expires_at_ms = Self::expiry(ttl, self.clock.now_ms());
        self.shard(key).insert(
            key.into(),
            Entry {
                expires_at_ms,
                value: Value::Bytes(value),
            },
        );
        Ok(())
    }

    async fn set_if_absent(&self, entries: &[(String, Bytes)], ttl: Option<Duration>) -> Result<Vec<bool>, KvError> {
        let now = self.clock.now_ms();
        let expires_at_ms = Self::expiry(ttl, now);
        let set = |(key, value): &(String, Bytes)| {
            let fresh = || Entry {
                expires_at_ms,
                value: Value::Bytes(value.clone()),
            };
            match self.shard(key).entry(key.as_str().into()) {
                hash_map::Entry::Occupied(slot) if slot.get().live(now) => false,
                hash_map::Entry::Occupied(mut slot) => {
                    slot.insert(fresh());
                    true
                }
                hash_map::Entry::Vacant(slot) => {
                    slot.insert(fresh());
                    true
                }
            }
        };
        Ok(entries.iter().map(set).collect())
    }

    async fn delete(&self, keys: &[String]) -> Result<u64, KvError> {
        let now = self.clock.now_ms();
        let removed = keys.iter().filter(|key| {
            self.shard(key)
                .remove(key.as_str())
                .is_some_and(|entry| entry.live(now))
        });
        Ok(removed.count() as u64)
    }

    async fn expire(&self, key: &str, ttl: Duration) -> Result<bool, KvError> {
        let now = self.clock.now_ms();
        let mut shard = self.shard(key);
        let Some(entry) = shard.get_mut(key).filter(|entry| entry.live(now)) else {
            return Ok(false);
        };
        entry.expires_at_ms = Self::expiry(Some(ttl), now);
        Ok(true)
    }

    async fn increment(&self, key: &str, by: i64) -> Result<i64, KvError> {
        self.change(key, None, Value::Counter(0), |value| {
            let sum = value.number()?.checked_add(by)?;
            *value = Value::Counter(sum);
            Some(sum)
        })
    }

    async fn hash_set(&self, key: &str, fields: &[(String, Bytes)], ttl: Option<Duration>) -> Result<(), KvError> {
        self.change(key, ttl, Value::Hash(Box::default()), |value| {
            let hash = value.hash_mut()?;
            hash.extend(
                fields
                    .iter()
                    .map(|(field, bytes)| (field.as_str().into(), bytes.clone())),
            );
            Some(())
        })
    }

    async fn hash_get(&self, key: &str, field: &str) -> Result<Option<Bytes>, KvError> {
        self.read(key, self.clock.now_ms(), |value| match value {
            None => Some(None),
            Some(value) => value.hash().map(|hash| hash.get(field).cloned()),
        })
    }

    async fn hash_all(&self, key: &str) -> Result<Vec<(String, Bytes)>, KvError> {
        self.hash_fields(key, self.clock.now_ms())
    }

    async fn hash_all_many(&self, keys: &[String]) -> Result<Vec<Vec<(String, Bytes)>>, KvError> {
        let now = self.clock.now_ms();
        keys.iter().map(|key| self.hash_fields(key, now)).collect()
    }

    async fn hash_delete(&self, key: &str, fields: &[String]) -> Result<u64, KvError> {
        self.change(key, None, Value::Hash(Box::default()), |value| {
            let hash = value.hash_mut()?;
            Some(
                fields
                    .iter()
                    .filter(|field| hash.remove(field.as_str()).is_some())
                    .count() as u64,
            )
        })
    }

    async fn hash_increment(&self, key: &str, field: &str, by: i64) -> Result<i64, KvError> {
        self.change(key, None, Value::Hash(Box::<Hash>::default()), |value| {
            let hash = value.hash_mut()?;
            let sum = hash.get(field).map_or(Some(by), |bytes| add(bytes, by))?;
            hash.insert(field.into(), Bytes::from(sum.to_string()));
            Some(sum)
        })
    }

    async fn sorted_add(&self, key: &str, members: &[(f64, Bytes)]) -> Result<(), KvError> {
        self.change(key, None, Value::Sorted(Box::default()), |value| {
            let sorted = value.sorted_mut()?;
            members
                .iter()
                .for_each(|(score, member)| sorted.put(*score, member.clone()));
            Some(())
        })
    }

    async fn sorted_top(&self, key: &str, offset: usize, limit: usize) -> Result<Vec<(f64, Bytes)>, KvError> {
        self.read(key, self.clock.now_ms(), |value| match value {
            None => Some(Vec::new()),
            Some(value) => value.sorted().map(|sorted| sorted.top(offset, limit)),
        })
    }

    async fn sorted_trim(&self, key: &str, keep: usize) -> Result<u64, KvError> {
        self.change(key, None, Value::Sorted(Box::<Sorted>::default()), |value| {
            Some(value.sorted_mut()?.trim(keep))
        })
    }

    async fn sorted_remove(&self, key: &str, members: &[Bytes]) -> Result<u64, KvError> {
        self.change(key, None, Value::Sorted(Box::default()), |value| {
            let sorted = value.sorted_mut()?;
            Some(members.iter().filter(|member| sorted.remove(member)).count() as u64)
        })
    }

    async fn try_lock(&self, key: &str, ttl: Duration) -> Result<Option<Lock>, KvError> {
        let now = self.clock.now_ms();
        Ok(self.locks.take(key, now, Self::expiry(Some(ttl), now)))
    }

    async fn extend(&self, lock: &Lock, ttl: Duration) -> Result<bool, KvError> {
        let now = self.clock.now_ms();
        Ok(self.locks.extend(lock, now, Self::expiry(Some(ttl), now)))
    }

    async fn unlock(&self, lock: Lock) -> Result<bool, KvError> {
        Ok(self.locks.release(&lock, self.clock.now_ms()))
    }

    async fn publish(&self, channel: &str, message: Bytes) -> Result<(), KvError> {
        self.channels.deliver(channel, Received::Message(message));
        Ok(())
    }

    async fn subscribe(&self, channel: &str) -> Result<Box<dyn Messages>, KvError> {
        Ok(Box::new(self.channels.subscribe(channel)))
    }

    fn health(&self) -> Result<(), KvError> {
        Ok(())
    }

    fn losses(&self) -> watch::Receiver<u64> {
        // nobody sends: it never changes
        watch::Sender::new(0).subscribe()
    }
}

#[cfg(test)]
mod tests;
