//! `parlance bench`: an open-loop load on a server in a process of its own.

mod arena;
mod disk;
mod idle;
mod load;
mod plan;
mod report;
mod server;
mod tally;
mod watched;

use anyhow::{Context as _, bail};
use arena::Api;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use load::{Cast, Dose};
use report::{Cpu, Report};
use server::{Server, Start};
use std::{path::PathBuf, time::Duration};
use watched::{Watched, name_and_pid};

/// What `parlance bench` can measure.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    scenario: Scenario,
    /// How long messages are sent, in seconds
    #[arg(long, default_value_t = 6.0, global = true)]
    seconds: f64,
    /// Bytes of each message's text
    #[arg(long, default_value_t = 200, global = true)]
    bytes: usize,
    /// Load a server that runs already, e.g. http://127.0.0.1:7700, in place of one started for the purpose; with more than one, connections
    /// go to them in turn
    #[arg(long, value_name = "URL", global = true)]
    url: Vec<String>,
    /// Count the processor time of this process of this machine, too, e.g. those that `deploy/native/roles processes` prints
    #[arg(long, value_name = "NAME=PID", value_parser = name_and_pid, num_args = 1.., global = true)]
    process: Vec<Watched>,
    /// Configuration of the started server, e.g. with the engines that it is to use
    #[arg(long, value_name = "FILE", conflicts_with = "url", global = true)]
    config: Option<PathBuf>,
    /// Where the started server keeps its data; a fresh folder is made in it and removed at the end
    #[arg(long, value_name = "FOLDER", global = true)]
    folder: Option<PathBuf>,
    /// Write the figures as JSON, too
    #[arg(long, value_name = "FILE", global = true)]
    json: Option<PathBuf>,
    /// Find the highest rate at which 99 % of the deliveries take less than 50 ms
    #[arg(long, global = true)]
    find_rate: bool,
    /// How often a connection sends what has become due, in milliseconds; what is due together goes out together
    #[arg(long, default_value_t = 5.0, global = true)]
    tick_ms: f64,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Scenario {
    /// Pairs of users: one sends, the other receives
    Direct {
        /// How many pairs
        #[arg(long, default_value_t = 100)]
        pairs: usize,
        /// Messages per second, all pairs together
        #[arg(long, default_value_t = 10_000.0)]
        rate: f64,
    },
    /// One group whose members are all online
    Group {
        /// How many members
        #[arg(long, default_value_t = 1000)]
        members: usize,
        /// How many of them send
        #[arg(long, default_value_t = 10)]
        senders: usize,
        /// Deliveries per second, all members together
        #[arg(long, default_value_t = 100_000.0)]
        rate: f64,
    },
    /// Connections that do nothing: memory for each of them
    Idle {
        /// How many connections, at most about 19,000
        #[arg(long, default_value_t = 10_000)]
        connections: usize,
        /// How many users they belong to
        #[arg(long, default_value_t = 500)]
        users: usize,
    },
    /// One pair that sends now and then: how quick a single message is
    Latency {
        /// Messages per second
        #[arg(long, default_value_t = 50.0)]
        rate: f64,
    },
}

const P99_LIMIT_MS: f64 = 50.0;

impl Bench {
    /// Runs the scenario, prints the figures and says whether all messages arrived once and in order.
    pub(crate) async fn run(self) -> anyhow::Result<bool> {
        if !(self.seconds > 0.0 && self.tick_ms >= 0.0) {
            bail!("--seconds must be above 0 and --tick-ms not below");
        }
        let local = tokio::task::LocalSet::new();
        local.run_until(self.measure()).await
    }

    async fn measure(self) -> anyhow::Result<bool> {
        let progress =
            ProgressBar::new(0).with_style(ProgressStyle::with_template("{msg:<28} {wide_bar} {pos}/{len}")?);
        let folder = self.folder.clone().unwrap_or_else(std::env::temp_dir);
        progress.set_message("measuring the disk");
        let sync = disk::measure(&folder, Duration::from_millis(500))
            .with_context(|| format!("measure the disk of {}", folder.display()))?;
        let server = if self.url.is_empty() {
            let (folder, config) = (self.folder.as_deref(), self.config.as_deref());
            Server::start(Start { folder, config }).await?
        } else {
            Server::running(self.url.clone())
        };
        let measured = self.scenario(&server, &progress).await;
        progress.finish_and_clear();
        let stopped = server.stop().await;
        let mut report = measured?;
        stopped?;
        report.sync_ms = sync;
        #[expect(clippy::print_stdout, reason = "the figures are what the command is for")]
        {
            println!("{}", report.table());
        }
        if let Some(file) = &self.json {
            report
                .write(file)
                .with_context(|| format!("write {}", file.display()))?;
        }
        Ok(report.sound())
    }

