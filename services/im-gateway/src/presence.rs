//! Tells the deployment which users are connected here: a field of this instance in each user's hash in kv.
//!
//! What is done for one user happens one after the other, so that a quick reconnect is never undone by the disconnect before it. A kv engine
//! that is away stops nobody: the next heartbeat repairs what is missing.

use crate::hub::Hub;
use bytes::Bytes;
use futures::future::join_all;
use im_infra::{kv::Kv, presence};
use im_schema::ids::UserId;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::Mutex;

/// Users are spread over so many parts. A part is locked while something is done for one of its users, and has its heartbeat at once.
const PARTS: usize = 256;

/// See the module.
pub(crate) struct Presence {
    kv: Arc<dyn Kv>,
    hub: Arc<Hub>,
    field: String,
    ttl: Duration,
    locks: [Mutex<()>; PARTS],
    next: AtomicUsize,
}

impl Presence {
    /// Keeps the presence of the users of `hub` under the name of this `instance`.
    pub(crate) fn new(kv: Arc<dyn Kv>, hub: Arc<Hub>, instance: &str, ttl: Duration) -> Self {
        Self {
            kv,
            hub,
            field: instance.to_owned(),
            ttl,
            locks: std::array::from_fn(|_| Mutex::new(())),
            next: AtomicUsize::new(0),
        }
    }

    /// Says that a user, who is in the hub already, is here. When it returns, others can see it.
    pub(crate) async fn arrived(&self, user: UserId) {
        let _turn = self.locks[part_of(user)].lock().await;
        self.set(user).await;
    }

    /// Takes it back, unless the user has another connection here.
    pub(crate) async fn left(&self, user: UserId) {
        let _turn = self.locks[part_of(user)].lock().await;
        if self.hub.is_online(user) {
            return;
        }
        if let Err(error) = self
            .kv
            .hash_delete(&presence::key(user), std::slice::from_ref(&self.field))
            .await
        {
            tracing::warn!(user.id = %user, error = &error as &dyn std::error::Error, "presence not taken back, it will expire");
        }
    }

    /// Renews the presence of a part of the users. `parts` of `Presence::parts` are enough to reach everybody.
    pub(crate) async fn heartbeat(&self, parts: usize) {
        for _ in 0..parts.min(PARTS) {
            let part = self.next.fetch_add(1, Ordering::Relaxed) % PARTS;
            let _turn = self.locks[part].lock().await;
            let users: Vec<UserId> = self
                .hub
                .read(|tables| tables.users().filter(|user| part_of(*user) == part).collect());
            join_all(users.into_iter().map(|user| self.set(user))).await;
        }
    }

    /// How many parts are due in a tick, if everybody is to be reached three times within the time to live.
    pub(crate) fn parts_due(&self, tick: Duration) -> usize {
        let ticks = (self.ttl.as_secs_f64() / 3.0 / tick.as_secs_f64().max(0.001)).max(1.0);
        (PARTS as f64 / ticks).ceil() as usize
    }

    async fn set(&self, user: UserId) {
        let field = [(self.field.clone(), Bytes::new())];
        if let Err(error) = self.kv.hash_set(&presence::key(user), &field, Some(self.ttl)).await {
            tracing::warn!(user.id = %user, error = &error as &dyn std::error::Error, "presence not told, the next heartbeat repairs it");
        }
    }
}

fn part_of(user: UserId) -> usize {
    im_infra::log::partition_of(u64::from(user), PARTS as u32) as usize
}
