//! `parlance dlq`: looks at messages that could not be handled, and puts them back.

mod list;
mod replay;
mod show;

use self::{list::List, replay::Replay, show::Show};
use crate::{
    platform::log_alone,
    settings::{Settings, key_and_value},
};
use clap::{Args, Subcommand};
use im_infra::{
    clock::{SharedClock, SystemClock},
    config::duration,
    log::Log,
    topics::letters::Letter,
};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// Look at messages that could not be handled, and put them back.
#[derive(Debug, Args)]
#[command(
    after_help = "A message that fails again and again becomes a dead letter: it is kept for 30 days with the topic that it stood in and why it \
failed. Mend the cause, then put it back with `parlance dlq replay`: it is handled again, behind what came to its topic meanwhile.

Without kafka.brokers the letters are in the data folder, which one process uses at a time: stop the server first, and start it \
again afterwards."
)]
pub(crate) struct Dlq {
    #[command(subcommand)]
    command: Command,
    /// Configuration file (see `parlance config` for all keys and their defaults)
    #[arg(long, value_name = "FILE", env = "PARLANCE_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// Set one key of the configuration; may be given many times
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value, global = true)]
    set: Vec<(String, String)>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the letters, a line each, oldest first
    List(List),
    /// Show one letter with everything that is known of it
    Show(Show),
    /// Put letters back into their topics
    Replay(Replay),
}

/// Which letters.
#[derive(Debug, Args)]
struct Filter {
    /// Only those of this topic, e.g. `parlance.upstream`
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Only those that failed so long ago at most, e.g. `2h` or `7d`
    #[arg(long, value_name = "SPAN", value_parser = duration::parse)]
    since: Option<Duration>,
    /// Only so many, the latest
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
}

impl Filter {
    fn of(&self, mut letters: Vec<Letter>, now_ms: u64) -> Vec<Letter> {
        let since = self
            .since
            .map_or(0, |since| now_ms.saturating_sub(since.as_millis() as u64));
        letters.retain(|letter| {
            let its = &letter.letter;
            its.failed_at_ms >= since && self.topic.as_ref().is_none_or(|topic| its.topic == *topic)
        });
        let too_many = self.limit.map_or(0, |limit| letters.len().saturating_sub(limit));
        letters.split_off(too_many)
    }
}

/// Where the letters are.
struct Place {
    log: Arc<dyn Log>,
    clock: SharedClock,
}

impl Dlq {
    /// Does what was asked for; whether there was nothing amiss with it.
    pub(crate) async fn run(self) -> anyhow::Result<bool> {
        let settings = Settings::load(self.config.as_deref(), &self.set)?;
        let clock: SharedClock = SystemClock::shared();
        let log = log_alone(&settings, &clock)?;
        let place = Place { log, clock };
        let done = match self.command {
            Command::List(list) => list.run(&place).await.map(|()| true),
            Command::Show(show) => show.run(&place).await.map(|()| true),
            Command::Replay(replay) => replay.run(&place).await,
        };
        place.log.close().await;
        done
    }
}

/// A time as RFC 3339 in UTC, in seconds.
fn time(ms: u64) -> String {
    let text = im_schema::wkt::Timestamp::from_millis(ms / 1_000 * 1_000);
    serde_json::to_value(text)
        .ok()
        .and_then(|text| text.as_str().map(str::to_owned))
        .unwrap_or_default()
}
