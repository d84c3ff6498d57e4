//! Messages: sequences, duplicates, history.

use super::{NOW, World, client_id, stored};
use crate::store::{NewMessage, StoreOutcome};
use im_schema::ids::ConversationId;
use std::collections::HashMap;

async fn pair(world: &World) -> (ConversationId, im_schema::ids::UserId, im_schema::ids::UserId) {
    let (ada, bob) = (world.user().await, world.user().await);
    (world.direct(ada, bob).await, ada, bob)
}

async fn store_one(world: &World, message: &NewMessage, now_ms: u64) -> StoreOutcome {
    world.store.store_messages(vec![message.clone()], now_ms).await.unwrap()[0]
}

fn verified(message: &NewMessage) -> NewMessage {
    NewMessage {
        verify: true,
        ..message.clone()
    }
}

/// 1, 2, 3, … over several requests, and what is read is what was stored.
pub async fn sequences_follow_the_request(world: &World) {
    let (direct, ada, bob) = pair(world).await;
    let mut all = Vec::new();
    for at in [NOW, NOW + 1] {
        let messages: Vec<_> = (0..700).map(|n| world.message(direct, [ada, bob][n % 2], at)).collect();
        for (outcome, message) in world
            .store
            .store_messages(messages.clone(), at)
            .await
            .unwrap()
            .iter()
            .zip(&messages)
        {
            let place = stored(*outcome);
            assert_eq!((place.id, place.sent_at_ms), (message.id, at));
            all.push((place, message.clone()));
        }
    }
    assert!(all.iter().map(|(place, _)| place.sequence).eq(1..=1400));
    let (read, last_sequence) = world.store.read_messages(direct, 0, true, 2000).await.unwrap();
    assert_eq!((read.len(), last_sequence), (1400, 1400));
    for (record, (place, message)) in read.iter().zip(&all) {
        assert_eq!(
            (record.id, record.sequence, record.sent_at_ms),
            (place.id, place.sequence, place.sent_at_ms)
        );
        assert_eq!((record.conversation, record.sender), (direct, message.sender));
        assert_eq!(
            (&record.client_id, &record.content),
            (&message.client_id, &message.content)
        );
    }
}

/// Mixed in one request.
pub async fn conversations_count_for_themselves(world: &World) {
    let users = world.users(4).await;
    let mut conversations = Vec::new();
    for n in 1..4 {
        conversations.push(world.direct(users[0], users[n]).await);
    }
    let messages: Vec<_> = (0..100)
        .map(|n| world.message(conversations[n * n % 3], users[0], NOW))
        .collect();
    let mut next: HashMap<ConversationId, u64> = HashMap::new();
    for (outcome, message) in world
        .store
        .store_messages(messages.clone(), NOW)
        .await
        .unwrap()
        .iter()
        .zip(&messages)
    {
        let next = next.entry(message.conversation).or_default();
        *next += 1;
        assert_eq!(stored(*outcome).sequence, *next);
    }
}

/// Up to the own message; the others have it unread.
pub async fn sending_reads(world: &World) {
    let (direct, ada, bob) = pair(world).await;
    let messages = [ada, ada, bob, ada].map(|sender| world.message(direct, sender, NOW));
    world.store.store_messages(messages.to_vec(), NOW).await.unwrap();
    assert_eq!(world.view(ada, direct).await.unwrap().read_sequence, 4);
    assert_eq!(world.view(bob, direct).await.unwrap().read_sequence, 3);
}

/// The rest of the request is stored.
pub async fn a_missing_conversation_fails_alone(world: &World) {
    let (direct, ada, _) = pair(world).await;
    let messages = [direct, 1.into(), direct].map(|conversation| world.message(conversation, ada, NOW));
    let outcomes = world.store.store_messages(messages.to_vec(), NOW).await.unwrap();
    assert_eq!(outcomes[1], StoreOutcome::NoConversation);
    assert_eq!((stored(outcomes[0]).sequence, stored(outcomes[2]).sequence), (1, 2));
}

/// It has no outcomes.
pub async fn an_empty_request_is_fine(world: &World) {
    assert!(world.store.store_messages(Vec::new(), NOW).await.unwrap().is_empty());
}

