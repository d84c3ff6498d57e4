//! From accepted to stored and told, with everything that can come between.

use crate::world::{User, World, text_of};
use im_schema::{
    internal::v1::{ReadMessagesRequest, downstream::Event},
    parlance::Reason,
    rpc::Context,
    services::MessageRepoClient,
    v1::{LeaveGroupRequest, ListDirection, ListMessagesRequest, MarkReadRequest},
};
use std::sync::Arc;

#[tokio::test]
async fn a_message_is_stored_and_told_to_all_members_who_are_online() {
    let world = World::new().await;
    let (ada, bob) = (world.user_named("ada").await, world.user_named("bob").await);
    let chat = world.direct(&ada, &bob).await;
    world.online(&bob).await;
    let stored = world.sends(&ada, chat, "hi").await.unwrap();
    assert_eq!(
        (stored.sequence, stored.sender_id, text_of(&stored)),
        (1, ada.id.0, "hi")
    );
    let told = world.gateway.messages(1).await;
    assert_eq!(told, [(vec![bob.id.0], stored.clone())]);
    assert_eq!(world.history(&bob, chat).await, [stored]);
}

#[tokio::test]
async fn two_racing_senders_get_one_gapless_order_that_everybody_sees() {
    let world = World::new().await;
    let (ada, bob) = (world.user_named("ada").await, world.user_named("bob").await);
    let chat = world.direct(&ada, &bob).await;
    world.online(&ada).await;
    world.online(&bob).await;
    let burst = |user: &User| {
        (0..300)
            .map(|number| world.upstream(user, chat, &number.to_string(), 1))
            .collect::<Vec<_>>()
    };
    let (of_ada, of_bob) = (burst(&ada), burst(&bob));
    for (one, other) in of_ada.chunks(7).zip(of_bob.chunks(7)) {
        tokio::join!(world.accepts(one.to_vec()), world.accepts(other.to_vec()));
    }
    let told = world.gateway.messages(600).await;
    let sequences: Vec<u64> = told.iter().map(|(_, message)| message.sequence).collect();
    assert_eq!(sequences, (1..=600).collect::<Vec<_>>());
    for sender in [&ada, &bob] {
        let own = told
            .iter()
            .filter(|(_, message)| message.sender_id == sender.id.0)
            .map(|(_, message)| text_of(message));
        assert!(
            own.eq((0..300).map(|number| number.to_string())),
            "a sender's own order is kept"
        );
    }
    let history = world.history(&ada, chat).await;
    assert!(history.iter().eq(told.iter().map(|(_, message)| message)));
}

#[tokio::test]
async fn the_same_id_twice_is_one_message_and_with_another_text_a_conflict() {
    let world = World::new().await;
    let (ada, bob) = (world.user_named("ada").await, world.user_named("bob").await);
    let chat = world.direct(&ada, &bob).await;
    let id = uuid::Uuid::now_v7();
    let first = world.sends_as(&ada, chat, "hi", id).await.unwrap().message.unwrap();
    let second = world.sends_as(&ada, chat, "hi", id).await.unwrap().message.unwrap();
    assert_eq!(first, second);
    let conflict = world.sends_as(&ada, chat, "bye", id).await.unwrap_err();
    assert_eq!(conflict.reason(), Reason::ConflictingDuplicate);
    let of_bob = world.sends_as(&bob, chat, "bye", id).await.unwrap().message.unwrap();
    assert_eq!(of_bob.sequence, 2, "the id of another sender is another message");
    assert_eq!(world.history(&ada, chat).await.len(), 2);
}

#[tokio::test]
async fn ids_from_another_time_are_refused() {
    let world = World::new().await;
    let (ada, bob) = (world.user_named("ada").await, world.user_named("bob").await);
    let chat = world.direct(&ada, &bob).await;
    let at = |seconds: u64| uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, 0));
    let now = world.sends(&ada, chat, "hi").await.unwrap().sent_at.unwrap().millis() / 1_000;
    for (seconds, fits) in [
        (now + 120, false),
        (now + 50, true),
        (now - 29 * 86_400, true),
        (now - 31 * 86_400, false),
    ] {
        let answer = world.sends_as(&ada, chat, "hi", at(seconds)).await;
        let reason = answer
            .map_err(|failure| failure.reason())
            .map(|answer| answer.message.is_some());
        assert_eq!(
            reason,
            if fits {
                Ok(true)
            } else {
                Err(Reason::MessageIdOutOfTime)
            }
        );
    }
}

#[tokio::test]
async fn only_members_send_and_read_and_membership_holds_at_once() {
    let world = World::new().await;
    let (ada, bob, eve) = (
        world.user_named("ada").await,
        world.user_named("bob").await,
        world.user_named("eve").await,
    );
    let group = world.group(&ada, &[&bob]).await;
    world.sends(&ada, group, "the roster is known now").await.unwrap();
    assert_eq!(
        world.sends(&eve, group, "hi").await.unwrap_err().reason(),
        Reason::NotAMember
    );
    assert_eq!(
        world.sends(&eve, 12345, "hi").await.unwrap_err().reason(),
        Reason::NotAMember
    );
    let read = ListMessagesRequest {
        conversation_id: group,
        ..ListMessagesRequest::default()
    };
    let refused = world
        .api
        .messages
        .list_messages(eve.context.clone(), read)
        .await
        .unwrap_err();
    assert_eq!(refused.reason(), Reason::NotAMember);
    let add = im_schema::v1::AddMembersRequest {
        conversation_id: group,
        user_ids: vec![eve.id.0],
        ..Default::default()
    };
    world
        .api
        .conversations
        .add_members(ada.context.clone(), add)
        .await
        .unwrap();
    world.sends(&eve, group, "here I am").await.unwrap();
    world
        .api
        .conversations
        .leave_group(
            bob.context.clone(),
            LeaveGroupRequest {
                conversation_id: group,
                ..Default::default()
            },
        )
        .await
        .unwrap();
    assert_eq!(
        world.sends(&bob, group, "wait").await.unwrap_err().reason(),
        Reason::NotAMember
    );
}

