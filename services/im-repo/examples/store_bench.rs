//! What a stored message costs: `cargo run --release -p im-repo --example store_bench [seconds] [checkpoint MiB] [cache MiB]`.
//!
//! Direct conversations, 200 bytes a message, four requests on their way at any time as logic has with its four partitions. CPU is that
//! of the whole process.

#![expect(clippy::print_stdout, reason = "a bench tells what it found")]

use im_infra::clock::SystemClock;
use im_repo::{
    RepoConfig,
    store::{
        ConversationStore, MessageStore, NewDirect, NewMessage, Store, UserRecord, UserStore, sqlite::SqliteStore,
    },
};
use im_schema::ids::{ConversationId, UserId};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

const NOW: u64 = 1_764_000_000_000;
const REQUESTS: usize = 4;
/// What the kernel counts time in: 1/100 s on Linux.
const TICK: Duration = Duration::from_millis(10);

struct Run {
    store: Arc<SqliteStore>,
    pairs: Vec<(ConversationId, UserId)>,
    ids: AtomicU64,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let argument = |n: usize| std::env::args().nth(n).and_then(|text| text.parse::<u64>().ok());
    let seconds = argument(1).unwrap_or(3);
    println!("| pairs | batch | messages/s | µs CPU/message | ms/request | log MiB |");
    println!("| ---: | ---: | ---: | ---: | ---: | ---: |");
    for pairs in [100, 500] {
        for batch in [1, 100, 500] {
            let folder = Path::new("target/store-bench");
            let _ = std::fs::remove_dir_all(folder);
            let defaults = RepoConfig::default();
            let config = RepoConfig {
                folder: folder.to_owned(),
                checkpoint_mib: argument(2).map_or(defaults.checkpoint_mib, |mib| mib as u32),
                cache_mib: argument(3).map_or(defaults.cache_mib, |mib| mib as u32),
                ..defaults
            };
            let opening = Instant::now();
            let store = Arc::new(SqliteStore::open(&config, SystemClock::shared()).await?);
            let opened = opening.elapsed();
            let run = prepare(store, pairs).await?;
            measure(&run, batch, Duration::from_secs(1)).await?;
            let (cpu, start) = (cpu_time(), Instant::now());
            let messages = measure(&run, batch, Duration::from_secs(seconds)).await? as f64;
            let (cpu, wall) = (cpu_time() - cpu, start.elapsed());
            let log = std::fs::metadata(folder.join("repo.sqlite-wal"))?.len() >> 20;
            println!(
                "| {pairs} | {batch} | {:.0} | {:.1} | {:.2} | {log} |",
                messages / wall.as_secs_f64(),
                cpu.as_secs_f64() * 1e6 / messages,
                wall.as_secs_f64() * 1e3 * REQUESTS as f64 * batch as f64 / messages,
            );
            let closing = Instant::now();
            run.store.close().await;
            if batch == 500 {
                println!("opened in {opened:?}, closed in {:?}", closing.elapsed());
            }
            std::fs::remove_dir_all(folder)?;
        }
    }
    Ok(())
}

async fn prepare(store: Arc<SqliteStore>, pairs: u64) -> Result<Run, Box<dyn std::error::Error>> {
    let ids = AtomicU64::new(1 << 40);
    let mut list = Vec::new();
    for _ in 0..pairs {
        let mut users = [UserId(0), UserId(0)];
        for user in &mut users {
            let id = ids.fetch_add(1 << 22, Ordering::Relaxed);
            let record = UserRecord {
                id: id.into(),
                name: format!("user{id}"),
                display_name: String::new(),
                about: String::new(),
                created_at_ms: NOW,
            };
            store.insert_user(record, String::new()).await?;
            *user = id.into();
        }
        let id = ids.fetch_add(1 << 22, Ordering::Relaxed).into();
        store
            .ensure_direct(NewDirect {
                id,
                user: users[0],
                peer: users[1],
                created_at_ms: NOW,
            })
            .await?;
        list.extend(users.map(|user| (id, user)));
    }
    Ok(Run {
        store,
        pairs: list,
        ids,
    })
}

/// Stores for `time`; how many messages.
async fn measure(run: &Run, batch: usize, time: Duration) -> Result<u64, Box<dyn std::error::Error>> {
    let until = Instant::now() + time;
    let lanes = (0..REQUESTS).map(|lane| async move {
        let mut stored = 0;
        let mut next = lane;
        while Instant::now() < until {
            let messages = (0..batch).map(|_| {
                next = (next + REQUESTS) % run.pairs.len();
                message(run, next)
            });
            stored += run.store.store_messages(messages.collect(), NOW).await?.len() as u64;
            // each lane has its own pairs, as a partition has; each round the other of the pair speaks
            next = (next + 1) % REQUESTS * REQUESTS + lane;
        }
        Ok::<_, im_repo::StoreError>(stored)
    });
    let stored = futures::future::try_join_all(lanes).await?;
    Ok(stored.into_iter().sum())
}

fn message(run: &Run, pair: usize) -> NewMessage {
    let id = run.ids.fetch_add(1 << 10, Ordering::Relaxed);
    let (conversation, sender) = run.pairs[pair];
    let mut client_id = [0x70; 16];
    client_id[..8].copy_from_slice(&id.to_be_bytes());
    NewMessage {
        id: id.into(),
        conversation,
        sender,
        client_id,
        content: vec![b'x'; 200],
        accepted_at_ms: 0,
        verify: false,
    }
}

fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u32 = [11, 12]
        .iter()
        .filter_map(|n| fields.get(*n)?.parse::<u32>().ok())
        .sum();
    TICK * ticks
}
