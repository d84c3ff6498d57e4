//! Several processes on one database. Each store has connections of its own and knows nothing of the other, as a process of its own would.

use super::*;
use crate::store::{NewMessage, Place};
use im_schema::ids::{ConversationId, UserId};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use sqlx::{Connection, MySqlConnection, Row};
use std::collections::{HashMap, HashSet};

/// Every message is sent to one of the stores, and some to both at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_leave_no_gap_store_nothing_twice_and_keep_the_order() {
    let database = Database::shared().await;
    let stores = [database.open().await, database.open().await];
    let world = World::new(Arc::clone(&stores[0]) as Arc<dyn Store>, 1_000, ());
    let users = world.users(6).await;
    let mut groups = Vec::new();
    for _ in 0..5 {
        groups.push(world.group(users[0], &users).await);
    }
    let senders = users.iter().zip(0..).map(|(sender, seed)| {
        let (world, stores, groups, sender) = (world.clone(), stores.clone(), groups.clone(), *sender);
        tokio::spawn(async move { send(&world, &stores, &groups, sender, seed).await })
    });
    let mut places: HashMap<ConversationId, Vec<(u64, UserId, u64)>> = HashMap::new();
    for sender in senders.collect::<Vec<_>>() {
        for (message, place) in sender.await.unwrap() {
            let sent = (place.sequence, message.sender, message.id.into());
            places.entry(message.conversation).or_default().push(sent);
        }
    }
    for (group, mut expected) in places {
        expected.sort_unstable();
        let (messages, last) = world.store.read_messages(group, 0, true, 100_000).await.unwrap();
        assert_eq!(last, messages.len() as u64);
        assert!(
            messages.iter().map(|message| message.sequence).eq(1..=last),
            "a gap in {group:?}"
        );
        assert!(
            messages
                .iter()
                .map(|message| message.sequence)
                .eq(expected.iter().map(|(sequence, ..)| *sequence)),
            "what was said to be stored is what is there"
        );
        let client_ids: HashSet<_> = messages.iter().map(|message| message.client_id).collect();
        assert_eq!(client_ids.len(), messages.len(), "a message is there twice");
        for user in &users {
            let own = messages.iter().filter(|message| message.sender == *user);
            assert!(
                own.map(|message| &message.content).is_sorted(),
                "a sender's order is kept"
            );
        }
    }
    for store in stores {
        store.close().await;
    }
}

/// Batches of one sender, one after the other; each message with its place.
async fn send(
    world: &World,
    stores: &[Arc<MysqlStore>; 2],
    groups: &[ConversationId],
    sender: UserId,
    seed: u64,
) -> Vec<(NewMessage, Place)> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut sent = Vec::new();
    for batch in 0..40 {
        let mut order = groups.to_vec();
        order.shuffle(&mut random);
        let messages = (0..random.random_range(1..40)).map(|n| NewMessage {
            content: format!("{batch:04} {n:04}").into_bytes(),
            verify: true,
            ..world.message(order[n % order.len()], sender, NOW)
        });
        let messages: Vec<_> = messages.collect();
        let again = messages.iter().map(|message| NewMessage {
            id: world.id().into(),
            ..message.clone()
        });
        let again: Vec<_> = again.collect();
        let which = random.random_range(0..2);
        let first = stores[which].store_messages(messages.clone(), NOW).await;
        let outcomes = if batch % 4 == 0 {
            let race = tokio::join!(
                stores[1 - which].store_messages(again.clone(), NOW),
                stores[which].store_messages(again, NOW)
            );
            let places = |outcomes: Vec<StoreOutcome>| outcomes.into_iter().map(place_of).collect::<Vec<_>>();
            let first = places(first.unwrap());
            assert_eq!(first, places(race.0.unwrap()));
            assert_eq!(first, places(race.1.unwrap()));
            first
        } else {
            first.unwrap().into_iter().map(stored).collect()
        };
        sent.extend(messages.into_iter().zip(outcomes));
    }
    sent
}

