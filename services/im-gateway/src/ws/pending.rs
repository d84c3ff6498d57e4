//! Messages of one connection that are on their way into the log.
//!
//! An append wakes the uplink and those who read the topic at the same time, so what became of a message may be here before the uplink says
//! that the message was accepted. A client counts on the order `accepted`, then `stored` or `rejected`. So whoever comes first writes `accepted`, and
//! this says who that is.

use parking_lot::Mutex;
use std::{
    collections::HashMap,
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
};

type Hasher = BuildHasherDefault<DefaultHasher>;

/// How often each message, named by the hash of its ids, waits for its `accepted`. Owns no memory while nothing is on its way.
#[derive(Debug, Default)]
pub(crate) struct Pending(Mutex<Counts>);

/// What is pending, while it is held.
#[derive(Debug, Default)]
pub(crate) struct Counts(HashMap<u64, u32, Hasher>);

impl Pending {
    /// Nobody else answers meanwhile.
    pub(crate) fn hold<T>(&self, work: impl FnOnce(&mut Counts) -> T) -> T {
        work(&mut self.0.lock())
    }
}

impl Counts {
    /// A message is about to be appended.
    pub(crate) fn add(&mut self, request_id: u64, client_message_id: &str) {
        *self.0.entry(key(request_id, client_message_id)).or_default() += 1;
    }

    /// `true` if the message has not been answered yet: the caller does so, and nobody else will.
    pub(crate) fn take(&mut self, request_id: u64, client_message_id: &str) -> bool {
        let key = key(request_id, client_message_id);
        match self.0.get_mut(&key) {
            None => return false,
            Some(1) => drop(self.0.remove(&key)),
            Some(count) => *count -= 1,
        }
        if self.0.is_empty() {
            self.0 = HashMap::default();
        }
        true
    }
}

fn key(request_id: u64, client_message_id: &str) -> u64 {
    Hasher::default().hash_one((request_id, client_message_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_is_answered_once_even_if_it_was_sent_twice() {
        let pending = Pending::default();
        pending.hold(|counts| {
            counts.add(1, "a");
            counts.add(1, "a");
            counts.add(2, "a");
            assert!(counts.take(1, "a") && counts.take(1, "a") && !counts.take(1, "a"));
            assert!(!counts.take(2, "b"));
            assert!(counts.take(2, "a") && !counts.take(2, "a"));
            assert_eq!(counts.0.capacity(), 0);
        });
    }
}
