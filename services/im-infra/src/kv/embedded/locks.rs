//! Locks with a fencing token.

use super::super::Lock;
use parking_lot::Mutex;
use std::collections::HashMap;

/// All locks, one map: they are few and held for long.
pub(super) struct Locks {
    table: Mutex<Table>,
}

struct Table {
    held: HashMap<String, Holder>,
    last_fence: u64,
}

struct Holder {
    owner: u128,
    expires_at_ms: u64,
}

impl Locks {
    /// Fences start above those of any engine that ran before `now_ms`, so that a resource that outlives the engine is
    /// guarded across its restart too: no engine hands out a million locks a millisecond.
    pub(super) fn new(now_ms: u64) -> Self {
        Self {
            table: Mutex::new(Table {
                held: HashMap::new(),
                last_fence: now_ms << 20,
            }),
        }
    }

    pub(super) fn take(&self, key: &str, now_ms: u64, expires_at_ms: u64) -> Option<Lock> {
        let mut table = self.table.lock();
        if table.held.get(key).is_some_and(|holder| now_ms < holder.expires_at_ms) {
            return None;
        }
        table.last_fence += 1;
        let lock = Lock {
            key: key.into(),
            fence: table.last_fence,
            owner: rand::random(),
        };
        table.held.insert(
            key.into(),
            Holder {
                owner: lock.owner,
                expires_at_ms,
            },
        );
        Some(lock)
    }

    pub(super) fn extend(&self, lock: &Lock, now_ms: u64, expires_at_ms: u64) -> bool {
        let mut table = self.table.lock();
        let Some(holder) = table.held.get_mut(&lock.key).filter(|holder| holder.is(lock, now_ms)) else {
            return false;
        };
        holder.expires_at_ms = expires_at_ms;
        true
    }

    pub(super) fn release(&self, lock: &Lock, now_ms: u64) -> bool {
        let mut table = self.table.lock();
        let held = table.held.get(&lock.key).is_some_and(|holder| holder.is(lock, now_ms));
        if held {
            table.held.remove(&lock.key);
        }
        held
    }

    pub(super) fn sweep(&self, now_ms: u64) {
        self.table.lock().held.retain(|_, holder| now_ms < holder.expires_at_ms);
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.table.lock().held.is_empty()
    }
}

impl Holder {
    fn is(&self, lock: &Lock, now_ms: u64) -> bool {
        self.owner == lock.owner && now_ms < self.expires_at_ms
    }
}