fn place_of(outcome: StoreOutcome) -> Place {
    match outcome {
        StoreOutcome::Stored(place) | StoreOutcome::Duplicate(place) => place,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_send_the_same_at_once_one_stores() {
    let database = Database::shared().await;
    let stores = [database.open().await, database.open().await];
    let world = World::new(Arc::clone(&stores[0]) as Arc<dyn Store>, 1_000, ());
    let ada = world.user().await;
    let group = world.group(ada, &[]).await;
    for _ in 0..50 {
        let mut messages = [world.message(group, ada, NOW), world.message(group, ada, NOW)];
        messages[1].client_id = messages[0].client_id;
        messages[1].content = messages[0].content.clone();
        let [first, second] = messages;
        let outcomes = tokio::join!(
            stores[0].store_messages(vec![first], NOW),
            stores[1].store_messages(vec![second], NOW)
        );
        let outcomes = [outcomes.0.unwrap()[0], outcomes.1.unwrap()[0]];
        assert_eq!(place_of(outcomes[0]), place_of(outcomes[1]));
        let new = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, StoreOutcome::Stored(_)));
        assert_eq!(new.count(), 1, "{outcomes:?}");
    }
    assert_eq!(world.view(ada, group).await.unwrap().last_sequence, 50);
    for store in stores {
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_the_server_gives_up_for_another_one_is_begun_anew() {
    let database = Database::shared().await;
    let world = World::new(database.open().await, 1_000, ());
    let ada = world.user().await;
    let (first, second) = (world.group(ada, &[]).await, world.group(ada, &[]).await);
    let mut other = database.connect().await;
    let mut transaction = other.begin().await.unwrap();
    let lock = "UPDATE heads SET last_at_ms = last_at_ms + 1 WHERE conversation_id = ?";
    // more work than the store's has: the server gives up whoever has less to undo
    sqlx::query("UPDATE members SET joined_at_ms = joined_at_ms + 1")
        .execute(&mut *transaction)
        .await
        .unwrap();
    sqlx::query(lock)
        .bind(u64::from(second))
        .execute(&mut *transaction)
        .await
        .unwrap();

    let messages = [first, second].map(|group| world.message(group, ada, NOW));
    let store = Arc::clone(&world.store);
    let storing = tokio::spawn(async move { store.store_messages(messages.to_vec(), NOW).await });
    // it has the first row and waits for the second
    let mut watching = database.connect().await;
    let waiting = "SELECT count(*) FROM information_schema.innodb_lock_waits";
    loop {
        let waits = sqlx::query(waiting).fetch_one(&mut watching).await.unwrap();
        if waits.get::<i64, _>(0) > 0 {
            break;
        }
    }
    // and now they wait in a circle
    sqlx::query(lock)
        .bind(u64::from(first))
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    for outcome in storing.await.unwrap().unwrap() {
        assert_eq!(stored(outcome).sequence, 1);
    }
    world.store.close().await;
}

/// As another process does that stores into the conversation.
async fn lock_head(db: &mut MySqlConnection, conversation: ConversationId) {
    sqlx::query("SELECT * FROM heads WHERE conversation_id = ? FOR UPDATE")
        .bind(u64::from(conversation))
        .execute(db)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_locked_for_long_is_waited_for() {
    let mut database = Database::shared().await;
    database.options.lock_timeout = Duration::from_secs(1);
    let world = World::new(database.open().await, 1_000, ());
    let ada = world.user().await;
    let group = world.group(ada, &[]).await;
    let mut other = database.connect().await;
    let mut transaction = other.begin().await.unwrap();
    lock_head(&mut transaction, group).await;
    let message = world.message(group, ada, NOW);
    let store = Arc::clone(&world.store);
    let storing = tokio::spawn(async move { store.store_messages(vec![message], NOW).await });
    // longer than one statement waits
    sqlx::query("DO SLEEP(1.5)").execute(&mut *transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(stored(storing.await.unwrap().unwrap()[0]).sequence, 1);
    world.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_answer_in_time_is_unavailable() {
    let mut database = Database::shared().await;
    database.options.call_timeout = Duration::from_millis(200);
    let world = World::new(database.open().await, 1_000, ());
    let ada = world.user().await;
    let group = world.group(ada, &[]).await;
    let mut other = database.connect().await;
    let mut transaction = other.begin().await.unwrap();
    lock_head(&mut transaction, group).await;
    for _ in 0..10 {
        let message = world.message(group, ada, NOW);
        let late = world.store.store_messages(vec![message], NOW).await.unwrap_err();
        assert!(matches!(late, StoreError::Unavailable(_)), "{late:?}");
    }
    transaction.rollback().await.unwrap();
    assert_eq!(world.say(group, ada, NOW).await.sequence, 1);
    world.store.close().await;
}
