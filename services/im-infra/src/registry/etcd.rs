//! etcd, for processes that find each other: one server or a cluster, version 3.4 or later.
//!
//! * **Keys.** `prefix/instances/SERVICE/ID` has the instance's address, `prefix/slots/NAME/SLOT` nothing, `prefix/config/KEY` the value, so that
//!   `etcdctl get --prefix` shows what is there. In names, `/` and `%` are written `%2F` and `%25`.
//! * **Watches** read everything again after a break and at every change, and show what was known last while the engine is away.
//! * **Leases** are kept alive by one task and end here an eighth of their time before they can end there, by the monotonic clock. A process
//!   that was replaced by another one learns of it when it next renews its lease, after 5 s or a third of the lease's time.
//! * **Outages.** A call that gets no answer in [`EtcdOptions::timeout`] is [`RegistryError::Unavailable`]; what it was to change may have been
//!   changed. One line is logged when the engine goes, though nothing is asked, and one when it is back.
//! * **Time to live** is in whole seconds, rounded up, and at least what the engine allows (2 s, as it comes).

mod keeper;
mod link;
mod mirror;
mod names;
mod options;

pub use options::{EtcdOptions, EtcdOptionsError};

use self::{
    keeper::Keeper,
    link::{Failure, Link, Range},
    mirror::{Entries, Mirrors},
    names::{Names, decode},
};
use super::{Instance, Instances, Lease, Registry, RegistryError};
use crate::clock::SharedClock;
use async_trait::async_trait;
use etcd_client::{Compare, CompareOp, PutOptions, Txn, TxnOp, TxnOpResponse};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// A client of etcd. Leases are lost and watches end when it is dropped.
pub struct EtcdRegistry {
    names: Names,
    link: Arc<Link>,
    keeper: Arc<Keeper>,
    services: Mirrors<Instances>,
    settings: Mirrors<Option<String>>,
    _tasks: [AbortOnDropHandle<()>; 2],
}

impl EtcdRegistry {
    /// A client. It has tried to reach etcd once; if that failed, it starts in an outage.
    ///
    /// # Errors
    /// [`EtcdOptionsError`] for options that make no client, or a user that etcd refuses.
    pub async fn connect(options: EtcdOptions, clock: SharedClock) -> Result<Self, EtcdOptionsError> {
        let names = Names::new(&options.prefix)?;
        let link = Arc::new(Link::new(options, names.health())?);
        if let Err(Failure::Refused(cause)) = link.look().await {
            return Err(EtcdOptionsError::Refused(cause));
        }
        let keeper = Arc::new(Keeper::new(Arc::clone(&link), clock));
        let tasks = [
            tokio::spawn(Link::keep(Arc::downgrade(&link))),
            tokio::spawn(Arc::clone(&keeper).run()),
        ];
        Ok(Self {
            services: Mirrors::new(Arc::clone(&link), instances),
            settings: Mirrors::new(Arc::clone(&link), setting),
            names,
            link,
            keeper,
            _tasks: tasks.map(AbortOnDropHandle::new),
        })
    }

    /// Whether etcd answers.
    #[must_use]
    pub fn is_available(&self) -> bool {
        !self.link.outage.lasts()
    }

    /// Puts an instance's key there; the lease that it was attached to before.
    async fn put_instance(&self, key: &str, address: &str, lease: i64) -> Result<Option<i64>, Failure> {
        let mut replaced = None;
        loop {
            let found = self.link.get(Range::key(key)).await?;
            let (revision, holder) = found
                .kvs()
                .first()
                .map_or((0, 0), |found| (found.mod_revision(), found.lease()));
            if holder == lease {
                // put by a call that got no answer and was tried again
                return Ok(replaced);
            }
            replaced = Some(holder).filter(|holder| *holder != 0);
            let put = Txn::new()
                .when([Compare::mod_revision(key, CompareOp::Equal, revision)])
                .and_then([TxnOp::put(key, address, Some(PutOptions::new().with_lease(lease)))]);
            if self.link.txn(put).await?.succeeded() {
                return Ok(replaced);
            }
        }
    }

