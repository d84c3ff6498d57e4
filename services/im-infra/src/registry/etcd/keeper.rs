//! Keeps leases alive, and ends them.

use super::link::{Failure, Link};
use crate::{clock::SharedClock, registry::Lease};
use async_trait::async_trait;
use futures::{
    StreamExt as _,
    future::{BoxFuture, join_all},
    stream::FuturesUnordered,
};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, watch};

/// How long nothing is looked at if there is nothing to do.
const IDLE: Duration = Duration::from_secs(3_600);
/// Leases are renewed so often at least, however long they are: that is how it is noticed that one was taken away.
const RENEW: Duration = Duration::from_secs(5);

/// All leases of this process.
pub(super) struct Keeper {
    link: Arc<Link>,
    clock: SharedClock,
    leases: Mutex<HashMap<i64, Kept>>,
    changed: Notify,
}

/// What is to be done about a lease. Times are of the monotonic clock.
struct Kept {
    ttl: Duration,
    /// `None` for one that is only to be ended.
    held: Option<Arc<Held>>,
    /// When it is to be renewed, or ended, next.
    next: Duration,
    /// Whether that is being done.
    busy: bool,
    /// By then it has ended at the engine whatever is done.
    over: Duration,
}

type Work = FuturesUnordered<BoxFuture<'static, Outcome>>;

/// What the engine says to a renewal or an end.
struct Outcome {
    lease: i64,
    asked: Duration,
    answer: Result<Answer, Failure>,
}

enum Answer {
    Renewed,
    /// There is no such lease, any more.
    Gone,
}

