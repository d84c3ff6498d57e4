mod damage;
mod old_ids;

use super::SqliteStore;
use crate::{
    RepoConfig,
    store::{
        ConversationStore, EndedSession, MessageStore, SessionStore, Store, StoreError, StoreOutcome,
        conformance::{NOW, World},
    },
};
use im_infra::clock::SystemClock;
use im_schema::ids::{ConversationId, UserId};
use sqlx::{ConnectOptions as _, Connection as _, Row, migrate::Migrator, sqlite::SqliteConnectOptions};
use std::{path::Path, sync::Arc};

fn config(folder: &Path) -> RepoConfig {
    RepoConfig {
        folder: folder.join("repo"),
        readers: 2,
        checkpoint_mib: 1,
        ..RepoConfig::default()
    }
}

async fn open(folder: &Path) -> Arc<SqliteStore> {
    Arc::new(SqliteStore::open(&config(folder), SystemClock::shared()).await.unwrap())
}

async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    World::new(open(folder.path()).await, 1_000, folder)
}

crate::conformance_tests!(world().await);

#[tokio::test]
async fn what_was_stored_is_there_after_opening_again_and_migrations_run_once() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(open(folder.path()).await, 1_000, ());
    let (ada, bob) = (world.user().await, world.user().await);
    let direct = world.direct(ada, bob).await;
    for n in 0..3 {
        world.say(direct, ada, NOW + n).await;
    }
    world.store.close().await;
    assert!(
        !folder.path().join("repo/repo.sqlite-wal").exists(),
        "the log was copied and removed"
    );

    let store = open(folder.path()).await;
    let migrations = sqlx::query("SELECT count(*) FROM _sqlx_migrations")
        .fetch_one(&store.readers)
        .await
        .unwrap();
    assert_eq!(migrations.get::<i64, _>(0), 3);
    let world = World::new(store, 2_000, ());
    assert_eq!(world.say(direct, bob, NOW + 9).await.sequence, 4);
    assert_eq!(world.view(ada, direct).await.unwrap().read_sequence, 3);
    world.store.close().await;
}

#[tokio::test]
async fn a_closed_store_refuses_and_loses_nothing_that_it_took() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(open(folder.path()).await, 1_000, ());
    let ada = world.user().await;
    let group = world.group(ada, &[]).await;
    let sends = (0..20).map(|n| {
        let message = world.message(group, ada, NOW + n);
        let store = Arc::clone(&world.store);
        tokio::spawn(async move { store.store_messages(vec![message], NOW).await })
    });
    let sends: Vec<_> = sends.collect();
    tokio::task::yield_now().await;
    world.store.close().await;
    world.store.close().await;
    let mut taken = 0;
    for send in sends {
        match send.await.unwrap() {
            Ok(_) => taken += 1,
            Err(StoreError::Closed) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    let store = open(folder.path()).await;
    assert_eq!(store.read_messages(group, 0, true, 100).await.unwrap().0.len(), taken);
    store.close().await;
}

#[tokio::test]
async fn an_abandoned_log_is_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(open(folder.path()).await, 1_000, ());
    let ada = world.user().await;
    let group = world.group(ada, &[]).await;
    for n in 0..50 {
        world.say(group, ada, NOW + n).await;
    }
    // the files of a process that was killed here
    let killed = tempfile::tempdir().unwrap();
    std::fs::create_dir(killed.path().join("repo")).unwrap();
    for file in ["repo.sqlite", "repo.sqlite-wal"] {
        std::fs::copy(
            folder.path().join("repo").join(file),
            killed.path().join("repo").join(file),
        )
        .unwrap();
    }
    world.store.close().await;
    let world = World::new(open(killed.path()).await, 2_000, ());
    let (messages, last_sequence) = world.store.read_messages(group, 0, true, 100).await.unwrap();
    assert_eq!((messages.len(), last_sequence), (50, 50));
    assert_eq!(world.say(group, ada, NOW + 60).await.sequence, 51);
    world.store.close().await;
}

#[tokio::test]
async fn the_log_does_not_grow_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(open(folder.path()).await, 1_000, ());
    let ada = world.user().await;
    let mut groups = Vec::new();
    for _ in 0..50 {
        groups.push(world.group(ada, &[]).await);
    }
    for batch in 0..400 {
        let messages = (0..50).map(|n| world.message(groups[n], ada, NOW + batch)).collect();
        world.store.store_messages(messages, NOW + batch).await.unwrap();
    }
    let log = std::fs::metadata(folder.path().join("repo/repo.sqlite-wal"))
        .unwrap()
        .len();
    assert!(log < 16 << 20, "{log} bytes after some 80 MB went through it");
    world.store.close().await;
}

