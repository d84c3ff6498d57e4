//! Connections that end: slow readers, and the end of the platform itself.

use crate::{town, town_with};
use im_schema::v1::{self, client_frame, server_frame};
use im_testkit::{Device, Protocol, Town, message};
use std::collections::HashMap;

#[tokio::test]
async fn who_reads_slowly_is_closed_and_others_are_not_held_up() {
    let town = town_with(&[("gateway.outbox_bytes", "64KiB"), ("gateway.close_grace", "60s")]).await;
    let (mut alice, mut bob, carol) = (
        town.user("alice").await,
        town.user("bob").await,
        town.user("carol").await,
    );
    let group = alice.creates_group("flood", &[bob.id, carol.id]).await;
    let mut slow = Device::narrow(&town.url(), &carol.tokens.access_token, Protocol::Binary).await;
    drop(carol);
    let text = "x".repeat(8_192);
    let mut last = 0;
    // more than all buffers on the way take
    for _ in 0..100 {
        let frames: Vec<_> = (1..=7)
            .map(|number| v1::ClientFrame {
                request_id: number,
                body: Some(client_frame::Body::Send(message(group, &text))),
                ..Default::default()
            })
            .collect();
        alice.send_frames(&frames).await;
        for _ in frames {
            last += 1;
            assert_eq!(alice.fate().await.expect("stored").sequence, last);
            assert_eq!(bob.message().await.sequence, last);
        }
    }
    let mut reached = 0;
    let closed = loop {
        match slow.next().await {
            Ok(v1::ServerFrame {
                body: Some(server_frame::Body::Message(message)),
                ..
            }) => {
                assert_eq!(message.sequence, reached + 1, "what came before the end is whole");
                reached += 1;
            }
            Ok(_) => {}
            Err(closed) => break closed,
        }
    };
    assert_eq!(closed.code, 4408, "{closed:?}");
    assert!(reached < last, "it was closed before it had everything");
    let token = slow_again(&town, "carol").await;
    let mut carol = Device::connect(&town.url(), &token, Protocol::Binary).await;
    let (missed, _) = carol.resumes(&[(group, reached)]).await;
    assert!(
        missed.iter().map(|message| message.sequence).eq(reached + 1..=last),
        "it resumes without a hole"
    );
}

async fn slow_again(town: &Town, name: &str) -> String {
    let request = v1::LogInRequest {
        name: name.into(),
        password: im_testkit::PASSWORD.into(),
        device_id: "again".into(),
        ..Default::default()
    };
    let answer: v1::LogInResponse = im_testkit::call(&town.url(), None, "POST", "/v1/sessions", &request)
        .await
        .expect("logged in");
    answer.tokens.expect("tokens").access_token
}

#[tokio::test]
async fn a_shutdown_in_mid_send_loses_nothing_that_was_accepted() {
    let mut town = town().await;
    let (mut alice, bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    let requests: Vec<_> = (1..=600)
        .map(|number: u32| message(conversation, &number.to_string()))
        .collect();
    let frames: Vec<_> = requests
        .iter()
        .zip(1..)
        .map(|(request, request_id)| v1::ClientFrame {
            request_id,
            body: Some(client_frame::Body::Send(request.clone())),
            ..Default::default()
        })
        .collect();
    for few in frames.chunks(20) {
        alice.send_frames(few).await;
    }
    // some are stored, some accepted, some on the way
    alice.fate().await.expect("the first is stored");
    let (mut accepted, mut said_goodbye) = (vec![requests[0].client_message_id.clone()], false);
    let ending = async {
        loop {
            match alice.next().await {
                Ok(v1::ServerFrame {
                    body: Some(server_frame::Body::Accepted(receipt)),
                    ..
                }) => accepted.push(receipt.client_message_id),
                Ok(v1::ServerFrame {
                    body: Some(server_frame::Body::GoAway(_)),
                    ..
                }) => said_goodbye = true,
                Ok(v1::ServerFrame {
                    body: Some(server_frame::Body::Stored(stored)),
                    ..
                }) => accepted.push(stored.client_message_id),
                Ok(_) => {}
                Err(closed) => break closed,
            }
        }
    };
    let (closed, ()) = tokio::join!(ending, town.stop());
    assert_eq!(closed.code, 1001, "{closed:?}");
    assert!(said_goodbye);

    town.restart().await;
    alice.reconnect(&town.url()).await;
    // a marker behind everything that is still to be stored
    let stored = alice.sends("marker").into(conversation).await;
    let before = history(&alice, conversation).await;
    assert_eq!(before.len() as u64, stored.sequence, "no gap");
    for id in &accepted {
        assert_eq!(before.get(id), Some(&1), "an accepted message is there exactly once");
    }
    for few in frames.chunks(50) {
        alice.send_frames(few).await;
    }
    for _ in &frames {
        alice.fate().await.expect("sending again is safe");
    }
    let after = history(&alice, conversation).await;
    assert_eq!(after.len(), requests.len() + 1);
    assert!(after.values().all(|count| *count == 1));
}

/// How often each client id is in the history; its sequences are checked to be 1, 2, 3, ….
async fn history(user: &im_testkit::User, conversation: im_schema::ids::ConversationId) -> HashMap<String, usize> {
    let (mut counts, mut from, mut expected) = (HashMap::new(), 1, 1);
    while from != 0 {
        let query = format!("fromSequence={from}&direction=LIST_DIRECTION_FORWARD&limit=200");
        let page = user.history(conversation, &query).await.expect("the user is a member");
        for message in page.messages {
            assert_eq!(message.sequence, expected);
            expected += 1;
            *counts.entry(message.client_message_id).or_default() += 1;
        }
        from = page.next_sequence;
    }
    counts
}
