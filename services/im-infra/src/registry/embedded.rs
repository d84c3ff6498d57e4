//! The engine inside this process.
//!
//! A lease ends when it is dropped or revoked; its time to live means nothing here, since the engine dies together with every
//! holder. Configuration values are as they were set in this process: none at its start.

use super::{Instance, Instances, Lease, Registry, RegistryError};
use async_trait::async_trait;
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::sync::watch;

/// The engine. Leases are lost when it is dropped.
#[derive(Default)]
pub struct EmbeddedRegistry {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    services: HashMap<String, Service>,
    slots: HashMap<String, BTreeMap<u32, watch::Sender<bool>>>,
    config: HashMap<String, watch::Sender<Option<String>>>,
}

#[derive(Default)]
struct Service {
    instances: watch::Sender<Instances>,
    leases: HashMap<String, watch::Sender<bool>>,
}

/// What a lease is for.
enum Subject {
    Instance { service: String, id: String },
    Slot { name: String, slot: u32 },
}

impl EmbeddedRegistry {
    /// An empty registry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a slot away from its holder, as a lease that could not be renewed would be; `false` if it was free. For tests of what
    /// holders do then.
    pub fn lose_slot(&self, name: &str, slot: u32) -> bool {
        let held = self
            .state
            .lock()
            .slots
            .get_mut(name)
            .and_then(|slots| slots.remove(&slot));
        held.is_some_and(|held| held.send_replace(false))
    }

    /// Takes away an instance's registration, as [`Self::lose_slot`] does a slot.
    pub fn lose_instance(&self, service: &str, id: &str) -> bool {
        let mut state = self.state.lock();
        let Some(service) = state.services.get_mut(service) else {
            return false;
        };
        service.remove(id).is_some_and(|held| held.send_replace(false))
    }

    fn lease(&self, subject: Subject, held: watch::Sender<bool>) -> Box<dyn Lease> {
        Box::new(EmbeddedLease {
            subject,
            held,
            state: Arc::downgrade(&self.state),
        })
    }
}

impl Drop for EmbeddedRegistry {
    fn drop(&mut self) {
        self.state.lock().give_back_all();
    }
}

impl State {
    fn give_back_all(&mut self) {
        for service in self.services.values_mut() {
            service.instances.send_replace(Instances::new());
            for held in std::mem::take(&mut service.leases).into_values() {
                held.send_replace(false);
            }
        }
        for held in std::mem::take(&mut self.slots)
            .into_values()
            .flat_map(BTreeMap::into_values)
        {
            held.send_replace(false);
        }
    }
}

impl Service {
    fn remove(&mut self, id: &str) -> Option<watch::Sender<bool>> {
        let held = self.leases.remove(id)?;
        self.instances.send_modify(|instances| {
            instances.remove(id);
        });
        Some(held)
    }
}

#[async_trait]
impl Registry for EmbeddedRegistry {
    async fn register(
        &self,
        service: &str,
        instance: Instance,
        _ttl: Duration,
    ) -> Result<Box<dyn Lease>, RegistryError> {
        let held = watch::Sender::new(true);
        let subject = Subject::Instance {
            service: service.into(),
            id: instance.id.clone(),
        };
        let mut state = self.state.lock();
        let entry = state.services.entry(service.into()).or_default();
        if let Some(replaced) = entry.leases.insert(instance.id.clone(), held.clone()) {
            replaced.send_replace(false);
        }
        entry.instances.send_modify(|instances| {
            instances.insert(instance.id.clone(), instance);
        });
        Ok(self.lease(subject, held))
    }

    async fn watch(&self, service: &str) -> Result<watch::Receiver<Instances>, RegistryError> {
        Ok(self
            .state
            .lock()
            .services
            .entry(service.into())
            .or_default()
            .instances
            .subscribe())
    }

    async fn lease_slot(&self, name: &str, count: u32, _ttl: Duration) -> Result<Box<dyn Lease>, RegistryError> {
        let mut state = self.state.lock();
        let slots = state.slots.entry(name.into()).or_default();
        let Some(slot) = (0..count).find(|slot| !slots.contains_key(slot)) else {
            return Err(RegistryError::NoSlot {
                name: name.into(),
                count,
            });
        };
        let held = watch::Sender::new(true);
        slots.insert(slot, held.clone());
        Ok(self.lease(
            Subject::Slot {
                name: name.into(),
                slot,
            },
            held,
        ))
    }