#[tokio::test]
async fn places_that_were_moved_and_recent_ones_read_as_one_history() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let world = World::new(Arc::clone(&store) as Arc<dyn Store>, 1_000, ());
    let ada = world.user().await;
    let (busy, other) = (world.group(ada, &[]).await, world.group(ada, &[]).await);
    // the small table is moved at 3,000 rows: here twice, with 500 left
    for batch in 0..65 {
        let messages = (0..100).map(|n| world.message([busy, other][n % 2], ada, NOW + batch));
        world
            .store
            .store_messages(messages.collect(), NOW + batch)
            .await
            .unwrap();
    }
    for (table, rows) in [("places", 6_000), ("recent_places", 500)] {
        let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&store.readers).await.unwrap();
        assert_eq!(count, rows, "{table}");
    }
    let sequences = |from, forward, limit| {
        let store = Arc::clone(&world.store);
        async move {
            let (messages, last) = store.read_messages(busy, from, forward, limit).await.unwrap();
            assert_eq!(last, 3_250);
            messages.iter().map(|message| message.sequence).collect::<Vec<_>>()
        }
    };
    assert_eq!(sequences(0, true, 4_000).await, (1..=3_250).collect::<Vec<_>>());
    assert_eq!(sequences(2_999, true, 4).await, [2_999, 3_000, 3_001, 3_002]);
    assert_eq!(sequences(3_002, false, 4).await, [3_002, 3_001, 3_000, 2_999]);
    assert!(sequences(3_251, true, 4).await.is_empty());
    assert!(sequences(5, true, 0).await.is_empty());
    for conversation in [busy, other] {
        let view = world.view(ada, conversation).await.unwrap();
        assert_eq!(view.last_message.map(|message| message.sequence), Some(3_250));
    }
    world.store.close().await;
}

#[tokio::test]
async fn a_batch_of_any_size_is_written_whole() {
    let world = world().await;
    let (ada, bob) = (world.user().await, world.user().await);
    let (one, other) = (world.direct(ada, bob).await, world.group(ada, &[bob]).await);
    let (mut last, mut read) = ([0, 0], [[0, 0], [0, 0]]);
    // around the sizes that there are statements for, and beyond the largest
    for size in [1, 2, 3, 5, 31, 33, 1_023, 1_024, 1_025, 2_500] {
        let places: Vec<_> = (0..size).map(|n| (n % 3 % 2, n % 2)).collect();
        let messages = places
            .iter()
            .map(|(conversation, sender)| world.message([one, other][*conversation], [ada, bob][*sender], NOW));
        let outcomes = world.store.store_messages(messages.collect(), NOW).await.unwrap();
        for ((conversation, sender), outcome) in places.into_iter().zip(outcomes) {
            last[conversation] += 1;
            read[conversation][sender] = last[conversation];
            assert!(matches!(outcome, StoreOutcome::Stored(place) if place.sequence == last[conversation]));
        }
        for (at, conversation) in [one, other].into_iter().enumerate() {
            let (messages, head) = world.store.read_messages(conversation, 1, true, 10_000).await.unwrap();
            assert_eq!(head, last[at], "{size}");
            let sequences: Vec<_> = messages.iter().map(|message| message.sequence).collect();
            assert_eq!(sequences, (1..=last[at]).collect::<Vec<_>>(), "{size}");
            for (user, read) in [ada, bob].into_iter().zip(read[at]) {
                assert_eq!(
                    world.view(user, conversation).await.unwrap().read_sequence,
                    read,
                    "{size}"
                );
            }
        }
    }
    world.store.close().await;
}

#[tokio::test]
async fn messages_are_looked_up_never_searched() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    for sql in [
        super::messages::FORWARD,
        super::messages::BACKWARD,
        "SELECT * FROM messages WHERE conversation_id = ?1 AND sequence = ?2",
    ] {
        let plan = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let steps = sqlx::query(plan)
            .bind(1)
            .bind(1)
            .bind(1)
            .fetch_all(&store.readers)
            .await
            .unwrap();
        let steps: Vec<String> = steps.iter().map(|step| step.get(3)).collect();
        let tables = steps
            .iter()
            .filter(|step| step.starts_with("SCAN") && !step.contains("page"));
        assert_eq!(tables.count(), 0, "{steps:#?}");
        assert!(
            steps.iter().any(|step| step.contains("SEARCH p USING PRIMARY KEY")),
            "{steps:#?}"
        );
    }
    store.close().await;
}

#[tokio::test]
async fn sessions_that_ended_before_their_time_was_kept_count_as_just_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = config(folder.path()).folder;
    std::fs::create_dir_all(&path).unwrap();
    let options = SqliteConnectOptions::new()
        .filename(path.join("repo.sqlite"))
        .create_if_missing(true);
    let mut old = options.connect().await.unwrap();
    let first = super::migrations::migrator().iter().take(1).cloned().collect();
    Migrator::with_migrations(first).run(&mut old).await.unwrap();
    let sessions = "INSERT INTO sessions (session_id, user_id, device_id, expires_at_ms, ended) \
                    VALUES (7, 1, 'a', 0, 1), (8, 1, 'b', 0, 0)";
    sqlx::query(sessions).execute(&mut old).await.unwrap();
    old.close().await.unwrap();

    let before = SystemClock::shared().now_ms();
    let store = open(folder.path()).await;
    let since = EndedSession {
        at_ms: before - 1,
        id: 0.into(),
    };
    let ended = store.ended_sessions(since, 10).await.unwrap();
    assert_eq!(ended.items.iter().map(|ended| ended.id).collect::<Vec<_>>(), [7.into()]);
    store.close().await;
}
