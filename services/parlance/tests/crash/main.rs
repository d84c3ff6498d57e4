//! Kills `parlance dev` under load, starts it again, and finds every accepted message exactly once and no gap.
//!
//! A seed decides who sends what to whom, when the process is killed and what is sent again; see [`plan`]. Twenty seeds are the default:
//!
//! ```text
//! cargo test -p parlance --test crash -- --seeds 500    # more
//! cargo test -p parlance --test crash -- --seed 17      # one again
//! cargo test -p parlance --test crash -- --help
//! ```

mod arguments;
mod checker;
mod client;
mod plan;
#[path = "../kit/server.rs"]
mod server;

use arguments::{Arguments, Task};
use checker::{Ledger, Verdict, check};
use clap::Parser as _;
use client::{Api, Sender};
use plan::Plan;
use server::Server;
use std::{
    ops::RangeInclusive,
    process::ExitCode,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

#[expect(
    clippy::print_stdout,
    reason = "whoever waits for hundreds of seeds wants to see them pass"
)]
fn main() -> ExitCode {
    match Arguments::parse().task() {
        Task::Run(seeds) => {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(run_all(seeds))
        }
        Task::List(name) => {
            println!("{name}: test");
            ExitCode::SUCCESS
        }
        Task::Nothing => ExitCode::SUCCESS,
    }
}

#[expect(clippy::print_stdout, reason = "this is what the test reports")]
async fn run_all(seeds: RangeInclusive<u64>) -> ExitCode {
    let count = seeds.clone().count();
    let mut failed = Vec::new();
    println!("\nkilling under load; seeds: {count}");
    for seed in seeds {
        let started = Instant::now();
        let plan = Plan::of(seed);
        let verdict = run(&plan).await;
        println!(
            "seed {seed:>3}  kills {}  {verdict}  {:.1} s",
            plan.kills.len(),
            started.elapsed().as_secs_f64()
        );
        if !verdict.is_good() {
            failed.push(seed);
        }
    }
    if failed.is_empty() {
        println!("crash result: ok. seeds: {count}\n");
        return ExitCode::SUCCESS;
    }
    println!("crash result: FAILED. Seeds {failed:?} lost, doubled or misplaced messages; --seed S replays one\n");
    ExitCode::FAILURE
}

async fn run(plan: &Plan) -> Verdict {
    let mut server = Server::start().await;
    let api = Api::connect(server.url()).await;
    let mut senders = Vec::new();
    for sender in &plan.senders {
        senders.push(Sender::register(&api, sender).await);
    }
    let conversations = client::open_conversations(&api, &senders).await;
    for sender in &mut senders {
        sender.takes_part_in(&conversations);
    }
    for kill_after in &plan.kills {
        senders = load_and_kill(&mut server, senders, *kill_after).await;
        server.start_again().await;
    }
    let mut ledger = Ledger::default();
    for sender in &mut senders {
        sender.settle(server.url()).await;
        ledger.add(sender.ledger());
    }
    let api = Api::connect(server.url()).await;
    let mut history = Vec::new();
    for conversation in &conversations {
        history.push(client::read_all(&api, &senders, conversation).await);
    }
    check(&ledger, &history)
}

/// All send at once; the server is killed in the middle of it.
async fn load_and_kill(server: &mut Server, senders: Vec<Sender>, after: Duration) -> Vec<Sender> {
    let mut tasks = JoinSet::new();
    for mut sender in senders {
        let url = server.url().to_owned();
        tasks.spawn(async move {
            sender.send_until_the_end(&url).await;
            sender
        });
    }
    // the moment of the kill is what a seed decides: nothing is waited for here
    tokio::time::sleep(after).await;
    server.kill().await;
    let mut senders = tasks.join_all().await;
    senders.sort_by_key(Sender::index);
    senders
}
