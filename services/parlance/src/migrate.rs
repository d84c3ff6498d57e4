//! `parlance migrate`: brings the database to this version's schema.

use crate::settings::{Settings, key_and_value};
use anyhow::{Context as _, bail};
use clap::Args;
use im_infra::clock::{SharedClock, SystemClock};
use im_repo::store::{Migration, Schema};
use std::{
    io::{self, Write as _},
    path::PathBuf,
};

/// Bring the database to this version's schema.
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// Configuration file (see `parlance config` for all keys and their defaults)
    #[arg(long, value_name = "FILE", env = "PARLANCE_CONFIG")]
    config: Option<PathBuf>,
    /// Set one key of the configuration; may be given many times
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    set: Vec<(String, String)>,
    /// Only look: exit code 0 if nothing has to be done, 1 otherwise
    #[arg(long)]
    check: bool,
}

impl Migrate {
    /// Migrates, or looks, and says what there was to do; whether the database is up to date now.
    pub(crate) async fn run(self) -> anyhow::Result<bool> {
        let settings = Settings::load(self.config.as_deref(), &self.set)?;
        let clock: SharedClock = SystemClock::shared();
        let mut repo = settings.repo;
        if repo.mysql.primary.is_empty() {
            repo.folder = settings.data.join("repo");
        }
        let before = if self.check {
            im_repo::schema(&repo, &clock).await?
        } else {
            im_repo::migrate(&repo, &clock).await?
        };
        if !before.changed.is_empty() {
            bail!(
                "{} has been migrated by something else than this version knows: {}",
                before.place,
                before.changed.iter().map(shown).collect::<Vec<_>>().join(", ")
            );
        }
        say(&before, if self.check { "to be run" } else { "done" }).context("print what was done")?;
        Ok(!self.check || before.is_up_to_date())
    }
}

fn say(before: &Schema, outcome: &str) -> io::Result<()> {
    let (mut out, place) = (io::stdout(), &before.place);
    for due in before.cut_off.iter().chain(&before.missing) {
        writeln!(out, "{place}: {}: {outcome}", shown(due))?;
    }
    if before.is_up_to_date() {
        writeln!(out, "{place}: up to date, {} migrations", before.applied.len())?;
    }
    for newer in &before.newer {
        writeln!(out, "{place}: {}: run by a newer version of the program", shown(newer))?;
    }
    Ok(())
}

fn shown(migration: &Migration) -> String {
    format!("{} {}", migration.version, migration.description)
}
