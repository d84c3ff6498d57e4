//! The primary dies and comes back.

use super::*;
use crate::store::{NewMessage, Place};
use im_infra::engines::Own;
use im_schema::ids::{ConversationId, UserId};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const SENDERS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_once_after_the_primary_was_killed() {
    let engines = tokio::task::spawn_blocking(|| Arc::new(Own::up(&["mysql"])))
        .await
        .unwrap();
    let mut database = Database::on(engines.address("mysql")).await;
    database.options.connect_timeout = Duration::from_millis(200);
    let world = World::new(database.open().await, 1_000, ());
    let users = world.users(SENDERS).await;
    let group = world.group(users[0], &users).await;
    let progress = Arc::new(Progress::default());
    let senders = users.iter().map(|sender| {
        let (world, sender) = (world.clone(), *sender);
        let progress = Arc::clone(&progress);
        tokio::spawn(async move { send(&world, group, sender, &progress).await })
    });
    let senders: Vec<_> = senders.collect();
    for _ in 0..3 {
        progress.goes_on().await;
        let (failed, server) = (progress.failed.load(Ordering::SeqCst), Arc::clone(&engines));
        tokio::task::spawn_blocking(move || server.kill("mysql")).await.unwrap();
        until(|| async { progress.failed.load(Ordering::SeqCst) > failed }).await;
        let server = Arc::clone(&engines);
        tokio::task::spawn_blocking(move || server.start("mysql"))
            .await
            .unwrap();
    }
    progress.goes_on().await;
    progress.stop.store(true, Ordering::SeqCst);

    let (messages, last) = world.store.read_messages(group, 0, true, 1_000_000).await.unwrap();
    let mut total = 0;
    for sender in senders {
        let sent = sender.await.unwrap();
        total += sent.len();
        for (message, place) in sent {
            let found = messages.iter().filter(|found| found.client_id == message.client_id);
            let found: Vec<_> = found.collect();
            assert_eq!(found.len(), usize::from(place.sequence <= last), "{message:?}");
            assert!(
                found
                    .iter()
                    .all(|found| (found.id, found.sequence) == (place.id, place.sequence))
            );
        }
    }
    let (messages, last) = world.store.read_messages(group, 0, true, 1_000_000).await.unwrap();
    assert_eq!((messages.len(), last), (total, total as u64));
    assert!(messages.iter().map(|message| message.sequence).eq(1..=last));
    world.store.close().await;
    drop(database);
    tokio::task::spawn_blocking(move || drop(engines)).await.unwrap();
}

/// How far all senders are.
#[derive(Default)]
struct Progress {
    acknowledged: AtomicUsize,
    failed: AtomicUsize,
    stop: AtomicBool,
}

impl Progress {
    /// Waits until another 500 messages are acknowledged.
    async fn goes_on(&self) {
        let before = self.acknowledged.load(Ordering::SeqCst);
        until(|| async { self.acknowledged.load(Ordering::SeqCst) > before + 500 }).await;
    }
}

/// Sends until told to stop, each batch until it is acknowledged.
async fn send(world: &World, group: ConversationId, sender: UserId, progress: &Progress) -> Vec<(NewMessage, Place)> {
    let mut sent = Vec::new();
    while !progress.stop.load(Ordering::SeqCst) {
        let mut messages: Vec<_> = (0..10).map(|_| world.message(group, sender, NOW)).collect();
        let outcomes = loop {
            match world.store.store_messages(messages.clone(), NOW).await {
                Ok(outcomes) => break outcomes,
                Err(StoreError::Unavailable(_)) => {
                    progress.failed.fetch_add(1, Ordering::SeqCst);
                    // it may have been stored
                    messages.iter_mut().for_each(|message| message.verify = true);
                }
                Err(error) => panic!("{error:?}"),
            }
        };
        progress.acknowledged.fetch_add(messages.len(), Ordering::SeqCst);
        let places = outcomes.into_iter().map(|outcome| match outcome {
            StoreOutcome::Stored(place) | StoreOutcome::Duplicate(place) => place,
            other => panic!("{other:?}"),
        });
        sent.extend(messages.into_iter().zip(places));
    }
    sent
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_fail_soon_and_then_at_once_while_the_primary_is_gone() {
    let engines = tokio::task::spawn_blocking(|| Arc::new(Own::up(&["mysql"])))
        .await
        .unwrap();
    let mut database = Database::on(engines.address("mysql")).await;
    // far beyond what the test waits for
    database.options.connect_timeout = Duration::from_secs(600);
    let world = World::new(database.open().await, 1_000, ());
    let ada = world.user().await;
    let group = world.group(ada, &[]).await;
    let kill = Arc::clone(&engines);
    tokio::task::spawn_blocking(move || kill.kill("mysql")).await.unwrap();
    for _ in 0..100 {
        let message = world.message(group, ada, NOW);
        let calls = async {
            let stored = world.store.store_messages(vec![message], NOW).await;
            (
                stored.unwrap_err(),
                world.store.find_users(&[ada], &[]).await.unwrap_err(),
            )
        };
        let failures = tokio::time::timeout(Duration::from_secs(60), calls).await;
        let failures = failures.expect("nobody waits for a server that is gone");
        assert!(
            matches!(failures, (StoreError::Unavailable(_), StoreError::Unavailable(_))),
            "{failures:?}"
        );
    }
    let start = Arc::clone(&engines);
    tokio::task::spawn_blocking(move || start.start("mysql")).await.unwrap();
    assert_eq!(world.say(group, ada, NOW).await.sequence, 1);
    world.store.close().await;
    drop(database);
    tokio::task::spawn_blocking(move || drop(engines)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_fail_as_unavailable_while_the_primary_is_gone_and_work_when_it_is_back() {
    let engines = tokio::task::spawn_blocking(|| Arc::new(Own::up(&["mysql"])))
        .await
        .unwrap();
    let mut database = Database::on(engines.address("mysql")).await;
    database.options.connect_timeout = Duration::from_millis(200);
    let world = World::new(database.open().await, 1_000, ());
    let ada = world.user().await;
    let group = world.group(ada, &[]).await;
    world.say(group, ada, NOW).await;
    let stop = Arc::clone(&engines);
    tokio::task::spawn_blocking(move || stop.stop("mysql")).await.unwrap();
    let message = world.message(group, ada, NOW);
    let failures = [
        world.store.store_messages(vec![message], NOW).await.unwrap_err(),
        world.store.read_messages(group, 0, true, 1).await.unwrap_err(),
        world.store.find_users(&[ada], &[]).await.unwrap_err(),
        world.store.health().await.unwrap_err(),
    ];
    assert!(
        failures.iter().all(|error| matches!(error, StoreError::Unavailable(_))),
        "{failures:?}"
    );
    let start = Arc::clone(&engines);
    tokio::task::spawn_blocking(move || start.start("mysql")).await.unwrap();
    world.store.health().await.unwrap();
    assert_eq!(world.say(group, ada, NOW).await.sequence, 2);
    world.store.close().await;
    drop(database);
    tokio::task::spawn_blocking(move || drop(engines)).await.unwrap();
}
