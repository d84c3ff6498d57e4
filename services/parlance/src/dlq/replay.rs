//! Letters that are put back into their topics.

use super::{Filter, Place, list::line};
use anyhow::{Context as _, bail};
use clap::Args;
use im_infra::topics::letters::{self, Letter, LetterId};
use std::io::{self, Write as _};

/// Put letters back into their topics. Exit code 1 if one of them was not.
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// Which, as `parlance dlq list` has them
    #[arg(required_unless_present_any = ["all", "topic"], conflicts_with_all = ["all", "topic", "since", "limit"])]
    ids: Vec<LetterId>,
    /// All that nobody has put back yet
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    filter: Filter,
    /// Those that were put back before, too
    #[arg(long)]
    again: bool,
    /// Only say which ones would be put back
    #[arg(long)]
    dry_run: bool,
}

impl Replay {
    pub(super) async fn run(self, place: &Place) -> anyhow::Result<bool> {
        let letters = letters::all(&*place.log).await.context("read the dead letters")?;
        let (chosen, mut well) = self.choose(letters, place)?;
        let mut out = io::stdout().lock();
        let mut count = 0;
        for letter in &chosen {
            if self.dry_run {
                writeln!(out, "{}", line(letter))?;
                continue;
            }
            match put_back(place, letter.id).await {
                Ok(()) => count += 1,
                Err(error) => {
                    eprintln!("parlance: {}: {error:#}", letter.id);
                    well = false;
                }
            }
        }
        if self.dry_run {
            writeln!(out, "{} would be put back", chosen.len())?;
        } else {
            writeln!(out, "{count} of {} put back", chosen.len())?;
        }
        Ok(well)
    }

    /// Those asked for, and whether all of them can be put back.
    fn choose(&self, mut letters: Vec<Letter>, place: &Place) -> anyhow::Result<(Vec<Letter>, bool)> {
        if self.ids.is_empty() {
            letters.retain(|letter| self.again || letter.replayed_at_ms.is_none());
            return Ok((self.filter.of(letters, place.clock.now_ms()), true));
        }
        let mut chosen = Vec::new();
        let mut well = true;
        for id in &self.ids {
            match letters.iter().find(|letter| letter.id == *id) {
                None => bail!("there is no dead letter {id}, or none any more; nothing was put back"),
                Some(letter) if letter.replayed_at_ms.is_some() && !self.again => {
                    eprintln!("parlance: {id}: was put back before; --again does it once more");
                    well = false;
                }
                Some(letter) => chosen.push(letter.clone()),
            }
        }
        Ok((chosen, well))
    }
}

async fn put_back(place: &Place, id: LetterId) -> anyhow::Result<()> {
    let letter = letters::one(&*place.log, id).await.context("read the dead letter")?;
    let letter = letter.context("it is gone by now")?;
    letters::replay(&*place.log, &place.clock, id, &letter).await?;
    Ok(())
}
