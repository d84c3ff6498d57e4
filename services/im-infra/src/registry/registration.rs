//! An instance that stays registered, whatever happens to the engine.

use super::{Instance, Lease, Registry};
use std::{error::Error, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// How long until what failed is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// Keeps an instance registered: also if the engine is away when this begins, and again whenever the lease was lost, until it is ended or
/// dropped; either way the instance goes from the registry.
///
/// An instance that another process replaced by one of the same id is registered again, too, so that two processes that were given the same id
/// take it from each other; each time a line is logged, and the pause before it grows up to the lease's time.
pub struct Registration {
    registered: watch::Receiver<bool>,
    end: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl Registration {
    /// Begins. Returns at once: what is to wait for the registration waits for [`Self::registered`].
    #[must_use]
    pub fn keep(registry: Arc<dyn Registry>, service: impl Into<String>, instance: Instance, ttl: Duration) -> Self {
        let (told, registered) = watch::channel(false);
        let end = CancellationToken::new();
        let keeping = Keeping {
            registry,
            service: service.into(),
            instance,
            ttl,
            told,
            end: end.clone(),
        };
        Self {
            registered,
            end,
            task: AbortOnDropHandle::new(tokio::spawn(keeping.run())),
        }
    }

    /// Whether the instance is registered, now and from now on. While the engine is away it is taken for lost after the lease's time, but others
    /// go on with what they know.
    #[must_use]
    pub fn registered(&self) -> watch::Receiver<bool> {
        self.registered.clone()
    }

    /// Returns when the instance is registered.
    pub async fn done(&self) {
        // the sender lives as long as this, unless it panicked, which was told
        let _ = self.registered().wait_for(|registered| *registered).await.is_ok();
    }

    /// Takes the instance out of the registry, and returns when it is out or the engine does not answer.
    pub async fn end(self) {
        self.end.cancel();
        // it may only have panicked, which was told
        let _ = self.task.await;
    }
}

struct Keeping {
    registry: Arc<dyn Registry>,
    service: String,
    instance: Instance,
    ttl: Duration,
    told: watch::Sender<bool>,
    end: CancellationToken,
}

impl Keeping {
    async fn run(self) {
        let mut pause = RETRY;
        loop {
            let Some(lease) = self.end.run_until_cancelled(self.register()).await else {
                return;
            };
            let since = Instant::now();
            self.told.send_replace(true);
            let mut held = lease.held();
            let lost = self
                .end
                .run_until_cancelled(held.wait_for(|held| !held))
                .await
                .is_some();
            self.told.send_replace(false);
            if !lost {
                lease.revoke().await;
                return;
            }
            // one that is lost again and again is somebody else's
            pause = if since.elapsed() > 2 * self.ttl {
                RETRY
            } else {
                (pause * 2).min(self.ttl)
            };
            tracing::warn!(
                service = self.service,
                instance.id = self.instance.id,
                "the registration was lost, registering again"
            );
            if self.end.run_until_cancelled(sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    /// Tries until it is registered. Of failures in a row only the first one is told.
    async fn register(&self) -> Box<dyn Lease> {
        let mut failed = false;
        loop {
            let registered = self.registry.register(&self.service, self.instance.clone(), self.ttl);
            let error = match registered.await {
                Ok(lease) => {
                    tracing::info!(service = self.service, instance.id = self.instance.id, "registered");
                    return lease;
                }
                Err(error) => error,
            };
            if !std::mem::replace(&mut failed, true) {
                tracing::warn!(
                    service = self.service,
                    instance.id = self.instance.id,
                    error = &error as &dyn Error,
                    "not registered, trying on"
                );
            }
            sleep(RETRY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Instances, embedded::EmbeddedRegistry};
    use tokio::time::timeout;

    const TTL: Duration = Duration::from_secs(2);

    fn instance() -> Instance {
        Instance {
            id: "g-1".into(),
            address: "http://g".into(),
        }
    }

    async fn told<T>(watcher: &mut watch::Receiver<T>, wanted: impl FnMut(&T) -> bool) {
        let told = timeout(Duration::from_secs(20), watcher.wait_for(wanted)).await;
        told.expect("the watcher is told").expect("the watch goes on");
    }

    #[tokio::test(start_paused = true)]
    async fn it_registers_again_until_it_is_ended() {
        let engine = Arc::new(EmbeddedRegistry::new());
        let mut seen = engine.watch("gateway").await.unwrap();
        let registration = Registration::keep(engine.clone(), "gateway", instance(), TTL);
        let mut registered = registration.registered();
        for _ in 0..5 {
            told(&mut registered, |registered| *registered).await;
            assert_eq!(seen.borrow_and_update().get("g-1"), Some(&instance()));
            assert!(engine.lose_instance("gateway", "g-1"));
            told(&mut registered, |registered| !registered).await;
            assert!(seen.borrow_and_update().is_empty());
        }
        told(&mut registered, |registered| *registered).await;
        registration.end().await;
        assert!(seen.borrow().is_empty() && !*registered.borrow());
    }

    #[tokio::test]
    async fn it_ends_when_it_is_dropped() {
        let engine = Arc::new(EmbeddedRegistry::new());
        let mut seen = engine.watch("gateway").await.unwrap();
        let registration = Registration::keep(engine, "gateway", instance(), TTL);
        told(&mut seen, |now| now.len() == 1).await;
        drop(registration);
        told(&mut seen, Instances::is_empty).await;
    }
}
