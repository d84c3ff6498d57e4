//! Kills, stops and cuts off the processes of a whole deployment on real engines under load, and looks whether every promise held.
//!
//! Called with a role it is that role: the processes that it kills are of this very program.

use clap::Parser;
use im_testkit::faults::{
    Stage,
    checker::Verdict,
    run::{self, Outcome},
    schedule::{Role, Schedule},
};
use serde::Serialize;
use std::{io, path::PathBuf, process::ExitCode, time::Duration};
use tokio::signal::{
    ctrl_c,
    unix::{SignalKind, signal},
};

/// So long may a client be without service in a rolling restart, beyond the pause that the server asks for: what it takes to connect and to be heard.
const RECONNECT: Duration = Duration::from_secs(5);

/// Kills, stops and cuts off the processes of a whole deployment (two of each role, on Kafka, Redis, etcd and MySQL) under load, then reads
/// everything back: nothing may be lost, doubled, out of order or missing at a device. Exit code 1 if something is.
///
/// A seed decides the load and the faults. It starts engines of its own (deploy/native/engines) and ends them.
#[derive(Debug, Parser)]
#[command(disable_version_flag = true)]
struct Arguments {
    /// How many seeds, from the first on
    #[arg(long, value_name = "N", default_value_t = 25)]
    seeds: u64,
    /// The first seed
    #[arg(long, value_name = "S", default_value_t = 1)]
    first: u64,
    /// This seed only
    #[arg(long, value_name = "S", conflicts_with_all = ["seeds", "first"])]
    seed: Option<u64>,
    /// Leave the rolling restart out
    #[arg(long)]
    no_rolling: bool,
    /// Say what goes wrong when
    #[arg(long, short)]
    verbose: bool,
    /// Only say what would go wrong when
    #[arg(long)]
    dry_run: bool,
    /// Write all figures to a file, a line of JSON for each seed
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Arguments {
    fn schedules(&self) -> impl Iterator<Item = Schedule> {
        let seeds = match self.seed {
            Some(seed) => seed..=seed,
            None => self.first..=(self.first + self.seeds).saturating_sub(1),
        };
        seeds.map(Schedule::of)
    }
}

#[derive(Serialize)]
struct Line<'a> {
    seed: u64,
    faults: Vec<String>,
    #[serde(flatten)]
    verdict: &'a Verdict,
    seconds: f64,
    longest_outage: f64,
}

fn main() -> ExitCode {
    let first = std::env::args().nth(1).unwrap_or_default();
    if Role::ALL.iter().any(|role| role.name() == first) {
        return parlance::cli::run();
    }
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let result = runtime.block_on(async {
        tokio::select! {
            result = all(&arguments) => result,
            () = told_to_stop() => Err(io::Error::other("interrupted")),
        }
    });
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("parlance-faults: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whoever ends this has engines and processes end with it.
async fn told_to_stop() {
    let mut terminate = signal(SignalKind::terminate()).expect("a signal can be listened for");
    tokio::select! {
        _ = ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[expect(clippy::print_stdout, reason = "this is what the program reports")]
async fn all(arguments: &Arguments) -> io::Result<bool> {
    if arguments.dry_run {
        arguments.schedules().for_each(|schedule| tell(&schedule));
        return Ok(true);
    }
    let mut stage = Stage::build(&std::env::current_exe()?).await?;
    let result = play(&stage, arguments).await;
    if !matches!(result, Ok(true)) {
        println!("what the processes said is in {}", stage.keep_logs().display());
    }
    result
}

#[expect(clippy::print_stdout, reason = "this is what the program reports")]
async fn play(stage: &Stage, arguments: &Arguments) -> io::Result<bool> {
    let mut sum = Verdict::default();
    let mut bad = Vec::new();
    let mut count = 0;
    let mut json = String::new();
    for schedule in arguments.schedules() {
        if arguments.verbose {
            tell(&schedule);
        }
        let outcome = run::faults(stage, &schedule).await?;
        report(
            &format!("seed {:>4}  faults {}", schedule.seed, schedule.events.len()),
            &outcome,
        );
        count += 1;
        sum += &outcome.verdict;
        if !outcome.verdict.is_good() {
            bad.push(schedule.seed);
            tell(&schedule);
        }
        if let Some(file) = &arguments.json {
            json += &line(&schedule, &outcome)?;
            std::fs::write(file, &json)?;
        }
    }
    println!("sum of {count} seeds  {}", figures(&sum));
    println!(
        "processes that ended by themselves and were started again: {}",
        stage.ended_by_themselves()
    );
    let rolled = arguments.no_rolling || rolling(stage).await?;
    if !bad.is_empty() {
        println!("FAILED: seeds {bad:?}; --seed S plays one again");
    }
    Ok(bad.is_empty() && rolled)
}

#[expect(clippy::print_stdout, reason = "this is what the program reports")]
async fn rolling(stage: &Stage) -> io::Result<bool> {
    let outcome = run::rolling(stage, &Schedule::peace(0)).await?;
    report("rolling restart", &outcome);
    let outage = outcome.longest_outage;
    println!(
        "longest time without service beyond the pause that the server asks for: {} ms, of {} ms at most",
        outage.as_millis(),
        RECONNECT.as_millis()
    );
    Ok(outcome.verdict.is_good() && outage <= RECONNECT)
}

#[expect(clippy::print_stdout, reason = "this is what the program reports")]
fn report(what: &str, outcome: &Outcome) {
    println!(
        "{what}  {}  {:.1} s",
        figures(&outcome.verdict),
        outcome.took.as_secs_f64()
    );
    for finding in &outcome.verdict.findings {
        println!("    {finding}");
    }
}

fn figures(verdict: &Verdict) -> String {
    let Verdict {
        sent,
        accepted,
        stored,
        rejected,
        lost,
        duplicated,
        gaps,
        disordered,
        wrong,
        missed,
        untold,
        ..
    } = verdict;
    format!(
        "sent {sent:>5}  accepted {accepted:>5}  stored {stored:>5}  rejected {rejected}  lost {lost}  duplicated {duplicated}  gaps {gaps}  \
         order {disordered}  wrong {wrong}  missed {missed}  untold {untold}"
    )
}

#[expect(clippy::print_stdout, reason = "this is what the program reports")]
fn tell(schedule: &Schedule) {
    println!("seed {} has {} senders, and", schedule.seed, schedule.senders.len());
    for event in &schedule.events {
        println!("    {event}");
    }
}

fn line(schedule: &Schedule, outcome: &Outcome) -> io::Result<String> {
    let line = Line {
        seed: schedule.seed,
        faults: schedule.events.iter().map(ToString::to_string).collect(),
        verdict: &outcome.verdict,
        seconds: outcome.took.as_secs_f64(),
        longest_outage: outcome.longest_outage.as_secs_f64(),
    };
    Ok(serde_json::to_string(&line)? + "\n")
}