    /// Takes the lowest free slot for a lease; `None` if there is none.
    async fn take_slot(&self, name: &str, count: u32, lease: i64) -> Result<Option<u32>, Failure> {
        loop {
            let taken = self.link.get(Range::below(self.names.slots(name))).await?;
            let taken = Entries::of(&taken, &self.names.slots(name));
            let free: Vec<u32> = (0..count).filter(|slot| !taken.has(&slot.to_string())).collect();
            if free.is_empty() {
                return Ok(None);
            }
            // others who look for one at the same time were given the same list
            for slot in free {
                if self.try_slot(&self.names.slot(name, slot), lease).await? {
                    return Ok(Some(slot));
                }
            }
        }
    }

    async fn try_slot(&self, key: &str, lease: i64) -> Result<bool, Failure> {
        let take = Txn::new()
            .when([Compare::version(key, CompareOp::Equal, 0)])
            .and_then([TxnOp::put(key, "", Some(PutOptions::new().with_lease(lease)))])
            .or_else([TxnOp::get(key, None)]);
        let outcome = self.link.txn(take).await?;
        // one that is tried again finds itself
        let mine = |response: &TxnOpResponse| match response {
            TxnOpResponse::Get(found) => found.kvs().iter().any(|found| found.lease() == lease),
            _ => false,
        };
        Ok(outcome.succeeded() || outcome.op_responses().iter().any(mine))
    }
}

impl Drop for EtcdRegistry {
    fn drop(&mut self) {
        self.keeper.lose_all();
    }
}

#[async_trait]
impl Registry for EtcdRegistry {
    async fn register(
        &self,
        service: &str,
        instance: Instance,
        ttl: Duration,
    ) -> Result<Box<dyn Lease>, RegistryError> {
        let lease = self.keeper.grant(ttl).await?;
        let key = self.names.instance(service, &instance.id);
        if let Some(replaced) = self.put_instance(&key, &instance.address, lease.id()).await? {
            self.keeper.end(replaced).await;
        }
        Ok(Box::new(lease))
    }

    async fn watch(&self, service: &str) -> Result<watch::Receiver<Instances>, RegistryError> {
        Ok(self.services.watch(Range::below(self.names.instances(service))).await?)
    }

    async fn lease_slot(&self, name: &str, count: u32, ttl: Duration) -> Result<Box<dyn Lease>, RegistryError> {
        let mut lease = self.keeper.grant(ttl).await?;
        match self.take_slot(name, count, lease.id()).await? {
            Some(slot) => {
                lease.slot = slot;
                Ok(Box::new(lease))
            }
            None => {
                lease.revoke().await;
                Err(RegistryError::NoSlot {
                    name: name.into(),
                    count,
                })
            }
        }
    }

    async fn config_get(&self, key: &str) -> Result<Option<String>, RegistryError> {
        let key = self.names.setting(key);
        let found = self.link.get(Range::key(&key)).await?;
        Ok(setting(&Entries::of(&found, &key)))
    }

    async fn config_set(&self, key: &str, value: Option<String>) -> Result<(), RegistryError> {
        let key = self.names.setting(key);
        match value {
            Some(value) => self.link.put(&key, &value).await?,
            None => self.link.delete(&key).await?,
        }
        Ok(())
    }

    async fn config_watch(&self, key: &str) -> Result<watch::Receiver<Option<String>>, RegistryError> {
        Ok(self.settings.watch(Range::key(&self.names.setting(key))).await?)
    }

    fn health(&self) -> Result<(), RegistryError> {
        if self.is_available() {
            Ok(())
        } else {
            Err(RegistryError::Unavailable(None))
        }
    }

    async fn close(&self) {
        self.keeper.end_all().await;
    }
}

impl From<Failure> for RegistryError {
    fn from(failure: Failure) -> Self {
        let (Failure::Away(cause) | Failure::Refused(cause)) = failure;
        Self::Unavailable(Some(cause))
    }
}

fn instances(entries: &Entries) -> Instances {
    let instance = |(id, address): (&str, &str)| {
        let id = decode(id);
        let address = address.to_owned();
        (id.clone(), Instance { id, address })
    };
    entries.iter().map(instance).collect()
}

fn setting(entries: &Entries) -> Option<String> {
    entries.iter().next().map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests;
