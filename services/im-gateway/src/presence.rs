//! Tells the deployment which users are connected here: a field of this instance in each user's hash in kv.
//!
//! What is done for one user happens one after the other, so that a quick reconnect is never undone by the disconnect before it. A kv engine
//! that is away stops nobody. What is missing in it is repaired within a tick once it is back: this gateway vouches for its users
//! ([`im_infra::presence::VOUCHERS`]), and while it does not, it is told everything; who came while presence could not be told may have missed something
//! nevertheless, and is asked to come again.

use crate::{config::Config, hub::Hub};
use bytes::Bytes;
use futures::future::join_all;
use im_infra::{
    clock::SharedClock,
    kv::{Kv, KvError},
    presence::{self, VOUCHERS},
};
use im_schema::{
    ids::UserId,
    parlance::Reason,
    v1::{GoAway, ServerFrame},
};
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
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
    clock: SharedClock,
    field: String,
    ttl: Duration,
    /// Who is asked to come again does so within this time.
    spread: Duration,
    locks: [Mutex<()>; PARTS],
    next: AtomicUsize,
    /// Under which number this gateway vouches for its users; 0 for none.
    number: AtomicU64,
    /// Who came while presence could not be told.
    untold: parking_lot::Mutex<HashSet<UserId>>,
}

impl Presence {
    /// Keeps the presence of the users of `hub` under the name of this `instance`.
    pub(crate) fn new(kv: Arc<dyn Kv>, hub: Arc<Hub>, clock: SharedClock, instance: &str, config: &Config) -> Self {
        Self {
            kv,
            hub,
            clock,
            field: instance.to_owned(),
            ttl: config.presence_ttl,
            spread: config.reconnect_spread,
            locks: std::array::from_fn(|_| Mutex::new(())),
            next: AtomicUsize::new(0),
            number: AtomicU64::new(0),
            untold: parking_lot::Mutex::default(),
        }
    }

    /// Says that a user, who is in the hub already, is here. When it returns, others can see it, or the user will be asked to come again.
    pub(crate) async fn arrived(&self, user: UserId) {
        let _turn = self.locks[part_of(user)].lock().await;
        if !self.set(user).await {
            self.untold.lock().insert(user);
        }
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
            error.log("presence not taken back, it will expire");
        }
    }

    /// Renews the presence of a part of the users, or of all of them if others lost it.
    pub(crate) async fn heartbeat(&self, parts: usize) {
        if let Err(error) = self.vouch().await {
            tracing::debug!(error = &error as &dyn std::error::Error, "not vouched for presence");
        }
        self.make_up().await;
        self.renew(parts).await;
    }

    /// No more is vouched for.
    pub(crate) async fn end(&self) {
        let fields = [presence::begun(&self.field), presence::done(&self.field)];
        if let Err(error) = self.kv.hash_delete(VOUCHERS, &fields).await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "voucher not taken back, it will expire"
            );
        }
    }

    /// Goes on vouching for the users, anew if kv lost what it held.
    async fn vouch(&self) -> Result<(), KvError> {
        let number = self.number.load(Ordering::Relaxed);
        let begun = self.kv.hash_get(VOUCHERS, &presence::begun(&self.field)).await?;
        if number != 0 && begun.as_deref() == Some(number.to_string().as_bytes()) {
            return self.done(number).await;
        }
        let number = rand::random_range(1..=u64::MAX);
        let begun = (presence::begun(&self.field), number.to_string().into());
        self.kv.hash_set(VOUCHERS, &[begun], Some(self.ttl)).await?;
        if self.renew(PARTS).await {
            self.number.store(number, Ordering::Relaxed);
            self.done(number).await?;
        }
        Ok(())
    }

    /// Counts until half of the time to live is over: however long this gateway hangs, presence that was renewed a third of it before is still there.
    async fn done(&self, number: u64) -> Result<(), KvError> {
        let until_ms = self.clock.now_ms() + self.ttl.as_millis() as u64 / 2;
        let done = (presence::done(&self.field), presence::vouch(number, until_ms));
        self.kv.hash_set(VOUCHERS, &[done], Some(self.ttl)).await
    }

    /// Tells presence of those of whom it could not be told, and has them come again, for what they missed.
    async fn make_up(&self) {
        let mut untold = std::mem::take(&mut *self.untold.lock()).into_iter();
        while let Some(user) = untold.next() {
            let _turn = self.locks[part_of(user)].lock().await;
            if !self.hub.is_online(user) {
                continue;
            }
            if !self.set(user).await {
                // the others would only wait for the same
                self.untold.lock().extend(untold.chain([user]));
                return;
            }
            self.hub.read(|tables| {
                for connection in tables.of(user) {
                    let reconnect_after_ms = rand::random_range(0..=self.spread.as_millis() as u32);
                    connection.outbox.send(&ServerFrame::from(GoAway {
                        reconnect_after_ms,
                        ..Default::default()
                    }));
                    connection.outbox.finish(Reason::GoingAway);
                }
            });
        }
    }

    /// The next parts; [`PARTS`] of them are everybody. Whether all could be told.
    async fn renew(&self, parts: usize) -> bool {
        for _ in 0..parts.min(PARTS) {
            let part = self.next.fetch_add(1, Ordering::Relaxed) % PARTS;
            let _turn = self.locks[part].lock().await;
            let users: Vec<UserId> = self
                .hub
                .read(|tables| tables.users().filter(|user| part_of(*user) == part).collect());
            let told = join_all(users.into_iter().map(|user| self.set(user))).await;
            if told.contains(&false) {
                return false;
            }
        }
        true
    }

    /// How many parts are due in a tick, if everybody is to be reached three times within the time to live.
    pub(crate) fn parts_due(&self, tick: Duration) -> usize {
        let ticks = (self.ttl.as_secs_f64() / 3.0 / tick.as_secs_f64().max(0.001)).max(1.0);
        (PARTS as f64 / ticks).ceil() as usize
    }

    /// Whether it could be told.
    async fn set(&self, user: UserId) -> bool {
        let field = [(self.field.clone(), Bytes::new())];
        let told = self.kv.hash_set(&presence::key(user), &field, Some(self.ttl)).await;
        if let Err(error) = &told {
            error.log("presence not told, the next heartbeat repairs it");
        }
        told.is_ok()
    }
}

fn part_of(user: UserId) -> usize {
    im_infra::log::partition_of(u64::from(user), PARTS as u32) as usize
}
