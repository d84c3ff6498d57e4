//! The letters, a line each.

use super::{Filter, Place, time};
use anyhow::Context as _;
use clap::Args;
use im_infra::topics::letters::{self, Letter};
use serde_json::{Value, json};
use std::io::{self, Write as _};

/// Characters of a cause that are shown.
const SHOWN: usize = 100;

/// List the letters.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    filter: Filter,
    /// Only those that nobody has put back
    #[arg(long)]
    pending: bool,
    /// One JSON object a line, for scripts
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let mut letters = letters::all(&*place.log).await.context("read the dead letters")?;
        letters.retain(|letter| !self.pending || letter.replayed_at_ms.is_none());
        let letters = self.filter.of(letters, place.clock.now_ms());
        let mut out = io::stdout().lock();
        for letter in &letters {
            if self.json {
                writeln!(out, "{}", in_json(letter))?;
            } else {
                writeln!(out, "{}", line(letter))?;
            }
        }
        if letters.is_empty() && !self.json {
            writeln!(out, "no dead letters")?;
        }
        Ok(())
    }
}

/// Which, when, from where, and why.
pub(super) fn line(letter: &Letter) -> String {
    let its = &letter.letter;
    let cause: String = its
        .cause
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SHOWN)
        .collect();
    let more = if its.cause.chars().count() > SHOWN { "…" } else { "" };
    let replayed = letter
        .replayed_at_ms
        .map_or_else(String::new, |at| format!("  [replayed {}]", time(at)));
    let (id, when) = (letter.id.to_string(), time(its.failed_at_ms));
    format!("{id:<8} {when}  {} key {}: {cause}{more}{replayed}", its.topic, its.key)
}

fn in_json(letter: &Letter) -> Value {
    let its = &letter.letter;
    json!({
        "id": letter.id.to_string(),
        "failedAt": time(its.failed_at_ms),
        "topic": its.topic,
        "partition": its.partition,
        "offset": its.offset.to_string(),
        "key": its.key.to_string(),
        "cause": its.cause,
        "bytes": letter.size,
        "replayedAt": letter.replayed_at_ms.map(time),
    })
}
