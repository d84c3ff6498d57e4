//! Several devices of a user, and devices that were away.

use crate::town;
use im_schema::v1::{self, client_frame, server_frame};
use im_testkit::{Device, Protocol, message, text_of};

#[tokio::test]
async fn the_senders_other_devices_get_the_message_and_the_origin_gets_receipts() {
    let town = town().await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let mut phone = alice.device("phone", Protocol::Text).await;
    let mut tablet = bob.device("tablet", Protocol::Text).await;
    let stored = alice.sends("hi").to(&bob).await;
    for device in [&mut phone, &mut tablet, &mut *bob] {
        assert_eq!(device.receives("hi").await.message_id, stored.message_id);
    }
    let more = alice.so_far().await;
    assert!(
        !more
            .iter()
            .any(|frame| matches!(frame.body, Some(server_frame::Body::Message(_)))),
        "no echo: {more:?}"
    );
}

#[tokio::test]
async fn who_was_away_gets_what_was_missed_and_then_what_comes() {
    let town = town().await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    alice.sends("1").into(conversation).await;
    bob.receives("1").await;
    let token = bob.tokens.access_token.clone();
    let url = town.url();
    drop(bob);
    for text in ["2", "3", "4"] {
        alice.sends(text).into(conversation).await;
    }
    let mut bob = Device::connect(&url, &token, Protocol::Binary).await;
    let (missed, resumed) = bob.resumes(&[(conversation, 1)]).await;
    assert_eq!(missed.iter().map(text_of).collect::<Vec<_>>(), ["2", "3", "4"]);
    assert_eq!(resumed, v1::Resumed::default(), "nothing is left out");
    alice.sends("5").into(conversation).await;
    assert_eq!(bob.receives("5").await.sequence, 5);
    let (missed, _) = bob.resumes(&[(conversation, 5)]).await;
    assert!(missed.is_empty());
}

#[tokio::test]
async fn who_missed_very_much_is_told_where_to_read_on() {
    let town = town().await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    let frames: Vec<_> = (1..=1_010)
        .map(|number| v1::ClientFrame {
            request_id: number,
            body: Some(client_frame::Body::Send(message(conversation, &number.to_string()))),
            ..Default::default()
        })
        .collect();
    for few in frames.chunks(250) {
        alice.send_frames(few).await;
    }
    for _ in &frames {
        alice.fate().await.expect("the message is stored");
    }
    bob.messages(1_010).await;
    let (missed, resumed) = bob.resumes(&[(conversation, 3)]).await;
    assert!(missed.iter().map(|message| message.sequence).eq(4..=1_003));
    assert_eq!(
        resumed.incomplete,
        [v1::Position {
            conversation_id: conversation.0,
            sequence: 1_003,
            ..Default::default()
        }]
    );
    let rest = bob
        .history(conversation, "fromSequence=1004&direction=LIST_DIRECTION_FORWARD")
        .await
        .expect("bob is a member");
    assert!(rest.messages.iter().map(|message| message.sequence).eq(1_004..=1_010));
}

#[tokio::test]
async fn resuming_names_conversations_that_are_gone() {
    let town = town().await;
    let (mut alice, bob, mut carol) = (
        town.user("alice").await,
        town.user("bob").await,
        town.user("carol").await,
    );
    let theirs = alice.with(&bob).await;
    alice.sends("private").into(theirs).await;
    let own = carol.with(&bob).await;
    carol.sends("mine").into(own).await;
    let (missed, resumed) = carol.resumes(&[(theirs, 0), (own, 0)]).await;
    assert_eq!(missed.iter().map(text_of).collect::<Vec<_>>(), ["mine"]);
    assert_eq!(resumed.gone_conversation_ids, [theirs.0]);
}

#[tokio::test]
async fn own_devices_hear_what_was_read() {
    let town = town().await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let mut phone = bob.device("phone", Protocol::Text).await;
    let conversation = alice.sends("1").to(&bob).await.conversation();
    alice.sends("2").into(conversation).await;
    bob.messages(2).await;
    let read = v1::MarkReadRequest {
        conversation_id: conversation.0,
        sequence: 1,
        ..Default::default()
    };
    let answer = bob.ask(client_frame::Body::MarkRead(read)).await;
    assert_eq!(
        answer,
        server_frame::Body::MarkRead(v1::MarkReadResponse {
            read_sequence: 1,
            unread_count: 1,
            ..Default::default()
        })
    );
    let pick = |frame: &v1::ServerFrame| match &frame.body {
        Some(server_frame::Body::ReadMoved(moved)) => Some(moved.clone()),
        _ => None,
    };
    let moved = phone.find("the new read position", pick).await;
    assert_eq!(
        moved,
        v1::ReadMoved {
            conversation_id: conversation.0,
            read_sequence: 1,
            unread_count: 1,
            ..Default::default()
        }
    );
    assert!(
        !alice.so_far().await.iter().any(|frame| pick(frame).is_some()),
        "it is nobody else's business"
    );
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let mut town = town().await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.sends("before").to(&bob).await.conversation();
    town.restart().await;
    alice.reconnect(&town.url()).await;
    bob.reconnect(&town.url()).await;
    assert_eq!(alice.with(&bob).await, conversation);
    assert_eq!(alice.sends("after").into(conversation).await.sequence, 2);
    bob.receives("after").await;
    let history = bob.history(conversation, "").await.expect("bob is a member");
    assert_eq!(
        history.messages.iter().map(text_of).collect::<Vec<_>>(),
        ["after", "before"]
    );
    assert_eq!(bob.sees(conversation).await.expect("bob is a member").unread_count, 2);
}
