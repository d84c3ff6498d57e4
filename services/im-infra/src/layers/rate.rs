//! How often a caller may call, by the rate class of the schema.

use futures::future::{Either, Ready, ready};
use governor::{DefaultKeyedRateLimiter, Quota as Bucket, clock::Clock as _, clock::DefaultClock};
use im_schema::{
    failure::Failure,
    parlance::Reason,
    rpc::{Call, Identity, Rate},
};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tower::{Layer, Service};

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// How many a second on average.
    pub per_second: NonZeroU32,
    /// How many at once after a pause.
    pub burst: NonZeroU32,
}

/// A quota for each rate class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quotas {
    /// Attempts to get in, by address.
    pub credentials: Quota,
    /// Reading, by user.
    pub read: Quota,
    /// Changing, by user.
    pub write: Quota,
    /// Sending messages, by user.
    pub send: Quota,
}

/// Whom a bucket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    User(u64),
    Address(IpAddr),
    Unknown,
}

/// The buckets of one rate class.
struct Class {
    quota: Quota,
    buckets: DefaultKeyedRateLimiter<Who>,
}

/// The buckets of all callers; shared by all transports.
#[derive(Clone)]
pub struct RateLimits(Arc<[RwLock<Class>; 4]>);

impl RateLimits {
    /// Empty buckets with these quotas.
    #[must_use]
    pub fn new(quotas: &Quotas) -> Self {
        Self(Arc::new(quotas.by_class().map(|quota| RwLock::new(Class::new(quota)))))
    }

    /// Holds callers to these quotas from now on. In a class whose quota changes everyone begins with a full bucket.
    pub fn set(&self, quotas: &Quotas) {
        for (class, quota) in self.0.iter().zip(quotas.by_class()) {
            if class.read().quota != quota {
                *class.write() = Class::new(quota);
            }
        }
    }

    /// Takes one token for a caller.
    ///
    /// # Errors
    /// `RATE_LIMITED`, with the time to wait, if there is none.
    pub fn take(&self, rate: Rate, identity: &Identity, address: Option<IpAddr>) -> Result<(), Failure> {
        let class = match rate {
            Rate::Credentials => &self.0[0],
            Rate::Read => &self.0[1],
            Rate::Write => &self.0[2],
            Rate::Send => &self.0[3],
            Rate::Unlimited => return Ok(()),
        };
        let who = match (identity, address) {
            (Identity::Service, _) => return Ok(()),
            (Identity::User(caller), _) => Who::User(caller.user.0),
            (Identity::Anonymous, Some(address)) => Who::Address(address),
            (Identity::Anonymous, None) => Who::Unknown,
        };
        class
            .read()
            .buckets
            .check_key(&who)
            .map_err(|denied| limited(denied.wait_time_from(DefaultClock::default().now())))
    }

    /// Drops the buckets that are full again; to be called now and then, so that memory follows who is active.
    pub fn sweep(&self) {
        for class in self.0.iter() {
            let class = class.read();
            class.buckets.retain_recent();
            class.buckets.shrink_to_fit();
        }
    }
}

impl Quotas {
    fn by_class(&self) -> [Quota; 4] {
        [self.credentials, self.read, self.write, self.send]
    }
}

impl Class {
    fn new(quota: Quota) -> Self {
        let bucket = Bucket::per_second(quota.per_second).allow_burst(quota.burst);
        Self {
            quota,
            buckets: DefaultKeyedRateLimiter::keyed(bucket),
        }
    }
}

fn limited(wait: Duration) -> Failure {
    metrics::counter!("rate_limited_total").increment(1);
    Failure::new(Reason::RateLimited, "").retry_after(wait)
}

/// Refuses calls beyond their caller's quota.
#[derive(Clone)]
pub struct RateLayer(RateLimits);

impl RateLayer {
    /// Callers are held to `limits`.
    #[must_use]
    pub fn new(limits: RateLimits) -> Self {
        Self(limits)
    }
}

/// See [`RateLayer`].
#[derive(Clone)]
pub struct Limited<S> {
    inner: S,
    limits: RateLimits,
}

impl<S> Layer<S> for RateLayer {
    type Service = Limited<S>;

    fn layer(&self, inner: S) -> Limited<S> {
        Limited {
            inner,
            limits: self.0.clone(),
        }
    }
}

impl<S, R, A> Service<Call<R>> for Limited<S>
where
    S: Service<Call<R>, Response = A, Error = Failure>,
{
    type Response = A;
    type Error = Failure;
    type Future = Either<S::Future, Ready<Result<A, Failure>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, call: Call<R>) -> Self::Future {
        match self
            .limits
            .take(call.method.rate, &call.context.identity, call.context.address)
        {
            Ok(()) => Either::Left(self.inner.call(call)),
            Err(failure) => Either::Right(ready(Err(failure))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(burst: u32) -> Quota {
        Quota {
            per_second: NonZeroU32::MIN,
            burst: NonZeroU32::new(burst).expect("not zero"),
        }
    }

    #[test]
    fn quotas_change_while_callers_call() {
        let mut quotas = Quotas {
            credentials: quota(1),
            read: quota(2),
            write: quota(2),
            send: quota(2),
        };
        let limits = RateLimits::new(&quotas);
        let passes = |rate| {
            (0..10)
                .filter(|_| limits.take(rate, &Identity::Anonymous, None).is_ok())
                .count()
        };
        assert_eq!((passes(Rate::Send), passes(Rate::Read)), (2, 2));
        quotas.send = quota(5);
        limits.set(&quotas);
        assert_eq!(passes(Rate::Send), 5);
        assert_eq!(
            passes(Rate::Read),
            0,
            "where nothing changed buckets are as empty as they were"
        );
    }
}
