//! What services stand on, by configuration: an engine of this process or one that processes share.

#[cfg(feature = "cluster")]
mod cluster;

use crate::settings::Settings;
use anyhow::{Context as _, bail};
use im_infra::{
    clock::{SharedClock, SystemClock},
    kv::{Kv, embedded::EmbeddedKv},
    log::{
        Log,
        embedded::{EmbeddedLog, EmbeddedLogOptions, OpenError},
    },
    readiness::{Engine, Readiness},
    registry::{Registry, embedded::EmbeddedRegistry},
};
use std::{fs, future::pending, sync::Arc};
use tokio_util::task::AbortOnDropHandle;

/// The engines of a process.
pub(crate) struct Engines {
    pub(crate) clock: SharedClock,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) kv: Arc<dyn Kv>,
    pub(crate) registry: Arc<dyn Registry>,
    /// Those of them that are in this process.
    embedded: Embedded,
}

#[derive(Default)]
struct Embedded {
    log: Option<Arc<EmbeddedLog>>,
    kv: Option<(Arc<EmbeddedKv>, AbortOnDropHandle<()>)>,
}

impl Engines {
    /// Opens those that the configuration names.
    ///
    /// # Errors
    /// The data folder cannot be used, or the configuration makes no sense. Engines elsewhere that are away are no error here: who needs one says so.
    pub(crate) async fn open(settings: &Settings) -> anyhow::Result<Self> {
        let clock: SharedClock = SystemClock::shared();
        let mut embedded = Embedded::default();
        let log: Arc<dyn Log> = if settings.kafka.brokers.is_empty() {
            let log = Arc::new(open_log(settings, &clock)?);
            embedded.log = Some(Arc::clone(&log));
            log
        } else {
            shared::log(&settings.kafka)?
        };
        let kv: Arc<dyn Kv> = if settings.redis.addresses.is_empty() {
            let kv = Arc::new(EmbeddedKv::new(Arc::clone(&clock)));
            embedded.kv = Some((Arc::clone(&kv), AbortOnDropHandle::new(kv.spawn_sweeper())));
            kv
        } else {
            shared::kv(&settings.redis).await?
        };
        let registry: Arc<dyn Registry> = if settings.etcd.endpoints.is_empty() {
            Arc::new(EmbeddedRegistry::new())
        } else {
            registry(settings, &clock).await?
        };
        Ok(Self {
            clock,
            log,
            kv,
            registry,
            embedded,
        })
    }

    /// Whether this process can serve: not without `needed`, and without the engines that all roles can do without.
    pub(crate) fn readiness(&self, mut needed: Vec<Engine>) -> Readiness {
        needed.extend([Engine::kv(&self.kv), Engine::registry(&self.registry)]);
        Readiness::of(needed)
    }

    /// Waits until an engine of this process fails for good.
    pub(crate) async fn failed(&self) {
        match &self.embedded.log {
            Some(log) => log.failed().await,
            None => pending().await,
        }
    }

    /// Brings what was taken to a good end.
    pub(crate) async fn close(&self) {
        self.log.close().await;
        self.registry.close().await;
        if let Some((kv, _)) = &self.embedded.kv {
            kv.close();
        }
    }
}

/// The log alone, for who looks into it or puts something into it. Makes no folder.
///
/// # Errors
/// There is no log yet, a server has it, or the configuration makes no sense.
pub(crate) fn log_alone(settings: &Settings, clock: &SharedClock) -> anyhow::Result<Arc<dyn Log>> {
    if !settings.kafka.brokers.is_empty() {
        return shared::log(&settings.kafka);
    }
    let folder = settings.data.join("log");
    if !folder.exists() {
        bail!(
            "there is no log in {}: nothing was ever started there, or `data` names another folder",
            settings.data.display()
        );
    }
    match open_embedded(settings, clock) {
        Ok(log) => Ok(Arc::new(log)),
        Err(error @ OpenError::Locked { .. }) => {
            Err(error).context("stop the server first: one process uses a data folder at a time")
        }
        Err(error) => Err(error).context("open the log"),
    }
}

/// The registry that processes share.
///
/// # Errors
/// The configuration makes no sense, or this program does not know etcd.
pub(crate) async fn registry(settings: &Settings, clock: &SharedClock) -> anyhow::Result<Arc<dyn Registry>> {
    shared::registry(&settings.etcd, clock).await
}

fn open_log(settings: &Settings, clock: &SharedClock) -> anyhow::Result<EmbeddedLog> {
    fs::create_dir_all(&settings.data).with_context(|| format!("make {}", settings.data.display()))?;
    open_embedded(settings, clock).context("open the log")
}

fn open_embedded(settings: &Settings, clock: &SharedClock) -> Result<EmbeddedLog, OpenError> {
    let options = EmbeddedLogOptions {
        segment_bytes: settings.log.segment,
        tail_bytes: settings.log.tail,
        memory_topic_bytes: settings.log.memory_topic,
        max_bytes: settings.log.max,
        ..EmbeddedLogOptions::new(Arc::clone(clock))
    };
    EmbeddedLog::open(settings.data.join("log"), options)
}

#[cfg(feature = "cluster")]
use cluster as shared;

/// A program that knows the engines of its own process only.
#[cfg(not(feature = "cluster"))]
mod shared {
    use crate::settings::{Etcd, Kafka, Redis};
    use anyhow::bail;
    use im_infra::{clock::SharedClock, kv::Kv, log::Log, registry::Registry};
    use std::sync::Arc;

    pub(super) fn log(kafka: &Kafka) -> anyhow::Result<Arc<dyn Log>> {
        bail!(
            "kafka.brokers is {}, but this program was built without the feature `cluster`",
            kafka.brokers
        )
    }

    pub(super) async fn kv(redis: &Redis) -> anyhow::Result<Arc<dyn Kv>> {
        let addresses = redis.addresses.join(", ");
        bail!("redis.addresses is {addresses}, but this program was built without the feature `cluster`")
    }

    pub(super) async fn registry(etcd: &Etcd, _: &SharedClock) -> anyhow::Result<Arc<dyn Registry>> {
        let endpoints = etcd.endpoints.join(", ");
        bail!("etcd.endpoints is {endpoints}, but this program was built without the feature `cluster`")
    }
}
