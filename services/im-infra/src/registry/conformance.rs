//! What every engine behind [`Registry`] must do. An adapter's test makes a [`Subject`] and calls
//! [`every_promise`].

use super::{Instance, Instances, Lease, Registry, RegistryError};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::{sync::watch, time::timeout};

/// How long leases are asked for; the suite does not wait for one to expire.
const TTL: Duration = Duration::from_secs(10);
/// An engine may take so long to tell a watcher.
const PATIENCE: Duration = Duration::from_secs(5);

/// An engine under test.
pub struct Subject {
    /// The engine; may hold foreign names.
    pub registry: Arc<dyn Registry>,
    /// Put before every name, so that the suite can run twice on an engine that keeps its names.
    pub prefix: String,
}

impl Subject {
    fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

/// Runs the whole suite.
///
/// # Panics
/// At the first promise that is broken, with a message that says which.
pub async fn every_promise(subject: &Subject) {
    instances_come_and_go(subject).await;
    an_instance_is_replaced_by_one_of_the_same_id(subject).await;
    slots_are_leased_from_the_lowest(subject).await;
    a_slot_has_one_holder_among_many_tasks(subject).await;
    configuration_is_kept_and_watched(subject).await;
    leases_are_given_back_at_the_end(subject).await;
}

async fn instances_come_and_go(subject: &Subject) {
    let (registry, service) = (&subject.registry, subject.name("comes and goes"));
    let mut early = registry.watch(&service).await.unwrap();
    assert!(early.borrow().is_empty());
    let one = registry
        .register(&service, instance("one", "http://one"), TTL)
        .await
        .unwrap();
    until(&mut early, |now| ids(now) == ["one"]).await;
    assert_eq!(early.borrow()["one"], instance("one", "http://one"));
    assert_eq!(one.slot(), 0);
    assert!(*one.held().borrow());

    let two = registry.register(&service, instance("two", ""), TTL).await.unwrap();
    until(&mut early, |now| ids(now) == ["one", "two"]).await;
    let mut late = registry.watch(&service).await.unwrap();
    assert_eq!(
        ids(&late.borrow_and_update()),
        ["one", "two"],
        "a watch begins with who is there"
    );
    assert!(
        registry
            .watch(&subject.name("another service"))
            .await
            .unwrap()
            .borrow()
            .is_empty()
    );

    let mut held = one.held();
    one.revoke().await;
    one.revoke().await;
    until(&mut held, |held| !held).await;
    drop(two);
    for watcher in [&mut early, &mut late] {
        until(watcher, Instances::is_empty).await;
    }
}

async fn an_instance_is_replaced_by_one_of_the_same_id(subject: &Subject) {
    let (registry, service) = (&subject.registry, subject.name("replaced"));
    let mut watcher = registry.watch(&service).await.unwrap();
    let old = registry
        .register(&service, instance("same", "http://old"), TTL)
        .await
        .unwrap();
    let new = registry
        .register(&service, instance("same", "http://new"), TTL)
        .await
        .unwrap();
    until(&mut watcher, |now| {
        now.get("same").is_some_and(|instance| instance.address == "http://new")
    })
    .await;
    until(&mut old.held(), |held| !held).await;
    old.revoke().await;
    drop(old);
    let now = registry.watch(&service).await.unwrap();
    assert_eq!(
        ids(&now.borrow()),
        ["same"],
        "the older lease does not take away the newer registration"
    );
    assert!(*new.held().borrow());
    new.revoke().await;
    until(&mut watcher, Instances::is_empty).await;
}

async fn slots_are_leased_from_the_lowest(subject: &Subject) {
    let (registry, name) = (&subject.registry, subject.name("slots"));
    let mut leases = Vec::new();
    for slot in 0..3 {
        leases.push(registry.lease_slot(&name, 3, TTL).await.unwrap());
        assert_eq!(leases[slot as usize].slot(), slot);
    }
    match registry.lease_slot(&name, 3, TTL).await {
        Err(RegistryError::NoSlot { name: named, count: 3 }) => assert_eq!(named, name),
        Err(other) => panic!("all slots are taken, but the error is {other}"),
        Ok(lease) => panic!("all slots are taken, but {} was leased", lease.slot()),
    }
    assert_eq!(
        registry
            .lease_slot(&subject.name("other slots"), 3, TTL)
            .await
            .unwrap()
            .slot(),
        0
    );

    leases[1].revoke().await;
    until(&mut leases[1].held(), |held| !held).await;
    let again = leased(subject, &name, 3).await;
    assert_eq!(again.slot(), 1, "what was revoked is free");
    leases.swap_remove(1);
    leases.pop();
    assert_eq!(leased(subject, &name, 3).await.slot(), 2, "what was dropped is free");
    assert!(
        *again.held().borrow() && *leases[0].held().borrow(),
        "the others are held on"
    );
}

async fn a_slot_has_one_holder_among_many_tasks(subject: &Subject) {
    let name = subject.name("contested slots");
    let tasks = (0..16).map(|_| {
        let (registry, name) = (Arc::clone(&subject.registry), name.clone());
        tokio::spawn(async move { registry.lease_slot(&name, 16, TTL).await.unwrap() })
    });
    let leases: Vec<_> = futures::future::join_all(tasks)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let slots: BTreeSet<_> = leases.iter().map(|lease| lease.slot()).collect();
    assert_eq!(slots, (0..16).collect());
}

async fn configuration_is_kept_and_watched(subject: &Subject) {
    let (registry, key) = (&subject.registry, subject.name("setting"));
    let mut watcher = registry.config_watch(&key).await.unwrap();
    assert_eq!(*watcher.borrow(), None);
    assert_eq!(registry.config_get(&key).await.unwrap(), None);
    registry.config_set(&key, Some("debug".into())).await.unwrap();
    assert_eq!(registry.config_get(&key).await.unwrap().as_deref(), Some("debug"));
    until(&mut watcher, |value| value.as_deref() == Some("debug")).await;
    assert_eq!(
        registry.config_watch(&key).await.unwrap().borrow().as_deref(),
        Some("debug")
    );
    assert_eq!(registry.config_get(&subject.name("other setting")).await.unwrap(), None);
    registry.config_set(&key, None).await.unwrap();
    registry.config_set(&key, None).await.unwrap();
    until(&mut watcher, Option::is_none).await;
    assert_eq!(registry.config_get(&key).await.unwrap(), None);
}

async fn leases_are_given_back_at_the_end(subject: &Subject) {
    let (registry, name) = (&subject.registry, subject.name("until the end"));
    let mut watcher = registry.watch(&name).await.unwrap();
    let registered = registry.register(&name, instance("one", ""), TTL).await.unwrap();
    let slot = registry.lease_slot(&name, 1, TTL).await.unwrap();
    until(&mut watcher, |now| ids(now) == ["one"]).await;
    registry.close().await;
    assert!(!registered.is_held() && !slot.is_held());
    let again = registry.lease_slot(&name, 1, TTL).await.unwrap();
    assert_eq!(again.slot(), 0, "nobody has to wait for what was held");
    until(&mut watcher, Instances::is_empty).await;
}

fn instance(id: &str, address: &str) -> Instance {
    Instance {
        id: id.into(),
        address: address.into(),
    }
}

fn ids(instances: &Instances) -> Vec<&str> {
    instances.keys().map(String::as_str).collect()
}

async fn until<T>(watcher: &mut watch::Receiver<T>, wanted: impl FnMut(&T) -> bool) {
    let seen = timeout(PATIENCE, watcher.wait_for(wanted)).await;
    seen.expect("the watcher is told in time").expect("the watch goes on");
}

/// Engines that free a dropped lease in the background are given time for it.
async fn leased(subject: &Subject, name: &str, count: u32) -> Box<dyn Lease> {
    let patience = tokio::time::Instant::now() + PATIENCE;
    loop {
        match subject.registry.lease_slot(name, count, TTL).await {
            Err(RegistryError::NoSlot { .. }) if tokio::time::Instant::now() < patience => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            outcome => return outcome.expect("a slot was given back"),
        }
    }
}
