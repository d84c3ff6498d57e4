#![doc = include_str!("layers/README.md")]

mod auth;
mod deadline;
mod idempotency;
mod memory;
mod panic;
mod policy;
mod rate;
mod trace;
mod validate;

pub use auth::{AuthLayer, Authenticator};
pub use deadline::DeadlineLayer;
pub use idempotency::IdempotencyLayer;
pub use memory::Memory;
pub use panic::PanicLayer;
pub use policy::PolicyLayer;
pub use rate::{Quota, Quotas, RateLayer, RateLimits};
pub use trace::TraceLayer;
pub use validate::ValidateLayer;

use im_schema::{
    failure::Failure,
    rpc::{Call, Decode, Encode, Stack, Validate},
};
use std::time::Duration;
use tower::{Service, ServiceBuilder, util::BoxCloneSyncService};

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
    /// Puts all layers in front of a service, whose handlers may be in this process or behind a channel.
    pub fn stack<S, R, A>(&self, service: S) -> Stack<R, A>
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
                // memory last: only what a handler answered is worth remembering, and a repetition has passed all that a call has to
                .layer(IdempotencyLayer::new(self.memory.clone()))
                .service(service),
        )
    }
}
