//! From looking to comparing.

use super::{Move, log, report};
use crate::settings::Settings;
use anyhow::{Context as _, bail};
use im_infra::clock::{SharedClock, SystemClock};
use im_repo::store::mysql::carry::{Carrier, Progress};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, Write as _};

impl Move {
    /// Carries and compares; whether both are the same.
    pub(crate) async fn run(self) -> anyhow::Result<bool> {
        let settings = Settings::load(self.config.as_deref(), &self.set)?;
        if settings.repo.mysql.primary.is_empty() {
            bail!("repo.mysql.primary is not set: there is nowhere to move to");
        }
        let clock: SharedClock = SystemClock::shared();
        // held to the end: no server may start on the folder meanwhile
        let log = log::drained(&self.from, &settings, &clock).await?;
        let mut source = settings.repo.clone();
        source.folder = self.from.join("repo");
        let mut carrier = Carrier::open(&source, &settings.repo.mysql, clock).await?;
        let done = self.carry(&mut carrier).await;
        carrier.close().await;
        log.close().await;
        done
    }

    async fn carry(&self, carrier: &mut Carrier) -> anyhow::Result<bool> {
        let progress = carrier.progress().await?;
        if self.dry_run {
            return report::plan(&progress).map(|()| true).context("print what there is");
        }
        let total: u64 = progress.iter().map(|progress| progress.total).sum();
        let style = ProgressStyle::with_template("{msg:<16} {wide_bar} {pos}/{len} {eta}")?;
        // draws nothing where there is no terminal
        let bar = ProgressBar::new(total).with_style(style);
        let mut before = 0;
        let mut table = "";
        carrier
            .carry(self.batch, |progress: Progress| {
                if table != progress.table {
                    (table, before) = (progress.table, 0);
                    bar.set_message(table);
                }
                bar.inc(progress.carried - before);
                before = progress.carried;
            })
            .await
            .context("interrupted; the same command goes on from here")?;
        bar.finish_and_clear();
        let compared = carrier.compare().await.context("compare both")?;
        report::comparison(&compared).context("print the comparison")?;
        let equal = compared.iter().all(im_repo::store::mysql::carry::Compared::is_equal);
        if equal {
            carrier.finish().await?;
            writeln!(io::stdout(), "both are the same")?;
        } else {
            writeln!(io::stdout(), "they differ: empty the target and begin anew")?;
        }
        Ok(equal)
    }
}
