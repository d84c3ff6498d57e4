//! The data of a SQLite store in a database of a real server.

use super::*;
use crate::{
    RepoConfig,
    store::{
        NewSession, Rotation,
        mysql::carry::{Carrier, CarryError, Compared},
        sqlite::SqliteStore,
    },
};
use im_infra::clock::SystemClock;
use sqlx::Executor as _;
use std::path::Path;

fn config(folder: &Path) -> RepoConfig {
    RepoConfig {
        folder: folder.to_owned(),
        ..RepoConfig::default()
    }
}

/// A folder with some of everything.
async fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&config(folder.path()), SystemClock::shared())
        .await
        .unwrap();
    let world = World::new(Arc::new(store), 1_000, ());
    let (ada, bob, eve) = (world.user().await, world.user().await, world.user().await);
    let (direct, group) = (world.direct(ada, bob).await, world.group(ada, &[bob, eve]).await);
    let mut messages = Vec::new();
    for at in 0..40 {
        messages.push(world.message(if at % 3 == 0 { direct } else { group }, ada, NOW + at));
    }
    world.store.store_messages(messages, NOW).await.unwrap();
    world.store.advance_read(group, eve, 7).await.unwrap();
    for (id, device) in [(1_u64, "laptop"), (2, "phone"), (3, "laptop")] {
        let session = NewSession {
            id: id.into(),
            user: ada,
            device: device.into(),
            refresh_hash: [id as u8; 32],
            expires_at_ms: NOW * 2,
        };
        world.store.open_session(session, NOW + id).await.unwrap();
    }
    let rotation = Rotation {
        old_hash: [2; 32],
        new_hash: [9; 32],
        now_ms: NOW,
        expires_at_ms: NOW * 2,
    };
    world.store.rotate_session(rotation).await.unwrap();
    world.store.close().await;
    folder
}

async fn opened(folder: &tempfile::TempDir, database: &Database) -> Result<Carrier, CarryError> {
    Carrier::open(&config(folder.path()), &database.options, SystemClock::shared()).await
}

#[tokio::test]
async fn everything_arrives_and_what_differs_is_told() {
    let (folder, database) = (folder().await, Database::shared().await);
    let mut carrier = opened(&folder, &database).await.unwrap();
    let mut told = Vec::new();
    carrier.carry(7, |progress| told.push(progress)).await.unwrap();
    let messages: Vec<u64> = told
        .iter()
        .filter(|progress| progress.table == "messages")
        .map(|progress| progress.carried)
        .collect();
    assert_eq!(messages, [0, 7, 14, 21, 28, 35, 40]);
    let compared = carrier.compare().await.unwrap();
    for found in &compared {
        assert!(found.is_equal() && found.source.rows > 0, "{found:?}");
    }

    let mut db = database.connect().await;
    for harm in [
        "DELETE FROM messages WHERE message_id = (SELECT id FROM (SELECT MIN(message_id) id FROM messages) least)",
        "UPDATE members SET read_sequence = read_sequence + 1 WHERE user_id = 1002",
        "INSERT INTO conversations VALUES (5, 2, '', NULL, NULL, 1, 1)",
    ] {
        db.execute(harm).await.unwrap();
    }
    for found in carrier.compare().await.unwrap() {
        let differing = u64::from(["messages", "members", "conversations"].contains(&found.table));
        assert_eq!(found.differing, differing, "{found:?}");
        assert_eq!(found.is_equal(), differing == 0, "{found:?}");
        assert_eq!(found.first.len() as u64, differing, "{found:?}");
    }
    carrier.close().await;
}

#[tokio::test]
async fn what_was_interrupted_goes_on_and_only_from_the_same_folder() {
    let (folder, database) = (folder().await, Database::shared().await);
    let mut carrier = opened(&folder, &database).await.unwrap();
    let carrying = carrier.carry(1, |progress| {
        assert!(progress.table != "messages" || progress.carried < 9, "interrupted");
    });
    let interrupted = futures::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(carrying)).await;
    assert!(interrupted.is_err());
    carrier.close().await;

    let mut carrier = opened(&folder, &database).await.unwrap();
    let progress = carrier.progress().await.unwrap();
    let of = |table| progress.iter().find(|progress| progress.table == table).unwrap();
    assert_eq!(
        (of("users").carried, of("messages").carried, of("heads").carried),
        (3, 9, 0)
    );
    let mut first = None;
    carrier
        .carry(1, |progress| {
            if progress.table == "messages" {
                first.get_or_insert(progress.carried);
            }
        })
        .await
        .unwrap();
    assert_eq!(first, Some(9));
    assert!(carrier.compare().await.unwrap().iter().all(Compared::is_equal));
    carrier.close().await;

    let store = SqliteStore::open(&config(folder.path()), SystemClock::shared())
        .await
        .unwrap();
    World::new(Arc::new(store), 9_000, ()).user().await;
    let changed = opened(&folder, &database).await.err();
    assert!(
        matches!(
            changed,
            Some(CarryError::Changed {
                table: "users",
                then: 3,
                now: 4
            })
        ),
        "{changed:?}"
    );
}

#[tokio::test]
async fn a_database_in_use_is_no_target_and_no_folder_no_source() {
    let (folder, database) = (folder().await, Database::shared().await);
    let store = database.open().await;
    World::new(store, 50, ()).user().await;
    let refused = opened(&folder, &database).await.err();
    assert!(matches!(refused, Some(CarryError::NotEmpty("users"))), "{refused:?}");
    let nothing = tempfile::tempdir().unwrap();
    let refused = opened(&nothing, &database).await.err();
    assert!(matches!(refused, Some(CarryError::NoSource(_))), "{refused:?}");
    assert!(!nothing.path().join("repo.sqlite").exists(), "looking made a database");
}
