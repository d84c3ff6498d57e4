//! Settings that change while a process runs: their values in the registry, over all other sources.

use super::{ConfigError, Sources};
use crate::registry::Registry;
use futures::future::select_all;
use serde::de::DeserializeOwned;
use std::{collections::BTreeMap, error::Error, marker::PhantomData, sync::Arc, time::Duration};
use tokio::sync::watch;

/// While the registry is away at the start it is asked so often.
const RETRY: Duration = Duration::from_secs(1);

/// A configuration, some keys of which may be given anew.
pub struct Hot<T> {
    sources: Sources,
    keys: &'static [&'static str],
    /// The values that were taken.
    taken: BTreeMap<&'static str, String>,
    read: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Hot<T> {
    /// The configuration of `sources`, of which `keys` may change.
    #[must_use]
    pub fn new(sources: Sources, keys: &'static [&'static str]) -> Self {
        Self {
            sources,
            keys,
            taken: BTreeMap::new(),
            read: PhantomData,
        }
    }

    /// Gives one of the keys a value, or with `None` the one that the other sources have; the whole configuration with it. A value that is refused
    /// changes nothing.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] if the value is no value for the key.
    pub fn take(&mut self, key: &'static str, value: Option<String>) -> Result<T, ConfigError> {
        let mut taken = self.taken.clone();
        match value {
            Some(value) => taken.insert(key, value),
            None => taken.remove(key),
        };
        let mut sources = self.sources.clone();
        for (key, value) in &taken {
            sources.put(key, value);
        }
        let configuration = sources.read()?;
        self.taken = taken;
        Ok(configuration)
    }

    /// Follows the keys in the registry and hands every new configuration to `apply`, the first one if the registry has a value. A value that is
    /// refused is told in the log and by the metric `settings_refused` for as long as it stands; the last good one stays in force, as
    /// everything does while the registry is away. Ends with the registry's watches.
    pub async fn follow(mut self, registry: Arc<dyn Registry>, mut apply: impl FnMut(&T) + Send)
    where
        T: Send,
    {
        let mut watches = Vec::new();
        for key in self.keys {
            watches.push((*key, watch(&*registry, key).await));
        }
        for (key, watch) in &mut watches {
            let value = watch.borrow_and_update().clone();
            if value.is_some() {
                self.change(key, value, &mut apply);
            }
        }
        loop {
            let changes = watches.iter_mut().map(|(_, watch)| Box::pin(watch.changed()));
            let (Ok(()), changed, _) = select_all(changes).await else {
                return;
            };
            let (key, watch) = &mut watches[changed];
            let value = watch.borrow_and_update().clone();
            self.change(key, value, &mut apply);
        }
    }

    fn change(&mut self, key: &'static str, value: Option<String>, apply: &mut impl FnMut(&T)) {
        let told = value.clone();
        let refused = metrics::gauge!("settings_refused", "setting" => key);
        match self.take(key, value) {
            Ok(configuration) => {
                refused.set(0.0);
                // before it is applied: the level may forbid it after that
                match told {
                    Some(value) => tracing::info!(setting = key, value, "setting changed"),
                    None => tracing::info!(setting = key, "setting as configured again"),
                }
                apply(&configuration);
            }
            Err(error) => {
                refused.set(1.0);
                let error = &error as &dyn Error;
                tracing::warn!(setting = key, error, "setting refused, the last good value stays");
            }
        }
    }
}

async fn watch(registry: &dyn Registry, key: &str) -> watch::Receiver<Option<String>> {
    loop {
        match registry.config_watch(key).await {
            Ok(watch) => return watch,
            // the engine tells of its outage itself
            Err(error) => tracing::debug!(setting = key, error = &error as &dyn Error, "not followed yet"),
        }
        tokio::time::sleep(RETRY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Loader,
        layers::Quota,
        registry::embedded::EmbeddedRegistry,
        telemetry::{Level, LogFormat},
    };
    use serde::Deserialize;
    use tokio::{sync::mpsc, time::timeout};
    use tokio_util::task::AbortOnDropHandle;

    const DEFAULTS: &str = "level = \"info\"\nother = 1\n[limits]\nsend = { per_second = 100, burst = 500 }\n";
    const KEYS: [&str; 2] = ["level", "limits.send"];

    #[derive(Debug, Deserialize)]
    struct Configuration {
        level: Level,
        limits: Limits,
    }

    #[derive(Debug, Deserialize)]
    struct Limits {
        send: Quota,
    }

    fn hot() -> Hot<Configuration> {
        let given = [("level".into(), "warn".into())];
        Hot::new(Loader::new(DEFAULTS).overrides(&given).gather().unwrap(), &KEYS)
    }

    fn seen(configuration: &Configuration) -> (String, u32) {
        (configuration.level.to_string(), configuration.limits.send.burst.get())
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let mut hot = hot();
        let quota = "{ per_second = 1, burst = 7 }";
        let now = hot.take("limits.send", Some(quota.into())).unwrap();
        assert_eq!(seen(&now), ("warn".into(), 7));
        for (key, value, told) in [
            ("level", "loud", "setting `level` (registry): `loud` is no log level"),
            (
                "limits.send",
                "7",
                "setting `limits.send` (registry) must be a section, not a value",
            ),
            ("limits.send", "{ burst = 0 }", "setting `limits.send.burst` (registry)"),
            ("limits.send", "{ bursts = 1 }", "did you mean `limits.send.burst`?"),
            ("limits.send", "{ burst = 1", "must be a section"),
        ] {
            let error = hot.take(key, Some(value.into())).unwrap_err().to_string();
            assert!(error.contains(told), "{value}: {error}");
        }
        let now = hot.take("level", Some("debug,hyper=warn".into())).unwrap();
        assert_eq!(
            seen(&now),
            ("debug,hyper=warn".into(), 7),
            "what was good before is still there"
        );
        let now = hot.take("level", None).unwrap();
        assert_eq!(seen(&now), ("warn".into(), 7), "as the other sources say");
    }

    #[tokio::test]
    async fn the_registry_is_followed_and_the_last_good_value_stays() {
        let metrics = crate::telemetry::install(LogFormat::Human, &Level::default()).metrics;
        let registry = Arc::new(EmbeddedRegistry::new());
        let set = async |key: &str, value: Option<&str>| registry.config_set(key, value.map(Into::into)).await.unwrap();
        set("level", Some("debug")).await;
        let (applied, mut changes) = mpsc::unbounded_channel();
        let follow = hot().follow(registry.clone(), move |now| applied.send(seen(now)).unwrap());
        let _task = AbortOnDropHandle::new(tokio::spawn(follow));
        let mut next = async || timeout(Duration::from_secs(10), changes.recv()).await.unwrap().unwrap();
        assert_eq!(next().await, ("debug".into(), 500));
        set("limits.send", Some("{ burst = 9 }")).await;
        assert_eq!(next().await, ("debug".into(), 9));

        set("level", Some("loud")).await;
        set("limits.send", None).await;
        assert_eq!(
            next().await,
            ("debug".into(), 500),
            "of the bad value nothing is heard but in log and metrics"
        );
        let refused = "settings_refused{setting=\"level\"} 1";
        for _ in 0..500 {
            if metrics.render().contains(refused) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(metrics.render().contains(refused), "{}", metrics.render());
        set("level", None).await;
        assert_eq!(next().await, ("warn".into(), 500));
        assert!(metrics.render().contains("settings_refused{setting=\"level\"} 0"));
    }
}
