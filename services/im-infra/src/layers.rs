#![doc = include_str!("layers/README.md")]

mod auth;
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
use tower::{Layer as _, Service, ServiceBuilder, util::BoxCloneSyncService};

/// What the layers of a service need.
#[derive(Clone)]
pub struct Layers {
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
        // memory last: only what a handler answered is worth remembering, and a repetition has passed all that a call has to
        self.edge(IdempotencyLayer::new(self.memory.clone()).layer(service))
    }

    /// Puts the layers of the edge in front of a service whose handlers are behind a channel: who answers also remembers its answers, so that
    /// every way there finds them.
    pub fn edge<S, R, A>(&self, service: S) -> Stack<R, A>
    where
        S: Service<Call<R>, Response = A, Error = Failure> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        R: Validate + Send + 'static,
        A: Send + 'static,
    {
        BoxCloneSyncService::new(
            ServiceBuilder::new()
                // trace first: whatever happens behind it is counted, timed and logged once
                .layer(TraceLayer)
                // panic before the rest: a bug in any layer or handler becomes INTERNAL for one caller
                .layer(PanicLayer)
                // deadline before work: what is late already must not take a slot
                .layer(DeadlineLayer::new(self.default_deadline))
                // auth before policy: a token becomes an identity
                .layer(AuthLayer::new(self.authenticator.clone()))
                // policy before limits: who may not call at all does not use up a quota
                .layer(PolicyLayer)
                // limits before validation: checking a large request costs, too
                .layer(RateLayer::new(self.rates.clone()))
                // validation before handlers: they see only what the schema allows
                .layer(ValidateLayer)
                .service(service),
        )
    }
}

/// What the layers of calls between services need.
#[derive(Clone)]
pub struct Inside {
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
        BoxCloneSyncService::new(
            ServiceBuilder::new()
                // the first three as at the edge
                .layer(TraceLayer)
                .layer(PanicLayer)
                .layer(DeadlineLayer::new(self.default_deadline))
                // peers before policy: who calls says who is behind it, if it is one of us
                .layer(PeerLayer::new(self.peers.clone()))
                // policy again: a service may be wrong about what it hands on
                .layer(PolicyLayer)
                // no limits: the edge has counted
                .layer(ValidateLayer)
                // memory here, not at the edge: whoever hands the call on, and as often as it does
                .layer(IdempotencyLayer::new(self.memory.clone()))
                .service(service),
        )
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
                // deadline first: all attempts together have no longer
                .layer(DeadlineLayer::new(self.default_deadline))
                // retry before the voucher: each attempt may go to another instance
                .layer_fn(Retry::new)
                .layer(VouchLayer::new(Arc::clone(&self.token)))
                .service(channel),
        )
    }
}