    async fn scenario(&self, server: &Server, progress: &ProgressBar) -> anyhow::Result<Report> {
        let api = Api::connect(server.url(0)).await?;
        match self.scenario {
            Scenario::Direct { pairs, rate } => {
                let cast = direct(&api, pairs, progress).await?;
                self.rated("direct", server, &cast, rate, self.tick_ms, progress).await
            }
            Scenario::Latency { rate } => {
                let cast = direct(&api, 1, progress).await?;
                self.rated("latency", server, &cast, rate, 0.0, progress).await
            }
            Scenario::Group { members, senders, rate } => {
                let cast = group(&api, members, senders, progress).await?;
                self.rated("group", server, &cast, rate, self.tick_ms, progress).await
            }
            Scenario::Idle { connections, users } => {
                let accounts = api.register(users.max(1), progress).await?;
                let hold = Duration::from_secs_f64(self.seconds);
                let kib = idle::run(server, &accounts, connections, hold, progress).await?;
                let mut report = Report::of("idle", &tally::Tally::default(), 0, hold, hold);
                report.connections = connections;
                report.server_kib_per_connection = kib;
                Ok(report)
            }
        }
    }

    async fn rated(
        &self,
        name: &str,
        server: &Server,
        cast: &Cast,
        rate: f64,
        tick_ms: f64,
        progress: &ProgressBar,
    ) -> anyhow::Result<Report> {
        if rate.is_nan() || rate <= 0.0 {
            bail!("--rate must be above 0");
        }
        if !self.find_rate {
            return self.once(name, server, cast, rate, tick_ms, progress).await;
        }
        let (mut best, mut low, mut high) = (None, 0.0, f64::INFINITY);
        let mut next = rate;
        // doubling until it fails, then halving the distance until it is within 4 %; below 100 there is nothing to find
        while high - low > high.min(1e12) * 0.04 && high > 100.0 {
            let report = self.once(name, server, cast, next, tick_ms, progress).await?;
            let verdict = if report.holds(P99_LIMIT_MS) { "holds" } else { "fails" };
            progress.suspend(|| eprintln!("{next:>9.0}/s  p99 {:>8.2} ms  {verdict}", report.delivery_ms.p99));
            if report.holds(P99_LIMIT_MS) {
                low = next;
                best = Some(report);
            } else {
                high = next;
                best = best.or(Some(report));
            }
            next = if high.is_infinite() {
                low * 2.0
            } else {
                f64::midpoint(low, high)
            };
        }
        best.context("no rate was tried")
    }

    async fn once(
        &self,
        name: &str,
        server: &Server,
        cast: &Cast,
        rate: f64,
        tick_ms: f64,
        progress: &ProgressBar,
    ) -> anyhow::Result<Report> {
        let span = Duration::from_secs_f64(self.seconds);
        progress.set_length(span.as_secs());
        progress.set_position(0);
        progress.set_message(format!("{name} at {rate:.0}/s"));
        let ticking = tokio::task::spawn_local({
            let progress = progress.clone();
            async move {
                loop {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    progress.inc(1);
                }
            }
        });
        let dose = Dose {
            rate: rate / cast.receivers as f64,
            span,
            bytes: self.bytes,
            tick: Duration::from_secs_f64(tick_ms / 1e3),
        };
        let processes: Vec<Watched> = server
            .watched()
            .into_iter()
            .chain(self.process.iter().cloned())
            .collect();
        let client = || server::cpu_seconds("self").unwrap_or_default();
        let before = (watched::times(&processes), client());
        let outcome = load::run(server, cast, dose).await;
        ticking.abort();
        let outcome = outcome?;
        let mut report = Report::of(name, &outcome.tally, outcome.expected, span, outcome.whole);
        report.connections = outcome.connections;
        report.offered_per_second = rate;
        report.cpu_seconds = Cpu {
            processes: watched::since(&before.0, &processes),
            client: client() - before.1,
        };
        Ok(report)
    }
}

async fn direct(api: &Api, pairs: usize, progress: &ProgressBar) -> anyhow::Result<Cast> {
    let accounts = api.register(pairs.max(1) * 2, progress).await?;
    let pairs: Vec<_> = accounts
        .chunks_exact(2)
        .map(|pair| (pair[0].clone(), pair[1].clone()))
        .collect();
    let conversations = api.open_pairs(&pairs).await?;
    let (senders, listeners): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    Ok(Cast {
        senders: senders.into_iter().zip(conversations).collect(),
        listeners,
        receivers: 1,
    })
}

async fn group(api: &Api, members: usize, senders: usize, progress: &ProgressBar) -> anyhow::Result<Cast> {
    let senders = senders.max(1);
    if members <= senders {
        bail!("--members must be more than --senders");
    }
    let mut accounts = api.register(members, progress).await?;
    let conversation = api.create_group(&accounts).await?;
    let listeners = accounts.split_off(senders);
    Ok(Cast {
        senders: accounts.into_iter().map(|account| (account, conversation)).collect(),
        listeners,
        receivers: members as u64 - 1,
    })
}