/// Without being asked to look.
pub async fn twins_in_a_batch_are_found(world: &World) {
    let (direct, ada, bob) = pair(world).await;
    let first = world.message(direct, ada, NOW);
    let twin = NewMessage {
        id: world.id().into(),
        ..first.clone()
    };
    let other = NewMessage {
        id: world.id().into(),
        content: b"other".to_vec(),
        ..first.clone()
    };
    let elsewhere = NewMessage {
        id: world.id().into(),
        sender: bob,
        ..first.clone()
    };
    let batch = vec![first, twin, other, elsewhere];
    let outcomes = world.store.store_messages(batch, NOW).await.unwrap();
    let place = stored(outcomes[0]);
    assert_eq!(
        outcomes[1..3],
        [StoreOutcome::Duplicate(place), StoreOutcome::Conflict(place)]
    );
    assert_eq!(stored(outcomes[3]).sequence, 2);
}

/// However much was said since, and again and again.
pub async fn a_stored_message_is_found_again(world: &World) {
    let (direct, ada, bob) = pair(world).await;
    let before: Vec<_> = (0..1500).map(|_| world.message(direct, bob, NOW)).collect();
    world.store.store_messages(before.clone(), NOW).await.unwrap();
    let message = world.message(direct, ada, NOW);
    let place = stored(store_one(world, &message, NOW).await);
    for n in 0..3 {
        let new = verified(&world.message(direct, bob, NOW + n));
        assert!(matches!(store_one(world, &new, NOW + n).await, StoreOutcome::Stored(_)));
        for at in [NOW, NOW + 3_600_000] {
            assert_eq!(
                store_one(world, &verified(&message), at).await,
                StoreOutcome::Duplicate(place)
            );
            assert_eq!(
                store_one(world, &verified(&new), at).await,
                StoreOutcome::Duplicate(stored_place(world, &new).await)
            );
        }
    }
    let again: Vec<_> = before.iter().map(verified).collect();
    let outcomes = world.store.store_messages(again, NOW + 9).await.unwrap();
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, StoreOutcome::Duplicate(_)))
    );
    assert_eq!(world.view(ada, direct).await.unwrap().last_sequence, 1504);
}

async fn stored_place(world: &World, message: &NewMessage) -> crate::store::Place {
    let (messages, _) = world
        .store
        .read_messages(message.conversation, 0, true, 10_000)
        .await
        .unwrap();
    let found = messages
        .iter()
        .find(|stored| stored.client_id == message.client_id)
        .unwrap();
    crate::store::Place {
        id: found.id,
        sequence: found.sequence,
        sent_at_ms: found.sent_at_ms,
    }
}

/// And changes nothing.
pub async fn a_changed_message_is_a_conflict(world: &World) {
    let (direct, ada, _) = pair(world).await;
    let message = world.message(direct, ada, NOW);
    let place = stored(store_one(world, &message, NOW).await);
    let changed = NewMessage {
        content: b"changed".to_vec(),
        ..verified(&message)
    };
    assert_eq!(store_one(world, &changed, NOW + 1).await, StoreOutcome::Conflict(place));
    let (messages, last_sequence) = world.store.read_messages(direct, 0, false, 5).await.unwrap();
    assert_eq!(
        (messages.len(), last_sequence, &messages[0].content),
        (1, 1, &message.content)
    );
}

/// As may the same one elsewhere.
pub async fn another_sender_may_use_the_same_id(world: &World) {
    let (direct, ada, bob) = pair(world).await;
    let message = world.message(direct, ada, NOW);
    store_one(world, &message, NOW).await;
    let theirs = NewMessage {
        id: world.id().into(),
        sender: bob,
        ..verified(&message)
    };
    assert_eq!(stored(store_one(world, &theirs, NOW).await).sequence, 2);
    let other = world.group(ada, &[]).await;
    let elsewhere = NewMessage {
        id: world.id().into(),
        conversation: other,
        ..verified(&message)
    };
    assert_eq!(stored(store_one(world, &elsewhere, NOW).await).sequence, 1);
}

/// A minute: what was stored a minute before it was made, by its id, is found.
pub async fn a_client_clock_may_be_ahead(world: &World) {
    let (direct, ada, bob) = pair(world).await;
    for n in 0..10 {
        world.say(direct, bob, NOW - 400_000 + n).await;
    }
    let mut message = world.message(direct, ada, NOW);
    message.client_id = client_id(NOW + 60_000, world.id());
    let place = stored(store_one(world, &message, NOW).await);
    for n in 0..10 {
        world.say(direct, bob, NOW + 60_000 + n).await;
    }
    assert_eq!(
        store_one(world, &verified(&message), NOW + 90_000).await,
        StoreOutcome::Duplicate(place)
    );
}

