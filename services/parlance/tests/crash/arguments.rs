//! What the test takes on its command line, behind `--`.

use clap::Parser;
use std::ops::RangeInclusive;

/// The one test here, as libtest would call it.
pub(crate) const NAME: &str = "every_accepted_message_survives_a_kill";
/// Seeds of an ordinary run.
pub(crate) const SEEDS: u64 = 20;

/// Kills `parlance dev` under load, starts it again, and finds every accepted message exactly once and no gap.
///
/// A seed decides who sends what to whom, when the process is killed and what is sent again. A seed that failed is replayed with --seed.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo test -p parlance --test crash --", disable_version_flag = true)]
pub(crate) struct Arguments {
    /// Run the seeds 1 to N
    #[arg(long, value_name = "N", default_value_t = SEEDS, conflicts_with = "seed")]
    seeds: u64,
    /// Run this seed only
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    #[command(flatten)]
    libtest: Libtest,
}

/// What `cargo test` hands to every test of a workspace. Of these only the choice of tests means something here.
#[derive(Debug, clap::Args)]
struct Libtest {
    /// Run only if the test's name contains one of these
    #[arg(hide = true)]
    filters: Vec<String>,
    #[arg(long, hide = true)]
    exact: bool,
    #[arg(long, hide = true)]
    list: bool,
    #[arg(long, hide = true)]
    skip: Vec<String>,
    #[arg(long, hide = true)]
    ignored: bool,
    #[arg(long, hide = true)]
    include_ignored: bool,
    #[arg(long, alias = "no-capture", hide = true)]
    nocapture: bool,
    #[arg(long, hide = true)]
    show_output: bool,
    #[arg(long, short, hide = true)]
    quiet: bool,
    #[arg(long, hide = true)]
    test_threads: Option<u32>,
    #[arg(long, hide = true)]
    format: Option<String>,
    #[arg(long, hide = true)]
    color: Option<String>,
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Run these seeds.
    Run(RangeInclusive<u64>),
    /// Say which tests there are.
    List(&'static str),
    /// Another test is meant.
    Nothing,
}

impl Arguments {
    pub(crate) fn task(&self) -> Task {
        let Libtest {
            filters,
            exact,
            list,
            skip,
            ignored,
            ..
        } = &self.libtest;
        let named = |name: &String| {
            if *exact {
                name == NAME
            } else {
                NAME.contains(name.as_str())
            }
        };
        let wanted = (filters.is_empty() || filters.iter().any(named)) && !skip.iter().any(named) && !ignored;
        match (wanted, list, self.seed) {
            (false, ..) => Task::Nothing,
            (true, true, _) => Task::List(NAME),
            (true, false, Some(seed)) => Task::Run(seed..=seed),
            (true, false, None) => Task::Run(1..=self.seeds),
        }
    }
}
