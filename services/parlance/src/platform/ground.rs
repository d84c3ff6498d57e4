//! What all services of a process have in common: engines, keys, layers.

use super::{engines::Engines, secrets};
use crate::settings::Settings;
use anyhow::Context as _;
use im_infra::{
    ids::{MACHINES, Snowflake},
    layers::{Authenticator, Capacity, Layers, Memory, RateLimits},
    registry::Lease,
    session::EndedSessions,
    token::TokenKeys,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// So many processes of one role find a name of their own.
const NAMES: u32 = 1024;
/// How often what is known of callers who have not called for long is forgotten.
const SWEEP: Duration = Duration::from_secs(60);

/// The ground that services stand on.
pub(crate) struct Ground {
    pub(crate) settings: Settings,
    pub(crate) engines: Engines,
    pub(crate) secret: Vec<u8>,
    pub(crate) keys: Arc<TokenKeys>,
    /// Of calls that come from outside.
    pub(crate) layers: Layers,
    pub(crate) rates: RateLimits,
    _sweeper: AbortOnDropHandle<()>,
}

/// The name of a process among those of its role, and what is held for it.
pub(crate) struct Name {
    pub(crate) name: Arc<str>,
    /// Missing if the name is configured.
    lease: Option<Box<dyn Lease>>,
}

impl Ground {
    /// Opens the engines and makes the keys.
    ///
    /// # Errors
    /// The data folder cannot be used, or the configuration makes no sense.
    pub(crate) async fn prepare(settings: Settings) -> anyhow::Result<Self> {
        let engines = Engines::open(&settings).await?;
        let secret = secrets::signing(&settings)?;
        let auth = &settings.auth;
        let keys = TokenKeys::new(&secret, auth.issuer.as_str(), auth.audience.as_str());
        let keys = Arc::new(keys.context("auth.secret")?);
        let ended = EndedSessions::new(Arc::clone(&engines.kv), settings.logic.access_token_lifetime);
        let rates = RateLimits::new(&settings.limits.quotas());
        let layers = Layers {
            capacity: Capacity::new(settings.limits.concurrency),
            authenticator: Authenticator::new(Arc::clone(&keys), ended, Arc::clone(&engines.clock)),
            rates: rates.clone(),
            memory: Memory::new(Arc::clone(&engines.kv), &secret, settings.limits.idempotency_window),
            default_deadline: settings.limits.deadline,
        };
        Ok(Self {
            _sweeper: AbortOnDropHandle::new(tokio::spawn(sweep(rates.clone()))),
            settings,
            engines,
            secret,
            keys,
            layers,
            rates,
        })
    }

    /// A name for this process among those of `role`: the configured one, or the lowest that is free.
    ///
    /// # Errors
    /// The registry is away, or all names are taken.
    pub(crate) async fn name(&self, role: &str) -> anyhow::Result<Name> {
        let configured = &self.settings.cluster.instance;
        if !configured.is_empty() {
            let name = format!("{role}-{configured}").into();
            return Ok(Name { name, lease: None });
        }
        let slots = format!("name/{role}");
        let ttl = self.settings.cluster.machine_ttl;
        let lease = self.engines.registry.lease_slot(&slots, NAMES, ttl).await;
        let lease = lease.with_context(|| format!("lease a name for {role}"))?;
        Ok(Name {
            name: format!("{role}-{}", lease.slot()).into(),
            lease: Some(lease),
        })
    }

    /// A maker of ids, and whether it still may make some.
    ///
    /// # Errors
    /// The registry is away, or all machine numbers are taken.
    pub(crate) async fn ids(&self) -> anyhow::Result<(Arc<Snowflake>, watch::Receiver<bool>)> {
        let ttl = self.settings.cluster.machine_ttl;
        let machine = self.engines.registry.lease_slot("machine", MACHINES, ttl).await;
        let machine = machine.context("lease a machine number")?;
        let held = machine.held();
        let ids = Snowflake::from_lease(Arc::clone(&self.engines.clock), machine)?;
        Ok((Arc::new(ids), held))
    }
}

impl Name {
    /// Waits until the name is lost: another process may have it then.
    pub(crate) async fn lost(&self) -> String {
        match &self.lease {
            Some(lease) => lost(lease.held()).await,
            None => std::future::pending().await,
        }
        format!("the name {} was lost", self.name)
    }
}

/// Waits until what is held is lost.
pub(crate) async fn lost(mut held: watch::Receiver<bool>) {
    // who held it and is gone has lost it too
    let _gone = held.wait_for(|held| !held).await;
}

async fn sweep(rates: RateLimits) {
    loop {
        tokio::time::sleep(SWEEP).await;
        rates.sweep();
    }
}