/// From any sequence, to either end, as far as asked for.
pub async fn history_reads_both_ways(world: &World) {
    let (direct, ada, _) = pair(world).await;
    let read = async |from, forward, limit| {
        let (messages, last) = world.store.read_messages(direct, from, forward, limit).await.unwrap();
        (
            messages.iter().map(|message| message.sequence).collect::<Vec<_>>(),
            last,
        )
    };
    assert_eq!(read(0, true, 5).await, (vec![], 0));
    let messages: Vec<_> = (0..10).map(|_| world.message(direct, ada, NOW)).collect();
    world.store.store_messages(messages, NOW).await.unwrap();
    assert_eq!(read(0, false, 3).await, (vec![10, 9, 8], 10));
    assert_eq!(read(7, false, 3).await, (vec![7, 6, 5], 10));
    assert_eq!(read(2, false, 3).await, (vec![2, 1], 10));
    assert_eq!(read(0, true, 3).await, (vec![1, 2, 3], 10));
    assert_eq!(read(9, true, 3).await, (vec![9, 10], 10));
    assert_eq!(read(11, true, 3).await, (vec![], 10));
    assert_eq!(read(u64::MAX, false, 1).await, (vec![10], 10));
    assert_eq!(read(5, true, 0).await, (vec![], 10));
    assert_eq!(
        world.store.read_messages(1.into(), 0, true, 5).await.unwrap(),
        (vec![], 0)
    );
}

/// Everyone's messages in their own order.
pub async fn racing_senders_leave_no_gap(world: &World) {
    let users = world.users(6).await;
    let group = world.group(users[0], &users).await;
    let senders = users.iter().map(|sender| async move {
        let mut sequences = Vec::new();
        for n in 0..20 {
            let messages: Vec<_> = (0..n % 4).map(|_| world.message(group, *sender, NOW)).collect();
            let outcomes = world.store.store_messages(messages, NOW).await.unwrap();
            sequences.extend(outcomes.into_iter().map(|outcome| stored(outcome).sequence));
        }
        assert!(sequences.is_sorted());
        sequences
    });
    let mut all: Vec<u64> = futures::future::join_all(senders).await.concat();
    all.sort_unstable();
    assert!(all.iter().copied().eq(1..=180));
}

/// A message id that is taken is a fault of its caller; requests beside it do not suffer.
pub async fn a_faulty_request_fails_alone(world: &World) {
    let (direct, ada, bob) = pair(world).await;
    let taken = world.say(direct, ada, NOW).await;
    let requests = (0..12).map(|n| {
        let mut message = world.message(direct, bob, NOW);
        if n % 4 == 3 {
            message.id = taken.id;
        }
        async move { world.store.store_messages(vec![message], NOW).await }
    });
    let answers = futures::future::join_all(requests).await;
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_err(), n % 4 == 3, "request {n}: {answer:?}");
    }
    let (messages, last_sequence) = world.store.read_messages(direct, 0, true, 100).await.unwrap();
    assert!(messages.iter().map(|message| message.sequence).eq(1..=10));
    assert_eq!(
        (last_sequence, world.view(bob, direct).await.unwrap().read_sequence),
        (10, 10)
    );
}

/// Heads of many conversations at once; those that are no conversations are left out.
pub async fn heads_say_how_far_conversations_have_come(world: &World) {
    let (direct, ada, bob) = pair(world).await;
    let silent = world.group(ada, &[bob]).await;
    world.say(direct, ada, NOW + 1).await;
    let last = world.say(direct, bob, NOW + 2).await;
    let heads = world.store.read_heads(&[silent, direct, 1.into()]).await.unwrap();
    assert_eq!(heads.len(), 2, "{heads:?}");
    let head = |of| heads.iter().find(|head| head.conversation == of).expect("it exists");
    assert_eq!(
        (head(direct).last_sequence, head(direct).last_at_ms),
        (2, last.sent_at_ms)
    );
    assert_eq!(head(silent).last_sequence, 0);
    assert!(world.store.read_heads(&[]).await.unwrap().is_empty());
}
