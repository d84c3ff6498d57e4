//! From sender to receivers.

use crate::town;
use im_schema::v1::{self, client_frame, content, server_frame};
use im_testkit::{Device, Protocol, User, message, text_of};
use std::collections::BTreeMap;

#[tokio::test]
async fn a_message_reaches_the_other_one() {
    let town = town().await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let stored = alice.sends("hi").to(&bob).await;
    let message = bob.receives("hi").await;
    assert_eq!((stored.message_id, stored.sequence), (message.message_id, 1));
    assert_eq!((message.sender(), message.sequence), (alice.id, 1));
    assert_eq!(bob.sends("hello").to(&alice).await.sequence, 2);
    assert_eq!(alice.receives("hello").await.sender(), bob.id);
}

#[tokio::test]
async fn content_of_any_kind_arrives_as_it_was_sent() {
    let town = town().await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    let mut poll = message(conversation, "");
    let custom = v1::Custom {
        kind: "poll.v1".into(),
        data: "{\"question\":\"Tea? 🫖\"}".into(),
        ..Default::default()
    };
    poll.content = Some(v1::Content {
        kind: Some(content::Kind::Custom(custom)),
        ..Default::default()
    });
    let mut long = message(conversation, &"ü".repeat(4096));
    for request in [&mut poll, &mut long] {
        alice.send(client_frame::Body::Send(request.clone())).await;
        alice.fate().await.expect("the message is stored");
        assert_eq!(bob.message().await.content, request.content);
    }
}

#[tokio::test]
async fn a_message_sent_by_rest_reaches_every_device() {
    let town = town().await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    let path = format!("/v1/conversations/{conversation}/messages");
    let mut request = message(conversation, "by post");
    request.conversation_id = 0;
    let answer: v1::SendMessageResponse = alice.rest("POST", &path, &request).await.expect("the message is sent");
    let stored = answer.message.expect("the message is stored while the call waits");
    assert_eq!((text_of(&stored), stored.sequence), ("by post", 1));
    assert_eq!(bob.receives("by post").await, stored);
    assert_eq!(
        alice.receives("by post").await,
        stored,
        "the sender's own device did not send it, so it is told"
    );
}

#[tokio::test]
async fn many_messages_in_one_keep_their_order() {
    let town = town().await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    let frames: Vec<_> = (1..=300)
        .map(|number| v1::ClientFrame {
            request_id: number,
            body: Some(client_frame::Body::Send(message(conversation, &number.to_string()))),
            ..Default::default()
        })
        .collect();
    alice.send_frames(&frames).await;
    for sequence in 1..=300 {
        assert_eq!(alice.fate().await.expect("the message is stored").sequence, sequence);
        assert_eq!(bob.receives(&sequence.to_string()).await.sequence, sequence);
    }
}

#[tokio::test]
async fn racing_senders_share_one_order_without_a_gap() {
    const EACH: u64 = 200;
    let town = town().await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let (mut carol, mut dave) = (town.user("carol").await, town.user("dave").await);
    let group = alice.creates_group("race", &[bob.id, carol.id, dave.id]).await;
    let ((), ()) = tokio::join!(race(&mut alice, group, EACH), race(&mut bob, group, EACH));
    let (by_alice, by_bob) = (
        sequences(&mut alice, 2 * EACH).await,
        sequences(&mut bob, 2 * EACH).await,
    );
    let by_carol = carol.messages(2 * EACH as usize).await;
    let seen: Vec<_> = by_carol
        .iter()
        .map(|message| (message.sequence, message.client_message_id.clone()))
        .collect();
    assert!(
        seen.iter().map(|(sequence, _)| *sequence).eq(1..=2 * EACH),
        "in order and without a gap"
    );
    assert!(dave.messages(2 * EACH as usize).await == by_carol, "both see the same");
    let seen: BTreeMap<_, _> = seen.into_iter().collect();
    assert_eq!(by_alice, seen);
    assert_eq!(by_bob, seen);
    for sender in [&alice, &bob] {
        let own = by_carol
            .iter()
            .filter(|message| message.sender() == sender.id)
            .map(text_of);
        assert!(
            own.eq((1..=EACH).map(|number| number.to_string())),
            "{} is heard in the order of sending",
            sender.name
        );
    }
}

async fn race(user: &mut User, group: im_schema::ids::ConversationId, count: u64) {
    let numbers: Vec<u64> = (1..=count).collect();
    for few in numbers.chunks(7) {
        let frame = |number: &u64| v1::ClientFrame {
            request_id: *number,
            body: Some(client_frame::Body::Send(message(group, &number.to_string()))),
            ..Default::default()
        };
        user.send_frames(&few.iter().map(frame).collect::<Vec<_>>()).await;
        tokio::task::yield_now().await;
    }
}

/// What a sender learns of all messages, its own by `stored`, in the order of sequences.
async fn sequences(device: &mut Device, count: u64) -> BTreeMap<u64, String> {
    let mut learned = BTreeMap::new();
    let pick = |frame: &v1::ServerFrame| {
        match &frame.body {
            Some(server_frame::Body::Stored(stored)) => {
                learned.insert(stored.sequence, stored.client_message_id.clone());
            }
            Some(server_frame::Body::Message(message)) => {
                learned.insert(message.sequence, message.client_message_id.clone());
            }
            _ => {}
        }
        (learned.len() as u64 == count).then_some(())
    };
    device.find("all messages", pick).await;
    learned
}

#[tokio::test]
async fn who_is_not_a_member_is_refused() {
    let town = town().await;
    let (mut alice, mut bob, mut mallory) = (
        town.user("alice").await,
        town.user("bob").await,
        town.user("mallory").await,
    );
    let conversation = alice.with(&bob).await;
    for foreign in [conversation, im_schema::ids::ConversationId(42)] {
        let problem = mallory
            .refused(client_frame::Body::Send(message(foreign, "let me in")))
            .await;
        assert_eq!(problem.reason, "NOT_A_MEMBER");
        let path = format!("/v1/conversations/{foreign}/messages");
        let request = v1::SendMessageRequest {
            conversation_id: 0,
            ..message(foreign, "let me in")
        };
        let refused = mallory
            .rest::<v1::SendMessageResponse>("POST", &path, &request)
            .await
            .expect_err("mallory is no member");
        assert_eq!((refused.0, refused.1.reason.as_str()), (403, "NOT_A_MEMBER"));
    }
    alice.sends("only us").into(conversation).await;
    assert_eq!(
        bob.receives("only us").await.sequence,
        1,
        "what was refused took no place"
    );
    let heard = mallory.so_far().await;
    assert!(heard.is_empty(), "{heard:?}");
}

#[tokio::test]
async fn text_and_binary_carry_the_same() {
    let town = town().await;
    let (mut alice, bob) = (town.user("alice").await, town.user("bob").await);
    let mut text = bob.device("text", Protocol::Text).await;
    let mut binary = bob.device("binary", Protocol::Binary).await;
    alice.sends("line one\nline two \u{1F600}").to(&bob).await;
    let message = text.message().await;
    assert_eq!(text_of(&message), "line one\nline two \u{1F600}");
    assert_eq!(binary.message().await, message);
    let request = im_testkit::message(message.conversation(), "from text");
    text.send(client_frame::Body::Send(request)).await;
    text.fate().await.expect("the message is stored");
    alice.receives("from text").await;
    binary.receives("from text").await;
}
