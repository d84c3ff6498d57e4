//! What a process stands on, and how it is asked whether it is there.

use crate::{discovery::Channel, kv::Kv, log::Log, registry::Registry};
use futures::future::BoxFuture;
use std::{convert::Infallible, error::Error, sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// A peer that does not answer for so long is not waited for: another one may.
const PEER_PATIENCE: Duration = Duration::from_secs(1);
/// Pause between two questions to peers: the next one goes to another of them, most likely.
const NEXT_PEER: Duration = Duration::from_millis(100);

pub(super) type Answer = Result<(), Box<dyn Error + Send + Sync>>;

/// Something that may be away.
pub struct Engine {
    pub(super) name: &'static str,
    pub(super) needed: bool,
    pub(super) ask: Box<dyn Fn() -> BoxFuture<'static, Answer> + Send + Sync>,
}

impl Engine {
    /// One without which the process cannot serve. `ask` is called about once a second, and given up after four.
    pub fn needed<F, E>(name: &'static str, ask: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        Self {
            name,
            needed: true,
            ask: Box::new(move || {
                let asked = ask();
                Box::pin(async move { asked.await.map_err(Into::into) })
            }),
        }
    }

    /// One that the process does without while it is away.
    #[must_use]
    pub fn dispensable(self) -> Self {
        Self { needed: false, ..self }
    }

    /// The log.
    #[must_use]
    pub fn log(log: &Arc<dyn Log>) -> Self {
        let log = Arc::clone(log);
        Self::needed("log", move || {
            let log = Arc::clone(&log);
            async move { log.health().await }
        })
    }

    /// The key-value engine: everything is slower without it, and nothing wrong.
    #[must_use]
    pub fn kv(kv: &Arc<dyn Kv>) -> Self {
        let kv = Arc::clone(kv);
        Self::needed("kv", move || std::future::ready(kv.health())).dispensable()
    }

    /// The registry: a process that runs goes on with what it knows.
    #[must_use]
    pub fn registry(registry: &Arc<dyn Registry>) -> Self {
        let registry = Arc::clone(registry);
        Self::needed("registry", move || std::future::ready(registry.health())).dispensable()
    }

    /// Processes of another role: there while one of them answers, be it that it is not ready itself. What they cannot do for want of an engine,
    /// they say call by call.
    #[must_use]
    pub fn peers(role: &'static str, channel: Channel) -> Self {
        Self::needed(role, move || reached(channel.clone()))
    }
}

/// Returns when one of them answers.
async fn reached(channel: Channel) -> Result<(), Infallible> {
    loop {
        let mut peer = HealthClient::new(channel.clone());
        let answer = timeout(PEER_PATIENCE, peer.check(HealthCheckRequest::default())).await;
        if let Ok(Ok(_)) = answer {
            return Ok(());
        }
        sleep(NEXT_PEER).await;
    }
}
