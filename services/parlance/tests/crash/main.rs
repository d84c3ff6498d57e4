//! Kills `parlance dev` under load, starts it again, and finds every accepted message exactly once and no gap.
//!
//! A seed decides who sends what to whom, when the process is killed and what is sent again; see [`plan`]. Twenty seeds are the default:
//!
//! ```text
//! PARLANCE_CRASH_SEEDS=500 cargo test -p parlance --test crash -- --nocapture    # more
//! PARLANCE_CRASH_SEED=17 cargo test -p parlance --test crash -- --nocapture      # one again
//! ```

mod checker;
mod client;
mod plan;
mod server;

use checker::{Ledger, Verdict, check};
use client::{Api, Sender};
use plan::Plan;
use server::Server;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const SEEDS: u64 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "a line a seed is what one looks at with --nocapture")]
async fn every_accepted_message_survives_a_kill() {
    let mut failed = Vec::new();
    for seed in seeds() {
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
    assert!(
        failed.is_empty(),
        "seeds {failed:?} lost, doubled or misplaced messages"
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test has no configuration but its environment"
)]
fn seeds() -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    match number("PARLANCE_CRASH_SEED") {
        Some(one) => vec![one],
        None => (1..=number("PARLANCE_CRASH_SEEDS").unwrap_or(SEEDS)).collect(),
    }
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
