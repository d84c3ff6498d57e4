//! The registry port: who is there, leases, and configuration values that change while a process runs.
//!
//! * **Watching.** A watch shows the latest state, not every step on the way: its reader compares and acts on what differs.
//!   It goes on showing what was known last while the engine is away.
//! * **Leases.** Two leases never give the same slot at the same time, as far as their holders heed [`Lease::is_held`].
//!
//! [`embedded`] is the engine inside this process, `etcd` (feature `etcd`) the one for many; `conformance` is the suite that every engine passes.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod embedded;
#[cfg(feature = "etcd")]
pub mod etcd;
mod registration;

pub use registration::Registration;

use async_trait::async_trait;
use std::{collections::BTreeMap, time::Duration};
use tokio::sync::watch;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The engine cannot be reached; running processes go on with what they know.
    #[error("the registry is unavailable")]
    Unavailable(#[source] Option<std::sync::Arc<dyn std::error::Error + Send + Sync>>),
    /// All slots are leased.
    #[error("all {count} slots of {name} are taken")]
    NoSlot {
        /// The slots' name.
        name: String,
        /// How many there are.
        count: u32,
    },
}

/// One running process of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Unique among all instances of the service, e.g. `gateway-1`.
    pub id: String,
    /// Where it serves, e.g. `http://127.0.0.1:7001`; empty for one in this process.
    pub address: String,
}

/// The running instances of a service by id.
pub type Instances = BTreeMap<String, Instance>;

/// A registration or a slot, held until it is dropped, revoked, or not renewed for the lease's time.
#[async_trait]
pub trait Lease: Send + Sync {
    /// Which slot this is; 0 for a registration.
    fn slot(&self) -> u32;
    /// Whether it is held at this very moment; `false` for good once it was lost. Asks the clock and nobody else, so that the answer is right
    /// also in a process that was stopped meanwhile, before anything else of it ran.
    fn is_held(&self) -> bool;
    /// Turns `false`, for good, when the lease was lost: its holder must stop acting on it at once.
    fn held(&self) -> watch::Receiver<bool>;
    /// Gives it back now. Idempotent.
    async fn revoke(&self);
}

/// A registry engine.
#[async_trait]
pub trait Registry: Send + Sync + 'static {
    /// Adds an instance for as long as the lease is held. An instance of the same id is replaced, and its lease lost.
    async fn register(&self, service: &str, instance: Instance, ttl: Duration)
    -> Result<Box<dyn Lease>, RegistryError>;
    /// The instances now, and every change from now on.
    async fn watch(&self, service: &str) -> Result<watch::Receiver<Instances>, RegistryError>;
    /// Leases the lowest free of the slots `0..count`; two holders never have the same one.
    async fn lease_slot(&self, name: &str, count: u32, ttl: Duration) -> Result<Box<dyn Lease>, RegistryError>;

    /// A configuration value.
    async fn config_get(&self, key: &str) -> Result<Option<String>, RegistryError>;
    /// Sets or, with `None`, removes a configuration value.
    async fn config_set(&self, key: &str, value: Option<String>) -> Result<(), RegistryError>;
    /// The value now and every change from now on.
    async fn config_watch(&self, key: &str) -> Result<watch::Receiver<Option<String>>, RegistryError>;

    /// Whether the engine is there, as far as is known at this moment; asks nobody.
    ///
    /// # Errors
    /// [`RegistryError::Unavailable`]
    fn health(&self) -> Result<(), RegistryError>;

    /// Gives back every lease of this process, so that nobody has to wait for them to expire. Returns when that is done or cannot be done.
    async fn close(&self);
}