#[tokio::test]
async fn a_refusal_after_acceptance_is_told_to_the_connection() {
    let world = World::new().await;
    let (ada, bob, eve) = (
        world.user_named("ada").await,
        world.user_named("bob").await,
        world.user_named("eve").await,
    );
    let chat = world.direct(&ada, &bob).await;
    world.accepts(vec![world.upstream(&eve, chat, "let me in", 42)]).await;
    let (connection, reason) = world
        .gateway
        .hears(|heard| {
            heard.iter().find_map(|downstream| match &downstream.event {
                Some(Event::Rejection(rejection)) => {
                    let reason = rejection.rejected.as_ref()?.problem.as_ref()?.reason.clone();
                    Some((rejection.origin.as_ref()?.connection_id, reason))
                }
                _ => None,
            })
        })
        .await;
    assert_eq!((connection, reason.as_str()), (42, "NOT_A_MEMBER"));
}

#[tokio::test]
async fn history_is_read_in_pages_both_ways() {
    let world = World::new().await;
    let (ada, bob) = (world.user_named("ada").await, world.user_named("bob").await);
    let chat = world.direct(&ada, &bob).await;
    for number in 1..=7 {
        world.sends(&ada, chat, &number.to_string()).await.unwrap();
    }
    let page = |from_sequence: u64, direction: ListDirection| {
        let request = ListMessagesRequest {
            conversation_id: chat,
            from_sequence,
            direction: direction as i32,
            limit: 3,
            ..Default::default()
        };
        let page = world.api.messages.list_messages(bob.context.clone(), request);
        async {
            let page = page.await.unwrap();
            (
                page.messages.iter().map(|message| message.sequence).collect::<Vec<_>>(),
                page.next_sequence,
            )
        }
    };
    assert_eq!(page(0, ListDirection::Forward).await, (vec![1, 2, 3], 4));
    assert_eq!(page(7, ListDirection::Forward).await, (vec![7], 0));
    assert_eq!(page(0, ListDirection::Backward).await, (vec![7, 6, 5], 4));
    assert_eq!(page(1, ListDirection::Unspecified).await, (vec![1], 0));
    assert_eq!(page(100, ListDirection::Forward).await, (vec![], 0));
}

#[tokio::test]
async fn reading_is_told_to_the_own_devices_and_unread_is_exact() {
    let world = World::new().await;
    let (ada, bob) = (world.user_named("ada").await, world.user_named("bob").await);
    let chat = world.direct(&ada, &bob).await;
    world.online(&bob).await;
    for number in 1..=5 {
        world.sends(&ada, chat, &number.to_string()).await.unwrap();
    }
    let read = |sequence: u64| {
        let request = MarkReadRequest {
            conversation_id: chat,
            sequence,
            ..Default::default()
        };
        let answer = world.api.messages.mark_read(bob.context.clone(), request);
        async {
            answer
                .await
                .map(|answer| (answer.read_sequence, answer.unread_count))
                .unwrap()
        }
    };
    assert_eq!(read(3).await, (3, 2));
    assert_eq!(read(1).await, (3, 2), "it never moves back");
    assert_eq!(read(99).await, (5, 0));
    let moved = world
        .gateway
        .hears(|heard| {
            let moved = heard.iter().filter_map(|downstream| match &downstream.event {
                Some(Event::ReadMoved(moved)) => Some((downstream.recipients.clone(), moved.read_sequence)),
                _ => None,
            });
            let moved: Vec<_> = moved.collect();
            (moved.len() >= 2).then_some(moved)
        })
        .await;
    assert_eq!(moved, [(vec![bob.id.0], 3), (vec![bob.id.0], 5)]);
}

#[tokio::test]
async fn a_message_that_breaks_a_rule_of_the_schema_is_refused_to_its_sender() {
    let world = World::new().await;
    let (ada, bob) = (world.user_named("ada").await, world.user_named("bob").await);
    let chat = world.direct(&ada, &bob).await;
    let large = world.upstream(&ada, chat, &"x".repeat(9_000), 7);
    world.accepts(vec![large, world.upstream(&ada, chat, "small", 7)]).await;
    let reason = world
        .gateway
        .hears(|heard| {
            heard.iter().find_map(|downstream| match &downstream.event {
                Some(Event::Rejection(rejection)) => {
                    Some(rejection.rejected.as_ref()?.problem.as_ref()?.reason.clone())
                }
                _ => None,
            })
        })
        .await;
    assert_eq!(reason, "INVALID_ARGUMENT");
    let stored = MessageRepoClient::local(Arc::clone(&world.repo.messages));
    let request = ReadMessagesRequest {
        conversation_id: chat,
        from_sequence: 0,
        forward: true,
        limit: 10,
        ..Default::default()
    };
    let texts = stored
        .read_messages(Context::internal(), request)
        .await
        .unwrap()
        .messages;
    assert_eq!(texts.iter().map(text_of).collect::<Vec<_>>(), ["small"]);
}
