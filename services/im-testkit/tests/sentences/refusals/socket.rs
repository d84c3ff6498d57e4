//! The WebSocket: error frames and close codes.

use crate::town;
use im_schema::v1::{self, client_frame, server_frame};
use im_testkit::{Device, Protocol};
use rand::{Rng as _, RngCore as _, SeedableRng as _, rngs::StdRng};
use std::time::Duration;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

/// What a frame is answered with; the connection must be good afterwards.
async fn refusal(device: &mut Device, message: Message) -> v1::Problem {
    device.send_raw(message).await;
    let pick = |frame: &v1::ServerFrame| match &frame.body {
        Some(server_frame::Body::Error(problem)) => Some(problem.clone()),
        _ => None,
    };
    let problem = device.find("a refusal", pick).await;
    assert!(device.so_far().await.is_empty());
    problem
}

#[tokio::test]
async fn a_frame_that_is_wrong_is_refused_and_the_connection_stays() {
    let town = town().await;
    let alice = town.user("alice").await;
    let mut device = alice.device("phone", Protocol::Text).await;
    for (line, reason, field) in [
        ("[1]", "INVALID_ARGUMENT", ""),
        ("{\"requestId\":\"1\"}", "INVALID_ARGUMENT", "body"),
        ("{\"requestId\":\"1\",\"dance\":{}}", "INVALID_ARGUMENT", "dance"),
        (
            "{\"requestId\":\"1\",\"ping\":{\"loud\":true}}",
            "INVALID_ARGUMENT",
            "ping.loud",
        ),
        (
            "{\"requestId\":\"1\",\"send\":{\"conversationId\":true}}",
            "INVALID_ARGUMENT",
            "conversationId",
        ),
        (
            "{\"requestId\":\"1\",\"ping\":{},\"resume\":{\"positions\":[]}}",
            "INVALID_ARGUMENT",
            "",
        ),
        (
            "{\"requestId\":\"1\",\"getConversation\":{\"conversationId\":\"42\"}}",
            "CONVERSATION_NOT_FOUND",
            "",
        ),
        (
            "{\"requestId\":\"1\",\"renew\":{\"accessToken\":\"rubbish\"}}",
            "UNAUTHENTICATED",
            "",
        ),
    ] {
        let problem = refusal(&mut device, Message::text(line)).await;
        assert_eq!(problem.reason, reason, "{line}: {problem:?}");
        let named = field.is_empty() || problem.violations.iter().any(|violation| violation.field == field);
        assert!(named, "{line}: {problem:?}");
    }
    let mut device = alice.device("tablet", Protocol::Binary).await;
    let problem = refusal(&mut device, Message::binary(vec![0])).await;
    assert_eq!(
        problem.reason, "INVALID_ARGUMENT",
        "a frame without a body: {problem:?}"
    );
}

#[tokio::test]
async fn what_is_no_frame_ends_the_connection_with_its_code() {
    let town = town().await;
    let alice = town.user("alice").await;
    let no_text = Message::Frame(Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true));
    for (protocol, message, code) in [
        (Protocol::Text, Message::text("{"), 4400),
        (Protocol::Text, Message::binary(vec![0]), 4400),
        (Protocol::Text, Message::text(" ".repeat(70 * 1024)), 1009),
        (Protocol::Text, no_text, 4400),
        (Protocol::Binary, Message::text("{}"), 4400),
        (Protocol::Binary, Message::binary(vec![200]), 4400),
        (Protocol::Binary, Message::binary(vec![5, 1, 2]), 4400),
        (Protocol::Binary, Message::binary(vec![2, 0xff, 0xff]), 4400),
        (Protocol::Binary, Message::binary(vec![0; 70 * 1024]), 1009),
    ] {
        let shown = format!("{protocol:?} {message:?}").chars().take(80).collect::<String>();
        let mut device = alice.device("phone", protocol).await;
        device.send_raw(message).await;
        let closed = tokio::time::timeout(Duration::from_secs(5), device.closed())
            .await
            .map(|closed| closed.code);
        assert_eq!(closed, Ok(code), "{shown}");
    }
}

#[tokio::test]
async fn noise_never_ends_a_connection_without_a_code() {
    let town = town().await;
    let alice = town.user("alice").await;
    let mut random = StdRng::seed_from_u64(11);
    for round in 0..60 {
        let mut noise = vec![0; random.random_range(1..300)];
        random.fill_bytes(&mut noise);
        // often of the right length, so that what is inside is looked at
        if round % 2 == 0 && noise.len() < 128 {
            noise[0] = noise.len() as u8 - 1;
        }
        let mut device = alice.device("phone", Protocol::Binary).await;
        device.send_raw(Message::binary(noise.clone())).await;
        device
            .send_frames(&[v1::ClientFrame {
                request_id: 77,
                body: Some(client_frame::Body::Ping(v1::Ping::default())),
                ..Default::default()
            }])
            .await;
        loop {
            match device.next().await {
                Ok(frame) if frame.request_id == 77 => break,
                Ok(_) => {}
                Err(closed) => {
                    assert!(matches!(closed.code, 4400 | 1009), "{noise:?}: {closed:?}");
                    break;
                }
            }
        }
    }
}
