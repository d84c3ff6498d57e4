//! The kv port: strings, counters, hashes, sorted sets, time to live, locks with a fencing token, publish/subscribe.
//!
//! * **Atomicity.** Every call is atomic for one key. Calls that take many keys are one round trip and atomic for each key alone.
//! * **Kinds.** A key holds a value, a hash or a sorted set. A call for another kind is [`KvError::WrongKind`] and changes nothing, but
//!   for [`Kv::set`], which replaces, [`Kv::set_if_absent`], which finds the key taken, and [`Kv::get_many`], which finds no value. A counter is
//!   a value written in decimal: [`Kv::get`] reads it, and [`Kv::increment`] goes on from any value that is the decimal of an `i64`.
//! * **Time to live.** Expired keys are as good as missing. It is counted in milliseconds, less than one counts as one. Calls without a
//!   `ttl` keep what the key had, but for [`Kv::set`].
//! * **Loss.** Everything may be lost when the engine restarts: nothing that must survive is kept here alone.
//!
//! [`embedded`] is the engine inside this process, `redis` (a feature) the one that many processes share; `conformance` is the suite that every engine passes.

mod channels;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod embedded;
#[cfg(feature = "redis")]
pub mod redis;

use async_trait::async_trait;
use bytes::Bytes;
use std::time::Duration;
use tokio::sync::watch;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum KvError {
    /// The engine cannot be reached; callers carry on without it.
    #[error("the key-value engine is unavailable")]
    Unavailable(#[source] Option<std::sync::Arc<dyn std::error::Error + Send + Sync>>),
    /// The key holds another kind of value.
    #[error("key {key} holds another kind of value")]
    WrongKind {
        /// The key asked for.
        key: String,
    },
}

/// A lock that is held. It ends by [`Kv::unlock`] or by its time to live, whichever comes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// What is locked.
    pub key: String,
    /// Grows with every holder of this lock: a resource that remembers the highest one refuses a stale holder.
    pub fence: u64,
    /// Tells this holder from others.
    pub owner: u128,
}

/// A key-value engine.
#[async_trait]
pub trait Kv: Send + Sync + 'static {
    /// The value, or `None`.
    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError>;
    /// Values in the order of the keys.
    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError>;
    /// Sets, with a time to live if given; without one an older time to live is dropped.
    async fn set(&self, key: &str, value: Bytes, ttl: Option<Duration>) -> Result<(), KvError>;
    /// Sets those that are missing; `true` where it set. Of equal keys in one call only the first sets.
    async fn set_if_absent(&self, entries: &[(String, Bytes)], ttl: Option<Duration>) -> Result<Vec<bool>, KvError>;
    /// Removes keys of any kind; how many were there.
    async fn delete(&self, keys: &[String]) -> Result<u64, KvError>;
    /// Sets the time to live anew; `false` for a missing key.
    async fn expire(&self, key: &str, ttl: Duration) -> Result<bool, KvError>;

    /// Adds to a counter (missing: 0) and returns the sum. [`KvError::WrongKind`] if that is beyond `i64`.
    async fn increment(&self, key: &str, by: i64) -> Result<i64, KvError>;

    /// Sets fields of a hash; with `ttl` the whole hash's time to live is set anew. Without fields a missing hash stays missing.
    async fn hash_set(&self, key: &str, fields: &[(String, Bytes)], ttl: Option<Duration>) -> Result<(), KvError>;
    /// One field.
    async fn hash_get(&self, key: &str, field: &str) -> Result<Option<Bytes>, KvError>;
    /// All fields, in no order; empty for a missing key.
    async fn hash_all(&self, key: &str) -> Result<Vec<(String, Bytes)>, KvError>;
    /// All fields of many hashes, in the order of the keys.
    async fn hash_all_many(&self, keys: &[String]) -> Result<Vec<Vec<(String, Bytes)>>, KvError>;
    /// Removes fields; how many were there. A hash without fields is gone.
    async fn hash_delete(&self, key: &str, fields: &[String]) -> Result<u64, KvError>;
    /// Adds to a numeric field (missing: 0) and returns the sum; as [`Kv::increment`].
    async fn hash_increment(&self, key: &str, field: &str, by: i64) -> Result<i64, KvError>;

    /// Adds members with scores, or moves them to the new score. A score that is not a number counts as the lowest.
    async fn sorted_add(&self, key: &str, members: &[(f64, Bytes)]) -> Result<(), KvError>;
    /// Members from the highest score down, `limit` of them after skipping `offset`; equal scores in descending order of bytes.
    async fn sorted_top(&self, key: &str, offset: usize, limit: usize) -> Result<Vec<(f64, Bytes)>, KvError>;
    /// Keeps the `keep` highest; how many were removed. A sorted set without members is gone.
    async fn sorted_trim(&self, key: &str, keep: usize) -> Result<u64, KvError>;
    /// Removes members; how many were there.
    async fn sorted_remove(&self, key: &str, members: &[Bytes]) -> Result<u64, KvError>;

    /// Takes the lock, or `None` while it is held, by whomever. Locks have keys of their own, apart from those of values.
    async fn try_lock(&self, key: &str, ttl: Duration) -> Result<Option<Lock>, KvError>;
    /// Holds it longer; `false` if it was lost meanwhile.
    async fn extend(&self, lock: &Lock, ttl: Duration) -> Result<bool, KvError>;
    /// Gives it back; `false` if it was lost meanwhile.
    async fn unlock(&self, lock: Lock) -> Result<bool, KvError>;

    /// Hands the message to everybody who is subscribed at this moment.
    async fn publish(&self, channel: &str, message: Bytes) -> Result<(), KvError>;
    /// Messages from now on. A subscriber that falls behind gets [`Received::Missed`] and must take its copy for stale.
    async fn subscribe(&self, channel: &str) -> Result<Box<dyn Messages>, KvError>;

    /// Whether the engine is there, as far as is known at this moment; asks nobody.
    ///
    /// # Errors
    /// [`KvError::Unavailable`]
    fn health(&self) -> Result<(), KvError>;
    /// Changes whenever the engine is there again and may have lost what was written to it. Never for an engine that ends with this process.
    fn losses(&self) -> watch::Receiver<u64>;
}

impl KvError {
    /// Logs what is left undone by this failure. An engine that is away is told of once, by its adapter, and not by each call.
    pub fn log(&self, consequence: &'static str) {
        let error = self as &dyn std::error::Error;
        match self {
            Self::Unavailable(_) => tracing::debug!(error, "{consequence}"),
            Self::WrongKind { .. } => tracing::warn!(error, "{consequence}"),
        }
    }
}

/// What a subscriber gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// One message, in the order in which they were published on this channel.
    Message(Bytes),
    /// Some were lost.
    Missed,
}

/// The messages of one channel.
#[async_trait]
pub trait Messages: Send {
    /// The next one; `None` once the engine is closed. Cancel safe.
    async fn next(&mut self) -> Option<Received>;
}
