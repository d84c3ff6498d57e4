//! The configuration of the whole program.

use crate::production::{self, Profile};
use anyhow::{Context as _, bail};
use im_infra::{
    config::{Loader, Secret, Sources, duration, size},
    layers::{Quota, Quotas},
    telemetry::{Level, LogFormat},
    tls::Tls,
    trace::TraceOptions,
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Duration,
};

/// The commented default configuration, complete.
pub const DEFAULTS: &str = include_str!("../../../deploy/parlance.toml");

/// All settings; what they mean is said in [`DEFAULTS`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the commented default file says what each is")]
pub struct Settings {
    pub profile: Profile,
    pub data: PathBuf,
    pub auth: Auth,
    pub telemetry: Telemetry,
    pub log: Log,
    pub kafka: Kafka,
    pub redis: Redis,
    pub etcd: Etcd,
    pub cluster: Cluster,
    pub gateway: im_gateway::Config,
    pub logic: im_logic::Config,
    pub repo: im_repo::RepoConfig,
    pub task: im_task::Config,
    pub limits: Limits,
    /// What all of it was read from, for values that come while the process runs; none if it was not read from anything.
    #[serde(skip)]
    pub sources: Option<Sources>,
}

/// Tokens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the commented default file says what each is")]
pub struct Auth {
    pub secret: Secret,
    pub issuer: String,
    pub audience: String,
}

/// What is logged, and which traces are recorded.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the commented default file says what each is")]
pub struct Telemetry {
    pub level: Level,
    pub format: LogFormat,
    pub otlp_endpoint: String,
    pub sample_ratio: f64,
    #[serde(with = "duration")]
    pub export_interval: Duration,
}

impl Telemetry {
    /// How traces are recorded.
    #[must_use]
    pub fn traces(&self) -> TraceOptions {
        TraceOptions {
            otlp_endpoint: self.otlp_endpoint.clone(),
            sample_ratio: self.sample_ratio,
            export_interval: self.export_interval,
        }
    }
}

/// The embedded log.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the commented default file says what each is")]
pub struct Log {
    #[serde(with = "size")]
    pub segment: usize,
    #[serde(with = "size")]
    pub tail: usize,
    #[serde(with = "size")]
    pub memory_topic: usize,
    #[serde(with = "size")]
    pub max: u64,
}

/// The log in Kafka.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the commented default file says what each is")]
pub struct Kafka {
    pub brokers: String,
    pub prefix: String,
    #[serde(with = "duration")]
    pub delivery_timeout: Duration,
    #[serde(with = "duration")]
    pub linger: Duration,
    #[serde(with = "duration")]
    pub session_timeout: Duration,
    pub replication: u32,
    /// Secret: there may be passwords among them.
    pub properties: BTreeMap<String, Secret>,
}

/// The keys in Redis.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the commented default file says what each is")]
pub struct Redis {
    pub addresses: Vec<String>,
    pub cluster: bool,
    pub database: u32,
    pub user: String,
    pub password: Secret,
    pub prefix: String,
    #[serde(with = "duration")]
    pub timeout: Duration,
    pub tls: Tls,
}

/// The registry in etcd.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the commented default file says what each is")]
pub struct Etcd {
    pub endpoints: Vec<String>,
    pub user: String,
    pub password: Secret,
    pub prefix: String,
    #[serde(with = "duration")]
    pub timeout: Duration,
    pub tls: Tls,
}

/// This process among those of its deployment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the commented default file says what each is")]
pub struct Cluster {
    pub secret: Secret,
    pub instance: String,
    pub listen: SocketAddr,
    pub advertise: String,
    #[serde(with = "duration")]
    pub registration_ttl: Duration,
    #[serde(with = "duration")]
    pub machine_ttl: Duration,
    pub tls: Tls,
    pub tls_name: String,
}

/// How often, and how long, a call may be.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the commented default file says what each is")]
pub struct Limits {
    pub credentials: Quota,
    pub read: Quota,
    pub write: Quota,
    pub send: Quota,
    pub concurrency: NonZeroUsize,
    #[serde(with = "duration")]
    pub deadline: Duration,
    #[serde(with = "duration")]
    pub idempotency_window: Duration,
}

impl Limits {
    /// The quotas by rate class.
    #[must_use]
    pub fn quotas(&self) -> Quotas {
        Quotas {
            credentials: self.credentials,
            read: self.read,
            write: self.write,
            send: self.send,
        }
    }
}

impl Settings {
    /// Defaults, under the file, under the environment, under `overrides`.
    ///
    /// # Errors
    /// Every unknown key and wrong value, with its source and a hint; in production everything that is not fit for it.
    pub fn load(file: Option<&Path>, overrides: &[(String, String)]) -> anyhow::Result<Self> {
        let loader = Loader::new(DEFAULTS)
            .file(file)
            .environment("PARLANCE_")
            .overrides(overrides);
        let sources = loader.gather().context("configuration")?;
        let mut settings: Self = sources.read().context("configuration")?;
        settings.sources = Some(sources);
        if settings.profile == Profile::Production {
            fit_for_production(&settings).context("configuration")?;
        }
        Ok(settings)
    }
}

fn fit_for_production(settings: &Settings) -> anyhow::Result<()> {
    let refusals = production::check(settings);
    if refusals.is_empty() {
        return Ok(());
    }
    let lines = refusals.iter().map(|refusal| format!("\n  {refusal}"));
    bail!("not fit for production:{}", lines.collect::<String>())
}

/// Splits `key=value` of the command line.
///
/// # Errors
/// There is no `=`.
pub fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| format!("{text} is not of the form key=value"))?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_file_is_what_the_services_default_to() {
        let settings = Settings::load(None, &[]).expect("the default file is valid");
        let gateway = im_gateway::Config {
            listen: settings.gateway.listen,
            ..im_gateway::Config::default()
        };
        assert_eq!(settings.gateway, gateway);
        assert_eq!(settings.logic, im_logic::Config::default());
        assert_eq!(settings.task, im_task::Config::default());
        let repo = im_repo::RepoConfig {
            folder: settings.repo.folder.clone(),
            ..im_repo::RepoConfig::default()
        };
        assert_eq!(settings.repo, repo);
    }

    #[test]
    fn an_unknown_key_is_an_error_with_a_hint() {
        let overrides = [("gateway.max_frme".to_owned(), "1KiB".to_owned())];
        let error = format!(
            "{:#}",
            Settings::load(None, &overrides).expect_err("the key is unknown")
        );
        assert!(error.contains("gateway.max_frame"), "{error}");
    }
}