impl Keeper {
    pub(super) fn new(link: Arc<Link>, clock: SharedClock) -> Self {
        Self {
            link,
            clock,
            leases: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// A new lease, which is kept alive from now on.
    pub(super) async fn grant(self: &Arc<Self>, ttl: Duration) -> Result<EtcdLease, Failure> {
        let asked = self.clock.monotonic();
        let seconds = ttl.as_millis().div_ceil(1_000).clamp(1, i64::MAX as u128) as i64;
        let (id, granted) = self.link.grant(seconds).await?;
        let ttl = Duration::from_secs(granted);
        let held = Arc::new(Held::until(Arc::clone(&self.clock), asked + safe(ttl)));
        let kept = Kept {
            ttl,
            held: Some(Arc::clone(&held)),
            next: asked + pause(ttl),
            busy: false,
            over: asked + ttl,
        };
        self.leases.lock().insert(id, kept);
        self.changed.notify_one();
        Ok(EtcdLease {
            slot: 0,
            id,
            held,
            keeper: Arc::clone(self),
        })
    }

    /// Ends a lease, also one of another process: at once, or when the engine is back.
    pub(super) async fn end(&self, lease: i64) {
        self.end_later(lease, self.link.timeout * 2);
        if self.link.revoke(lease).await.is_ok() {
            self.leases.lock().remove(&lease);
        }
    }

    fn end_later(&self, lease: i64, wait: Duration) {
        let mut leases = self.leases.lock();
        let kept = leases.entry(lease).or_insert_with(|| Kept {
            ttl: Duration::ZERO,
            held: None,
            next: Duration::ZERO,
            busy: false,
            // its holder may renew it for ever
            over: Duration::MAX,
        });
        if let Some(held) = kept.held.take() {
            held.lose();
        }
        kept.next = self.clock.monotonic() + wait;
        self.changed.notify_one();
    }

    /// Ends all leases of this process, as far as the engine answers.
    pub(super) async fn end_all(&self) {
        let leases: Vec<i64> = self.leases.lock().keys().copied().collect();
        join_all(leases.into_iter().map(|lease| self.end(lease))).await;
    }

    /// Nothing is held any more.
    pub(super) fn lose_all(&self) {
        for kept in std::mem::take(&mut *self.leases.lock()).into_values() {
            kept.held.iter().for_each(|held| held.lose());
        }
    }

    /// Renews and ends leases when it is time.
    pub(super) async fn run(self: Arc<Self>) {
        let mut work = Work::new();
        loop {
            let wait = self.begin(&mut work);
            tokio::select! {
                Some(outcome) = work.next() => self.settle(&outcome),
                () = self.changed.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Begins what is to be done now; how long until there is more to do.
    fn begin(&self, work: &mut Work) -> Duration {
        let now = self.clock.monotonic();
        let mut leases = self.leases.lock();
        leases.retain(|_, kept| match &kept.held {
            Some(held) => {
                held.is_held() || {
                    held.lose();
                    false
                }
            }
            None => now < kept.over,
        });
        let mut wake = now + IDLE;
        for (lease, kept) in leases.iter_mut() {
            if !kept.busy && kept.next <= now {
                kept.busy = true;
                work.push(Box::pin(act(Arc::clone(&self.link), *lease, kept.held.is_some(), now)));
            }
            if !kept.busy {
                wake = wake.min(kept.next);
            }
            if let Some(held) = &kept.held {
                wake = wake.min(held.ends());
            }
        }
        wake.saturating_sub(now)
    }

    fn settle(&self, outcome: &Outcome) {
        let mut leases = self.leases.lock();
        let Some(kept) = leases.get_mut(&outcome.lease) else {
            return;
        };
        kept.busy = false;
        match &outcome.answer {
            Ok(Answer::Renewed) => {
                kept.over = outcome.asked + kept.ttl;
                // if it was given back meanwhile, it is ended when that was asked for
                if let Some(held) = &kept.held {
                    kept.next = outcome.asked + pause(kept.ttl);
                    held.extend(outcome.asked + safe(kept.ttl));
                }
            }
            Ok(Answer::Gone) => {
                kept.held.iter().for_each(|held| held.lose());
                leases.remove(&outcome.lease);
            }
            Err(failure) => {
                tracing::debug!(
                    error = failure.cause() as &dyn std::error::Error,
                    "a lease is asked for again"
                );
                let retry = (kept.ttl / 16).clamp(Duration::from_millis(100), Duration::from_secs(1));
                kept.next = self.clock.monotonic() + retry;
            }
        }
    }
}

async fn act(link: Arc<Link>, lease: i64, renew: bool, asked: Duration) -> Outcome {
    let answer = if renew {
        link.renew(lease)
            .await
            .map(|there| if there { Answer::Renewed } else { Answer::Gone })
    } else {
        link.revoke(lease).await.map(|()| Answer::Gone)
    };
    Outcome { lease, asked, answer }
}

/// How long until a lease is renewed.
fn pause(ttl: Duration) -> Duration {
    RENEW.min(ttl / 3)
}

/// How long a lease is held after it was asked for: less than it is at the engine, whose clock may run faster.
fn safe(ttl: Duration) -> Duration {
    ttl - ttl / 8
}

/// Whether a lease is held.
struct Held {
    clock: SharedClock,
    /// Milliseconds of the monotonic clock; 0 once it was lost.
    until: AtomicU64,
    told: watch::Sender<bool>,
}

impl Held {
    fn until(clock: SharedClock, until: Duration) -> Self {
        Self {
            clock,
            until: AtomicU64::new(until.as_millis() as u64),
            told: watch::Sender::new(true),
        }
    }

    fn is_held(&self) -> bool {
        self.clock.monotonic() < self.ends()
    }

    fn ends(&self) -> Duration {
        Duration::from_millis(self.until.load(Ordering::Acquire))
    }

    /// Only what is still held is held for longer.
    fn extend(&self, until: Duration) {
        let now = self.clock.monotonic().as_millis() as u64;
        let until = until.as_millis() as u64;
        let _ = self.until.fetch_update(Ordering::AcqRel, Ordering::Acquire, |ends| {
            (now < ends).then_some(ends.max(until))
        });
    }

    fn lose(&self) {
        self.until.store(0, Ordering::Release);
        self.told.send_replace(false);
    }
}

/// A lease of this process.
pub(super) struct EtcdLease {
    pub(super) slot: u32,
    id: i64,
    held: Arc<Held>,
    keeper: Arc<Keeper>,
}

impl EtcdLease {
    pub(super) fn id(&self) -> i64 {
        self.id
    }
}

#[async_trait]
impl Lease for EtcdLease {
    fn slot(&self) -> u32 {
        self.slot
    }

    fn is_held(&self) -> bool {
        self.held.is_held()
    }

    fn held(&self) -> watch::Receiver<bool> {
        self.held.told.subscribe()
    }

    async fn revoke(&self) {
        // One that was lost is left to expire: an instance that registers again must not be gone in between.
        if self.held.is_held() {
            self.keeper.end(self.id).await;
        }
    }
}

impl Drop for EtcdLease {
    fn drop(&mut self) {
        if self.held.is_held() {
            self.keeper.end_later(self.id, Duration::ZERO);
        }
    }
}