    async fn config_get(&self, key: &str) -> Result<Option<String>, RegistryError> {
        Ok(self
            .state
            .lock()
            .config
            .get(key)
            .and_then(|value| value.borrow().clone()))
    }

    async fn config_set(&self, key: &str, value: Option<String>) -> Result<(), RegistryError> {
        let mut state = self.state.lock();
        // Setting what is there already is no change, and wakes nobody.
        state.config.entry(key.into()).or_default().send_if_modified(|current| {
            let changed = *current != value;
            *current = value;
            changed
        });
        Ok(())
    }

    async fn config_watch(&self, key: &str) -> Result<watch::Receiver<Option<String>>, RegistryError> {
        Ok(self.state.lock().config.entry(key.into()).or_default().subscribe())
    }

    fn health(&self) -> Result<(), RegistryError> {
        Ok(())
    }

    async fn close(&self) {
        self.state.lock().give_back_all();
    }
}

struct EmbeddedLease {
    subject: Subject,
    held: watch::Sender<bool>,
    // Weak: a lease that is still held must not keep alive the engine that it belongs to.
    state: Weak<Mutex<State>>,
}

impl EmbeddedLease {
    fn give_back(&self) {
        if let Some(state) = self.state.upgrade() {
            let mut state = state.lock();
            // Under the lock, so that one who was replaced does not take away the registration of its successor.
            if *self.held.borrow() {
                match &self.subject {
                    Subject::Instance { service, id } => {
                        state.services.get_mut(service).and_then(|service| service.remove(id));
                    }
                    Subject::Slot { name, slot } => {
                        state.slots.get_mut(name).and_then(|slots| slots.remove(slot));
                    }
                }
            }
        }
        self.held.send_replace(false);
    }
}

#[async_trait]
impl Lease for EmbeddedLease {
    fn slot(&self) -> u32 {
        match self.subject {
            Subject::Instance { .. } => 0,
            Subject::Slot { slot, .. } => slot,
        }
    }

    fn is_held(&self) -> bool {
        *self.held.borrow()
    }

    fn held(&self) -> watch::Receiver<bool> {
        self.held.subscribe()
    }

    async fn revoke(&self) {
        self.give_back();
    }
}

impl Drop for EmbeddedLease {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::ManualClock,
        ids::{IdError, MACHINES, Snowflake},
        registry::conformance::{Subject as Tested, every_promise},
    };

    const TTL: Duration = Duration::from_secs(10);

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn it_keeps_every_promise() {
        every_promise(&Tested {
            registry: Arc::new(EmbeddedRegistry::new()),
            prefix: String::new(),
        })
        .await;
    }

    #[tokio::test]
    async fn a_lost_lease_is_noticed_and_gives_back_nothing_twice() {
        let registry = EmbeddedRegistry::new();
        let lost = registry.lease_slot("machine", 4, TTL).await.unwrap();
        assert!(registry.lose_slot("machine", 0));
        assert!(!registry.lose_slot("machine", 0));
        assert!(!*lost.held().borrow());
        let next = registry.lease_slot("machine", 4, TTL).await.unwrap();
        assert_eq!(next.slot(), 0);
        drop(lost);
        assert!(*next.held().borrow());
        assert_eq!(registry.lease_slot("machine", 4, TTL).await.unwrap().slot(), 1);

        let instance = Instance {
            id: "a".into(),
            address: String::new(),
        };
        let lease = registry.register("gateway", instance, TTL).await.unwrap();
        assert!(registry.lose_instance("gateway", "a"));
        assert!(!*lease.held().borrow());
        assert!(registry.watch("gateway").await.unwrap().borrow().is_empty());
    }

    #[tokio::test]
    async fn leases_are_lost_with_the_engine() {
        let registry = EmbeddedRegistry::new();
        let lease = registry.lease_slot("machine", MACHINES, TTL).await.unwrap();
        drop(registry);
        assert!(!*lease.held().borrow());
        lease.revoke().await;
    }

    #[tokio::test]
    async fn a_generator_of_ids_is_fenced_by_its_lease() {
        let registry = EmbeddedRegistry::new();
        let lease = registry.lease_slot("machine", MACHINES, TTL).await.unwrap();
        let ids = Snowflake::from_lease(ManualClock::at(0), lease).unwrap();
        ids.next().unwrap();
        registry.lose_slot("machine", 0);
        assert_eq!(ids.next(), Err(IdError::Fenced));
    }
}
