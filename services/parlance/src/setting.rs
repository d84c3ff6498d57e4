//! `parlance set` and `parlance get`: the settings of running processes.

use crate::{
    hot::KEYS,
    platform::engines,
    settings::{Settings, key_and_value},
};
use anyhow::{Context as _, bail};
use clap::Args;
use im_infra::{clock::SystemClock, config::hot::Hot, registry::Registry};
use std::{path::PathBuf, sync::Arc};

/// Which deployment is meant.
#[derive(Debug, Args)]
struct Deployment {
    /// Configuration file of the deployment, which says where its etcd is
    #[arg(long, value_name = "FILE", env = "PARLANCE_CONFIG")]
    config: Option<PathBuf>,
    /// Set one key of that configuration for this command, e.g. etcd.endpoints; may be given many times
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_and_value)]
    given: Vec<(String, String)>,
}

/// Change a setting in all running processes, within a second.
#[derive(Debug, Args)]
pub(crate) struct Set {
    /// Which setting, e.g. telemetry.level: one of those that the default configuration calls (hot)
    key: String,
    /// Its value, written as in the configuration file, without quotes around text
    #[arg(required_unless_present = "unset", conflicts_with = "unset")]
    value: Option<String>,
    /// Take back what was set: the configuration of each process counts again
    #[arg(long)]
    unset: bool,
    #[command(flatten)]
    deployment: Deployment,
}

/// Show what was set in running processes.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// Which setting; all that were set if it is missing
    key: Option<String>,
    #[command(flatten)]
    deployment: Deployment,
}

impl Set {
    /// Checks the value and writes it.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let settings = self.deployment.settings()?;
        let key = known(&self.key)?;
        // before anything is written or reached: what is refused here is what processes would refuse
        check(&settings, key, self.value.clone())?;
        let registry = registry(&settings).await?;
        let written = registry.config_set(key, self.value).await;
        written.with_context(|| format!("set {key}"))
    }
}

impl Get {
    /// Prints the value, or all with their keys.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let settings = self.deployment.settings()?;
        let key = self.key.as_deref().map(known).transpose()?;
        let registry = registry(&settings).await?;
        for key in KEYS.into_iter().filter(|each| key.is_none_or(|key| key == *each)) {
            let value = registry.config_get(key).await.with_context(|| format!("get {key}"))?;
            let line = match (&self.key, value) {
                (_, None) => continue,
                (Some(_), Some(value)) => value,
                (None, Some(value)) => format!("{key} = {value}"),
            };
            #[expect(clippy::print_stdout, reason = "printing is what the command is for")]
            {
                println!("{line}");
            }
        }
        Ok(())
    }
}

impl Deployment {
    fn settings(&self) -> anyhow::Result<Settings> {
        Settings::load(self.config.as_deref(), &self.given)
    }
}

/// # Errors
/// No process would heed the key.
fn known(key: &str) -> anyhow::Result<&'static str> {
    match KEYS.into_iter().find(|known| *known == key) {
        Some(known) => Ok(known),
        None => bail!(
            "{key} does not change in running processes; what does is {}",
            KEYS.join(", ")
        ),
    }
}

/// # Errors
/// The value is none for the key.
fn check(settings: &Settings, key: &'static str, value: Option<String>) -> anyhow::Result<()> {
    let sources = settings
        .sources
        .clone()
        .context("the configuration was not read from anything")?;
    Hot::<Settings>::new(sources, &KEYS).take(key, value)?;
    Ok(())
}

async fn registry(settings: &Settings) -> anyhow::Result<Arc<dyn Registry>> {
    if settings.etcd.endpoints.is_empty() {
        bail!(
            "etcd.endpoints is empty: settings of a process change through etcd, and this configuration has none; \
             what `parlance dev` runs by itself is configured at its start"
        );
    }
    engines::registry(settings, &SystemClock::shared()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_or_value_that_no_process_would_take_is_refused() {
        let settings = Settings::load(None, &[]).unwrap();
        for (key, value) in [
            ("telemetry.level", "warn,im_logic=debug"),
            ("gateway.pages", "false"),
            ("logic.large_group_threshold", "50"),
            ("limits.send", "{ per_second = 1, burst = 2 }"),
        ] {
            check(&settings, known(key).unwrap(), Some(value.into())).unwrap();
            check(&settings, known(key).unwrap(), None).unwrap();
        }
        for (key, value, told) in [
            ("telemetry.level", "loud", "is no log level"),
            ("gateway.pages", "maybe", "must be true or false"),
            ("logic.large_group_threshold", "-1", "logic.large_group_threshold"),
            ("limits.send", "100", "must be a section"),
        ] {
            let error = check(&settings, known(key).unwrap(), Some(value.into())).unwrap_err();
            assert!(error.to_string().contains(told), "{error}");
        }
        let error = known("gateway.listen").unwrap_err().to_string();
        assert!(error.contains("telemetry.level, gateway.pages"), "{error}");
    }

    #[test]
    fn the_default_file_marks_what_changes_and_nothing_else() {
        let mut section = "";
        let mut marked = Vec::new();
        let mut lines = crate::settings::DEFAULTS
            .lines()
            .skip_while(|line| !line.is_empty())
            .peekable();
        while let Some(line) = lines.next() {
            if let Some(name) = line.strip_prefix('[') {
                section = name.trim_end_matches(']');
            } else if line.ends_with("(hot)") {
                let (name, _) = lines
                    .peek()
                    .and_then(|next| next.split_once(" = "))
                    .expect("a setting follows");
                marked.push(format!("{section}.{name}"));
            }
        }
        assert_eq!(marked, KEYS);
    }
}
