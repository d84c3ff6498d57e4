//! The same message sent twice, or what claims to be it.

use crate::town;
use im_schema::v1::{self, client_frame, server_frame};
use im_testkit::{message, text_of};
use uuid::{NoContext, Timestamp, Uuid};

#[tokio::test]
async fn the_same_message_twice_is_one_with_the_same_receipt() {
    let town = town().await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    let request = message(conversation, "once");
    let frame = |request_id| v1::ClientFrame {
        request_id,
        body: Some(client_frame::Body::Send(request.clone())),
        ..Default::default()
    };
    // in one batch
    alice.send_frames(&[frame(101), frame(102)]).await;
    let (first, second) = (alice.fate().await.expect("stored"), alice.fate().await.expect("stored"));
    assert_eq!(first, second);
    // in another one
    alice.send_frames(&[frame(103)]).await;
    assert_eq!(alice.fate().await.expect("stored"), first);
    // from another device and by another way
    let path = format!("/v1/conversations/{conversation}/messages");
    let again = v1::SendMessageRequest {
        conversation_id: 0,
        ..request
    };
    let answer: v1::SendMessageResponse = alice.rest("POST", &path, &again).await.expect("stored");
    assert_eq!(answer.message.expect("it is stored").message_id, first.message_id);
    assert_eq!(alice.sends("twice").into(conversation).await.sequence, 2);
    bob.receives("once").await;
    bob.receives("twice").await;
    let history = bob
        .history(conversation, "direction=LIST_DIRECTION_FORWARD")
        .await
        .expect("bob is a member");
    assert_eq!(
        history.messages.iter().map(text_of).collect::<Vec<_>>(),
        ["once", "twice"]
    );
}

#[tokio::test]
async fn a_message_sent_again_after_a_restart_is_the_same() {
    let mut town = town().await;
    let (mut alice, bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    let request = message(conversation, "once");
    alice.send(client_frame::Body::Send(request.clone())).await;
    let stored = alice.fate().await.expect("stored");
    town.restart().await;
    alice.reconnect(&town.url()).await;
    alice.send(client_frame::Body::Send(request.clone())).await;
    assert_eq!(alice.fate().await.expect("stored"), stored);
    let other = v1::SendMessageRequest {
        content: message(conversation, "other").content,
        ..request
    };
    assert_eq!(
        alice.refused(client_frame::Body::Send(other)).await.reason,
        "CONFLICTING_DUPLICATE"
    );
    assert_eq!(alice.sends("next").into(conversation).await.sequence, 2);
}

#[tokio::test]
async fn another_message_with_the_same_id_is_a_conflict() {
    let town = town().await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    let request = message(conversation, "first");
    alice.send(client_frame::Body::Send(request.clone())).await;
    alice.fate().await.expect("stored");
    let other = v1::SendMessageRequest {
        content: message(conversation, "second").content,
        ..request
    };
    let request_id = alice.send(client_frame::Body::Send(other.clone())).await;
    let pick = |frame: &v1::ServerFrame| match &frame.body {
        Some(server_frame::Body::Rejected(rejected)) => Some((frame.request_id, rejected.clone())),
        _ => None,
    };
    let (answers, rejected) = alice.find("the rejection", pick).await;
    assert_eq!(
        (answers, &rejected.client_message_id),
        (request_id, &other.client_message_id)
    );
    assert_eq!(rejected.conversation(), conversation);
    assert_eq!(rejected.problem.expect("a problem").reason, "CONFLICTING_DUPLICATE");
    let path = format!("/v1/conversations/{conversation}/messages");
    let other = v1::SendMessageRequest {
        conversation_id: 0,
        ..other
    };
    let (status, problem) = alice
        .rest::<v1::SendMessageResponse>("POST", &path, &other)
        .await
        .expect_err("a conflict");
    assert_eq!((status, problem.reason.as_str()), (409, "CONFLICTING_DUPLICATE"));
    alice.sends("third").into(conversation).await;
    bob.receives("first").await;
    assert_eq!(bob.receives("third").await.sequence, 2);
}

#[tokio::test]
async fn two_senders_may_choose_the_same_id() {
    let town = town().await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    let request = message(conversation, "same");
    for user in [&mut alice, &mut bob] {
        user.send(client_frame::Body::Send(request.clone())).await;
        user.fate().await.expect("stored");
    }
    let history = bob.history(conversation, "").await.expect("bob is a member");
    assert_eq!(history.messages.len(), 2);
}

#[tokio::test]
async fn an_id_from_the_future_is_refused_and_one_from_yesterday_is_not() {
    let town = town().await;
    let (mut alice, bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    let now = alice.ready.server_time.as_ref().expect("a time").millis() / 1_000;
    let at = |seconds: u64, text: &str| v1::SendMessageRequest {
        client_message_id: Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, 0)).to_string(),
        ..message(conversation, text)
    };
    let problem = alice
        .refused(client_frame::Body::Send(at(now + 3_600, "tomorrow")))
        .await;
    assert_eq!(problem.reason, "MESSAGE_ID_OUT_OF_TIME");
    let old = at(now - 86_400, "yesterday");
    for _ in 0..2 {
        alice.send(client_frame::Body::Send(old.clone())).await;
        assert_eq!(
            alice.fate().await.expect("stored").sequence,
            1,
            "old ids are looked up, so it is still one message"
        );
    }
}
