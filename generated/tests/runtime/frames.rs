//! Several frames in one message.

use crate::kitchen::{ada, authenticated};
use bytes::BytesMut;
use im_schema::{
    frame::{self, Direction, MAX_FRAMES},
    frames::{self, Clients, Dispatch, FRAMES},
    parlance::Reason,
    rpc::{Call, Context, Stack},
    services::{ConversationServiceClient, UserServiceClient, message_service},
    v1::{client_frame::Body, *},
};
use proptest::{collection::vec, prelude::*};

fn mark_read(request_id: u64, sequence: u64) -> ClientFrame {
    ClientFrame {
        request_id,
        ..MarkReadRequest {
            conversation_id: 1,
            sequence,
            ..Default::default()
        }
        .into()
    }
}

fn any_frame() -> impl Strategy<Value = ClientFrame> {
    let send = (any::<u64>(), ".{0,20}").prop_map(|(conversation_id, body)| {
        let content = Content {
            kind: Some(content::Kind::Text(Text {
                body,
                ..Default::default()
            })),
            ..Default::default()
        };
        ClientFrame::from(SendMessageRequest {
            conversation_id,
            client_message_id: "id".into(),
            content: Some(content),
            ..Default::default()
        })
    });
    let read = any::<u64>().prop_map(|sequence| {
        MarkReadRequest {
            conversation_id: 1,
            sequence,
            ..Default::default()
        }
        .into()
    });
    let body = prop_oneof![
        send,
        read,
        Just(ClientFrame::from(Ping::default())),
        Just(ClientFrame::default())
    ];
    (any::<u64>(), body).prop_map(|(request_id, frame)| ClientFrame { request_id, ..frame })
}

proptest! {
    #[test]
    fn any_frames_survive_both_encodings(frames in vec(any_frame(), 0..8)) {
        let (mut binary, mut text) = (BytesMut::new(), Vec::new());
        for frame in &frames {
            frame::encode_binary(frame, &mut binary);
            frame::encode_text(frame, &mut text);
        }
        let back: Vec<ClientFrame> = frame::decode_binary(&binary).collect::<Result<_, _>>().expect("binary");
        prop_assert_eq!(&back, &frames);
        let text = String::from_utf8(text).expect("JSON is UTF-8");
        let back: Vec<ClientFrame> = frame::decode_text(&text).collect::<Result<_, _>>().expect("text");
        prop_assert_eq!(&back, &frames);
    }

    #[test]
    fn no_bytes_break_the_decoders(bytes in vec(any::<u8>(), 0..64)) {
        let _ = frame::decode_binary::<ClientFrame>(&bytes).count();
        let _ = frame::decode_text::<ClientFrame>(&String::from_utf8_lossy(&bytes)).count();
        let _ = frame::request_id(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn a_bad_frame_does_not_hide_the_next_one() {
    let mut binary = vec![2, 0xff, 0xff];
    frame::encode_binary(&mark_read(1, 2), &mut binary);
    let results: Vec<_> = frame::decode_binary::<ClientFrame>(&binary).collect();
    assert_eq!(results.len(), 2);
    assert_eq!(results[0].as_ref().expect_err("no frame").reason(), Reason::Malformed);
    assert_eq!(results[1].as_ref().expect("a frame"), &mark_read(1, 2));

    let text = "{\"requestId\":\"5\",\"pingg\":{}}\n\n  \r\n{\"ping\":{}}\n";
    let results: Vec<_> = frame::decode_text::<ClientFrame>(text).collect();
    assert_eq!(results.len(), 2, "blank lines are no frames");
    let refused = results[0].as_ref().expect_err("an unknown field");
    assert_eq!(
        (refused.reason(), refused.broken_rules()[0].field.as_str()),
        (Reason::InvalidArgument, "pingg")
    );
    assert_eq!(frame::lines(text).next().map(frame::request_id), Some(5));
    assert!(frame::decode_text_lenient::<ClientFrame>(text).all(|result| result.is_ok()));
}

#[test]
fn a_length_that_is_none_ends_the_message() {
    for cut_off in [&[5, 1, 2][..], &[0x80], &[0xff; 11]] {
        let results: Vec<_> = frame::decode_binary::<ClientFrame>(cut_off).collect();
        assert_eq!(results.len(), 1);
        assert_eq!(results[0].as_ref().expect_err("no frame").reason(), Reason::Malformed);
    }
}

#[test]
fn a_message_has_only_so_many_frames() {
    let one_too_many = vec![0; MAX_FRAMES + 1];
    let results: Vec<_> = frame::decode_binary::<ClientFrame>(&one_too_many).collect();
    assert_eq!(results.len(), MAX_FRAMES + 1);
    assert!(results[..MAX_FRAMES].iter().all(Result::is_ok));
    assert_eq!(
        results[MAX_FRAMES].as_ref().expect_err("too many").reason(),
        Reason::TooLarge
    );
    let mut more = one_too_many;
    more.extend([0; 100]);
    assert_eq!(frame::decode_binary::<ClientFrame>(&more).count(), MAX_FRAMES + 1);
}

#[test]
fn a_request_id_is_found_in_whatever_else_is_wrong() {
    assert_eq!(frame::request_id(r#"{"requestId":7,"x":1}"#), 7);
    assert_eq!(frame::request_id(r#"{"request_id":"18446744073709551615"}"#), u64::MAX);
    for none in [
        "",
        "{",
        "{}",
        r#"{"requestId":-1}"#,
        r#"{"requestId":"x"}"#,
        r#"{"requestId":[1]}"#,
    ] {
        assert_eq!(frame::request_id(none), 0, "{none}");
    }
}

/// A stack that nobody should call.
fn unused<R: Send + 'static, A: Send + 'static>() -> Stack<R, A> {
    Stack::new(tower::service_fn(|call: Call<R>| async move {
        panic!("{} was called", call.method.name)
    }))
}

fn clients() -> Clients {
    Clients {
        conversation_service: ConversationServiceClient::new(unused()),
        message_service: authenticated(),
        user_service: UserServiceClient::new(unused()),
    }
}

#[tokio::test]
async fn frames_find_their_method_and_its_answer() {
    let body = Body::MarkRead(MarkReadRequest {
        conversation_id: 1,
        sequence: 3,
        ..Default::default()
    });
    assert!(std::ptr::eq(
        frames::handler(&body).expect("a method"),
        &message_service::MARK_READ
    ));
    let answer = frames::dispatch(&clients(), Context::user(ada()), body)
        .await
        .expect("an answer");
    assert_eq!(
        answer,
        Dispatch::Answer(server_frame::Body::MarkRead(MarkReadResponse {
            read_sequence: 3,
            unread_count: 0,
            ..Default::default()
        }))
    );

    let own = Body::Ping(Ping::default());
    assert!(frames::handler(&own).is_none());
    let answer = frames::dispatch(&clients(), Context::user(ada()), own.clone())
        .await
        .expect("no call");
    assert_eq!(answer, Dispatch::Own(own));
}

#[test]
fn the_table_names_a_reply_for_every_frame_of_a_client() {
    let server: Vec<_> = FRAMES
        .iter()
        .filter(|frame| frame.direction == Direction::Server)
        .map(|frame| frame.name)
        .collect();
    for frame in FRAMES.iter().filter(|frame| frame.direction == Direction::Client) {
        assert!(frame.reply.is_some_and(|reply| server.contains(&reply)), "{frame:?}");
    }
}
