//! More than the machine can do: senders who never wait, receivers who never read, a server with small queues. Its memory stays under a
//! bound that is far below what was offered, senders are slowed or told to come again, and afterwards it serves as before.

mod client;
#[path = "../kit/server.rs"]
mod server;

use client::{Api, Link, Tally, User};
use server::Server;
use std::{
    sync::{Arc, atomic::AtomicI64},
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Pairs: one floods, the other either reads or does not.
const PAIRS: usize = 24;
/// It lasts until so much was offered, in KiB, or for so long on a slow machine.
const OFFER_KIB: u64 = 3 * ROOM_KIB / 2;
const FLOOD: Duration = Duration::from_secs(90);
/// How long the server may take afterwards until it has stored what it accepted.
const RECOVERY: Duration = Duration::from_secs(120);
/// What every queue of the server together may take beyond an idle server, in KiB. The sum of what is configured below (uplink, outboxes of
/// receivers who do not read, log, caches), and as much again for what is being worked on.
const ROOM_KIB: u64 = 300 * 1024;

const SMALL_QUEUES: [&str; 9] = [
    "gateway.uplink_bytes=1MiB",
    "gateway.uplink_batch=256",
    "gateway.outbox_bytes=256KiB",
    "gateway.outbox_frames=1024",
    "log.segment=8MiB",
    "log.tail=8MiB",
    "log.memory_topic=8MiB",
    "repo.cache_mib=8",
    // pages of the file that are mapped would count as memory of the process
    "repo.mmap_mib=0",
];

/// The most memory that the server has held so far, in KiB.
fn peak_kib(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("the server runs");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("Linux says so");
    let number = line.split_whitespace().next().expect("a number");
    number.parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "the figures are of interest with --nocapture")]
async fn memory_stays_bounded_and_senders_are_slowed_or_told_to_come_again() {
    let server = Server::start_with(&SMALL_QUEUES).await;
    let api = Api::connect(server.url()).await;
    let mut pairs = Vec::new();
    for number in 0..PAIRS {
        let (sender, receiver) = (
            api.user(&format!("s{number}")).await,
            api.user(&format!("r{number}")).await,
        );
        let conversation = api.direct(&sender, &receiver).await;
        pairs.push((sender, receiver, conversation));
    }
    let idle = peak_kib(&server);

    let mut receivers = JoinSet::new();
    let mut senders = JoinSet::new();
    let until = Instant::now() + FLOOD;
    let left = Arc::new(AtomicI64::new(OFFER_KIB as i64 * 1024));
    for (number, (sender, receiver, conversation)) in pairs.iter().enumerate() {
        let receiver = Link::open(server.url(), receiver).await;
        if number % 2 == 0 {
            receivers.spawn(receiver.read_until_closed());
        } else {
            receivers.spawn(receiver.hold(FLOOD + RECOVERY));
        }
        let sender = Link::open(server.url(), sender).await;
        senders.spawn(sender.flood(*conversation, until, Arc::clone(&left)));
    }
    let mut all = Tally::default();
    while let Some(tally) = senders.join_next().await {
        all += tally.expect("a sender ends in order");
    }
    let peak = peak_kib(&server);
    println!(
        "{all:?}; memory {idle} KiB before, {peak} KiB at most, {} KiB offered",
        all.offered_kib()
    );

    assert_eq!(all.refused_for_good, 0, "who is refused may come again");
    assert!(all.accepted > 0, "the server works meanwhile");
    assert!(
        all.waits + all.told_to_come_again > 0,
        "senders were neither slowed nor refused: that was no flood"
    );
    assert!(
        all.offered_kib() > ROOM_KIB,
        "what was offered would fit into the bound: {} KiB",
        all.offered_kib()
    );
    assert!(peak < idle + ROOM_KIB, "{idle} KiB before, {peak} KiB at most");

    // as before: a message of a newcomer to another is stored and arrives
    let (ada, bob): (User, User) = (api.user("ada").await, api.user("bob").await);
    let conversation = api.direct(&ada, &bob).await;
    let (mut ada, mut bob) = (
        Link::open(server.url(), &ada).await,
        Link::open(server.url(), &bob).await,
    );
    let served = async {
        let sequence = ada.sends(conversation, "still there?").await;
        assert_eq!((sequence, bob.receives().await), (Some(1), "still there?".to_owned()));
    };
    assert!(
        tokio::time::timeout(RECOVERY, served).await.is_ok(),
        "it serves again in time"
    );
    // and what was accepted is there
    for (sender, _, conversation) in &pairs {
        let stored = async {
            // who is behind may have to come back
            while Link::open(server.url(), sender)
                .await
                .sends(*conversation, "the end")
                .await
                .is_none()
            {}
        };
        let stored = tokio::time::timeout(RECOVERY, stored).await;
        stored.expect("a flooder is served again in time, behind everything that was accepted");
    }
    let mut stored = 0;
    for (sender, _, conversation) in &pairs {
        stored += api.last_sequence(sender, *conversation).await - 1;
    }
    assert!(
        stored >= all.accepted,
        "{stored} of {} accepted messages are stored",
        all.accepted
    );
    assert!(peak_kib(&server) < idle + ROOM_KIB, "recovering takes no more");
    receivers.abort_all();
}
