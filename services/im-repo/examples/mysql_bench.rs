//! What a stored message costs on a database server: `mysql_bench HOST:PORT DATABASE [seconds]`; the database is filled and left so.
//!
//! 1,000 direct conversations, 200 bytes a message; each connection has calls under way for conversations of its own, as a partition has.

#![expect(clippy::print_stdout, reason = "a bench tells what it found")]

use im_infra::{clock::SystemClock, config::Secret};
use im_repo::{
    MysqlOptions,
    store::{ConversationStore, MessageStore, NewDirect, NewMessage, Store, UserRecord, UserStore, mysql::MysqlStore},
};
use im_schema::ids::{ConversationId, UserId};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

const NOW: u64 = 1_764_000_000_000;
const PAIRS: usize = 1_000;

type Failure = Box<dyn std::error::Error>;

struct Run {
    store: MysqlStore,
    pairs: Vec<(ConversationId, UserId)>,
    ids: AtomicU64,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let (Some(primary), Some(database)) = (arguments.next(), arguments.next()) else {
        return Err("mysql_bench HOST:PORT DATABASE [seconds]".into());
    };
    let time = Duration::from_secs(arguments.next().map_or(Ok(5), |seconds| seconds.parse())?);
    let options = MysqlOptions {
        primary,
        database,
        user: "parlance".to_owned(),
        password: Secret::new("parlance"),
        ..MysqlOptions::default()
    };
    let run = prepare(MysqlStore::open(&options, SystemClock::shared()).await?).await?;
    println!("| connections | batch | verify | messages/s | ms/call |");
    println!("| ---: | ---: | --- | ---: | ---: |");
    for lanes in [1, 4] {
        for (batch, verify) in [(1, false), (100, false), (100, true), (500, false)] {
            measure(&run, lanes, batch, verify, time / 5).await?;
            let start = Instant::now();
            let messages = measure(&run, lanes, batch, verify, time).await? as f64;
            let wall = start.elapsed().as_secs_f64();
            println!(
                "| {lanes} | {batch} | {verify} | {:.0} | {:.2} |",
                messages / wall,
                wall * 1e3 * lanes as f64 * batch as f64 / messages,
            );
        }
    }
    run.store.close().await;
    Ok(())
}

async fn prepare(store: MysqlStore) -> Result<Run, Failure> {
    let ids = AtomicU64::new(SystemClock::shared().now_ms() << 20);
    let id = || ids.fetch_add(1, Ordering::Relaxed);
    let mut pairs = Vec::with_capacity(PAIRS);
    for _ in 0..PAIRS {
        let users = [UserId(id()), UserId(id())];
        for user in users {
            let record = UserRecord {
                id: user,
                name: format!("user{user:?}"),
                display_name: String::new(),
                about: String::new(),
                created_at_ms: NOW,
            };
            store.insert_user(record, String::new()).await?;
        }
        let direct = NewDirect {
            id: id().into(),
            user: users[0],
            peer: users[1],
            created_at_ms: NOW,
        };
        store.ensure_direct(direct).await?;
        pairs.push((direct.id, users[0]));
    }
    Ok(Run { store, pairs, ids })
}

/// Stores for `time`; how many messages.
async fn measure(run: &Run, lanes: usize, batch: usize, verify: bool, time: Duration) -> Result<u64, Failure> {
    let until = Instant::now() + time;
    let storing = (0..lanes).map(|lane| async move {
        let (mut stored, mut next) = (0, lane);
        while Instant::now() < until {
            let messages = (0..batch).map(|_| {
                next += lanes;
                message(run, next / lanes % (PAIRS / lanes) * lanes + lane, verify)
            });
            stored += run.store.store_messages(messages.collect(), NOW).await?.len() as u64;
        }
        Ok::<_, Failure>(stored)
    });
    let stored = futures::future::try_join_all(storing).await?;
    Ok(stored.into_iter().sum())
}

fn message(run: &Run, pair: usize, verify: bool) -> NewMessage {
    let id = run.ids.fetch_add(1, Ordering::Relaxed);
    let (conversation, sender) = run.pairs[pair];
    let mut client_id = [0x70; 16];
    client_id[..8].copy_from_slice(&id.to_be_bytes());
    NewMessage {
        id: id.into(),
        conversation,
        sender,
        client_id,
        content: vec![b'x'; 200],
        accepted_at_ms: NOW,
        verify,
    }
}
