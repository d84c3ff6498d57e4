//! `parlance doctor`: looks at a deployment, says what is wrong and how to mend it. Nothing is changed.

#[cfg(feature = "cluster")]
mod clock;
mod files;
mod keys;
mod letters;
mod log;
mod registry;
mod report;
mod store;
#[cfg(feature = "cluster")]
mod topics;

use self::report::{Finding, Report};
use crate::{
    production::Profile,
    settings::{Settings, key_and_value},
};
use anyhow::Context as _;
use clap::Args;
use im_infra::clock::{SharedClock, SystemClock};
use std::{
    error::Error,
    io::{self, Write as _},
    path::PathBuf,
};

/// Look at a deployment.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Configuration file (see `parlance config` for all keys and their defaults)
    #[arg(long, value_name = "FILE", env = "PARLANCE_CONFIG")]
    config: Option<PathBuf>,
    /// Set one key of the configuration; may be given many times
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    set: Vec<(String, String)>,
    /// One JSON object, for scripts
    #[arg(long)]
    json: bool,
}

impl Doctor {
    /// Looks and prints; whether nothing is wrong.
    pub(crate) async fn run(self) -> anyhow::Result<bool> {
        let report = self.look().await;
        let text = if self.json {
            serde_json::to_string_pretty(&report)?
        } else {
            report.to_string()
        };
        writeln!(io::stdout(), "{text}").context("print what was found")?;
        Ok(report.well)
    }

    async fn look(&self) -> Report {
        match Settings::load(self.config.as_deref(), &self.set) {
            Ok(settings) => look(&settings).await,
            Err(error) => Report::new(vec![Finding::bad(
                "configuration",
                told(&*error),
                "correct these settings; `parlance config` prints all with what they mean",
            )]),
        }
    }
}

/// Everything at the same time: what is away is waited for only once.
async fn look(settings: &Settings) -> Report {
    let clock: SharedClock = SystemClock::shared();
    let (log, letters, keys, registry, store, files) = tokio::join!(
        log::look(settings),
        letters::look(settings, &clock),
        keys::look(settings, &clock),
        registry::look(settings, &clock),
        store::look(settings, &clock),
        files::look(settings, &clock),
    );
    let letters = letters.into_iter().collect();
    let parts = [
        vec![configuration(settings)],
        log,
        letters,
        keys,
        registry,
        store,
        files,
    ];
    Report::new(parts.into_iter().flatten().collect())
}

fn configuration(settings: &Settings) -> Finding {
    let profile = match settings.profile {
        Profile::Development => "for development",
        Profile::Production => "fit for production",
    };
    Finding::good("configuration", format!("complete, {profile}"))
}

/// An error and its causes, on one line.
fn told(error: &dyn Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // some repeat their cause
        if !told.contains(&text) {
            told = format!("{told}: {text}");
        }
        cause = error.source();
    }
    told
}

/// What a program that was built without engines says of one.
#[cfg(not(feature = "cluster"))]
fn not_built_in(engine: &str, key: &str) -> Vec<Finding> {
    vec![Finding::bad(
        engine,
        format!("`{key}` names one, and this program was built without engines that processes share"),
        "build it with `--features cluster`",
    )]
}
