#![doc = include_str!("layers/README.md")]

mod auth;
mod capacity;
mod deadline;
mod idempotency;
mod memory;
mod panic;
mod peers;
mod policy;
mod rate;
mod trace;
mod validate;

pub use auth::{AuthLayer, Authenticator};
pub use capacity::{Capacity, CapacityLayer};
pub use deadline::DeadlineLayer;
pub use idempotency::IdempotencyLayer;
pub use memory::Memory;
pub use panic::PanicLayer;
pub use peers::{PeerLayer, VouchLayer};
pub use policy::PolicyLayer;
pub use rate::{Quota, Quotas, RateLayer, RateLimits};
pub use trace::TraceLayer;
pub use validate::ValidateLayer;

use crate::token::ServiceToken;
use im_schema::{
    failure::Failure,
    retry::Retry,
    rpc::{Call, Decode, Encode, Stack, Validate},
};
use std::{sync::Arc, time::Duration};
use tower::{
    Service, ServiceBuilder,
    util::{BoxCloneSyncService, Either},
};

/// The layers in front of every handler, outermost first; what is missing in a place is left out there.
struct List {
    default_deadline: Duration,
    capacity: Option<Capacity>,
    identity: Either<AuthLayer, PeerLayer>,
    rates: Option<RateLimits>,
    memory: Option<Memory>,
}

impl List {
    fn before<S, R, A>(self, service: S) -> Stack<R, A>
    where
        S: Service<Call<R>, Response = A, Error = Failure> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        R: Validate + Encode + Send + 'static,
        A: Encode + Decode + Send + 'static,
    {
        BoxCloneSyncService::new(
            ServiceBuilder::new()
                // trace first: whatever happens behind it is counted, timed and logged once
                .layer(TraceLayer)
                // panic before the rest: a bug in any layer or handler becomes INTERNAL for one caller
                .layer(PanicLayer)
                // deadline before capacity: what is late already must not take a slot
                .layer(DeadlineLayer::new(self.default_deadline))
                // capacity before work: refusing must be cheap for who has too much to do. Concurrency limit and load shed in one
                .option_layer(self.capacity.map(CapacityLayer::new))
                // identity before policy: at the edge a token becomes one; inside, who calls says who is behind it, if it is one of us
                .layer(self.identity)
                // policy before limits: who may not call at all does not use up a quota. Also inside: a service may be wrong about what it hands on
                .layer(PolicyLayer)
                // rate limits before validation: checking a large request costs, too. Only at the edge: inside, it has counted
                .option_layer(self.rates.map(RateLayer::new))
                // validation before handlers: they see only what the schema allows
                .layer(ValidateLayer)
                // memory last, and only where the handlers are: what they answered is worth remembering, whoever hands the call on, as often as it does
                .option_layer(self.memory.map(IdempotencyLayer::new))
                .service(service),
        )
    }
}

/// What the layers of calls from outside need.
#[derive(Clone)]
pub struct Layers {
    /// How many calls are answered at once.
    pub capacity: Capacity,
    /// Verifies tokens.
    pub authenticator: Authenticator,
    /// Limits by rate class.
    pub rates: RateLimits,
    /// Remembers the answers to calls with an idempotency key.
    pub memory: Memory,
    /// How long a call may take if its caller does not say.
    pub default_deadline: Duration,
}

impl Layers {
    /// Puts all layers in front of a service whose handlers are in this process.
    pub fn stack<S, R, A>(&self, service: S) -> Stack<R, A>
    where
        S: Service<Call<R>, Response = A, Error = Failure> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        R: Validate + Encode + Send + 'static,
        A: Encode + Decode + Send + 'static,
    {
        List {
            memory: Some(self.memory.clone()),
            ..self.list()
        }
        .before(service)
    }

    /// Puts the layers of the edge in front of a service whose handlers are behind a channel: who answers also remembers its answers, so that
    /// every way there finds them.
    pub fn edge<S, R, A>(&self, service: S) -> Stack<R, A>
    where
        S: Service<Call<R>, Response = A, Error = Failure> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        R: Validate + Encode + Send + 'static,
        A: Encode + Decode + Send + 'static,
    {
        self.list().before(service)
    }

    /// Puts the layers in front of a service that others of this process call. Without a slot of its own: what has been let in shall come to
    /// its end.
    pub fn within<S, R, A>(&self, service: S) -> Stack<R, A>
    where
        S: Service<Call<R>, Response = A, Error = Failure> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        R: Validate + Encode + Send + 'static,
        A: Encode + Decode + Send + 'static,
    {
        List {
            capacity: None,
            memory: Some(self.memory.clone()),
            ..self.list()
        }
        .before(service)
    }

    fn list(&self) -> List {
        List {
            default_deadline: self.default_deadline,
            capacity: Some(self.capacity.clone()),
            identity: Either::Left(AuthLayer::new(self.authenticator.clone())),
            rates: Some(self.rates.clone()),
            memory: None,
        }
    }
}

/// What the layers of calls between services need.
#[derive(Clone)]
pub struct Inside {
    /// How many calls are answered at once.
    pub capacity: Capacity,
    /// What services of the platform know each other by.
    pub token: Arc<str>,
    /// The same, to compare with.
    pub peers: ServiceToken,
    /// Remembers the answers to calls with an idempotency key.
    pub memory: Memory,
    /// How long a call may take if its caller does not say.
    pub default_deadline: Duration,
}

impl Inside {
    /// Puts the layers in front of a service that only other services of the platform call.
    pub fn serve<S, R, A>(&self, service: S) -> Stack<R, A>
    where
        S: Service<Call<R>, Response = A, Error = Failure> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        R: Validate + Encode + Send + 'static,
        A: Encode + Decode + Send + 'static,
    {
        List {
            default_deadline: self.default_deadline,
            capacity: Some(self.capacity.clone()),
            identity: Either::Right(PeerLayer::new(self.peers.clone())),
            rates: None,
            memory: Some(self.memory.clone()),
        }
        .before(service)
    }

    /// Puts the layers in front of a channel to another service.
    pub fn call<S, R, A>(&self, channel: S) -> Stack<R, A>
    where
        S: Service<Call<R>, Response = A, Error = Failure> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        R: Clone + Send + 'static,
        A: Send + 'static,
    {
        BoxCloneSyncService::new(
            ServiceBuilder::new()
                // deadline first: all attempts together have no longer, and each hands on what is left of it
                .layer(DeadlineLayer::new(self.default_deadline))
                // retry before the voucher: each attempt may go to another instance
                .layer_fn(Retry::new)
                .layer(VouchLayer::new(Arc::clone(&self.token)))
                // then the channel, which picks an instance whose circuit breaker is closed: see `discovery`
                .service(channel),
        )
    }
}
