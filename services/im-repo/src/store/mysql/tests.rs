mod carry;
mod faults;
mod many;
mod migrating;
mod plans;
mod replica;

use super::MysqlStore;
use super::database::Database;
use crate::store::{
    MessageStore as _, Store, StoreError, StoreOutcome,
    conformance::{NOW, World, stored},
};
use std::{sync::Arc, time::Duration};

/// A world on a database of its own, which goes with it.
async fn world() -> World {
    let database = Database::shared().await;
    let store = database.open().await;
    World::new(store, 1_000, database)
}

mod conformance {
    use super::*;

    crate::conformance_tests!(world().await);
}

#[tokio::test]
async fn what_was_stored_before_is_found_even_if_nobody_asks() {
    let world = world().await;
    let (ada, bob) = (world.user().await, world.user().await);
    let direct = world.direct(ada, bob).await;
    let first = world.message(direct, ada, NOW);
    let place = stored(world.store.store_messages(vec![first.clone()], NOW).await.unwrap()[0]);
    let mut changed = first.clone();
    changed.content = b"changed".to_vec();
    for (mut again, expected) in [
        (first, StoreOutcome::Duplicate(place)),
        (changed, StoreOutcome::Conflict(place)),
    ] {
        again.id = world.id().into();
        assert!(!again.verify);
        let beside = world.message(direct, bob, NOW);
        let outcomes = world.store.store_messages(vec![beside, again], NOW).await.unwrap();
        assert!(matches!(outcomes[0], StoreOutcome::Stored(_)));
        assert_eq!(outcomes[1], expected);
    }
    let (messages, last) = world.store.read_messages(direct, 0, true, 10).await.unwrap();
    assert!(messages.iter().map(|message| message.sequence).eq(1..=3));
    assert_eq!(last, 3);
    world.store.close().await;
}

#[tokio::test]
async fn large_messages_go_in_several_statements() {
    let world = world().await;
    let ada = world.user().await;
    let group = world.group(ada, &[]).await;
    let messages = (0..40).map(|n| {
        let mut message = world.message(group, ada, NOW);
        message.content = vec![n; 1 << 20];
        message
    });
    world.store.store_messages(messages.collect(), NOW).await.unwrap();
    let (messages, _) = world.store.read_messages(group, 0, true, 100).await.unwrap();
    assert_eq!(messages.len(), 40);
    assert!(
        messages
            .iter()
            .zip(0..)
            .all(|(message, n)| message.content == vec![n; 1 << 20])
    );
    world.store.close().await;
}

#[tokio::test]
async fn ids_of_63_bits_survive_lists() {
    let database = Database::shared().await;
    let world = World::new(database.open().await, (1 << 63) - 1_000, database);
    let users = world.users(3).await;
    let group = world.group(users[0], &users).await;
    world.say(group, users[1], NOW).await;
    let roster = world.store.rosters(&[group], 10).await.unwrap().pop().unwrap();
    assert!(roster.members.iter().map(|(user, _)| *user).eq(users.iter().copied()));
    assert_eq!(world.view(users[1], group).await.unwrap().read_sequence, 1);
    assert_eq!(world.store.find_users(&users, &[]).await.unwrap().len(), 3);
    world.store.close().await;
}

#[tokio::test]
async fn a_closed_store_refuses() {
    let world = world().await;
    let ada = world.user().await;
    let group = world.group(ada, &[]).await;
    world.store.health().await.unwrap();
    world.store.close().await;
    world.store.close().await;
    let message = world.message(group, ada, NOW);
    let refused = [
        world.store.store_messages(vec![message], NOW).await.unwrap_err(),
        world.store.read_messages(group, 0, true, 1).await.unwrap_err(),
        world.store.health().await.unwrap_err(),
    ];
    assert!(
        refused.iter().all(|error| matches!(error, StoreError::Closed)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_value_that_does_not_fit_is_refused_and_not_cut() {
    let world = world().await;
    let group = world.group(world.user().await, &[]).await;
    let refused = world.store.set_title(group, &"long ".repeat(100)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Constraint(_)), "{refused:?}");
    world.store.close().await;
}

/// Returns when `holds` gives true; fails when that takes longer than anything here should.
async fn until<F: Future<Output = bool>>(mut holds: impl FnMut() -> F) {
    let patience = tokio::time::timeout(Duration::from_secs(60), async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    });
    patience.await.expect("it becomes true");
}
