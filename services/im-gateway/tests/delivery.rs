//! A message on its way through the gateway.

mod kit;

use im_schema::{
    internal::v1::{Origin, Rejection, SessionsEnded, downstream::Event},
    v1::{
        ConversationChanged, MarkReadRequest, Ping, Position, ReadMoved, Rejected, Renew, Resume, ServerFrame,
        client_frame, server_frame,
    },
};
use kit::{BINARY, House, INSTANCE, JSON, TOKEN_SECONDS, client_message_id, config, deliveries, message, send};
use std::time::Duration;

fn body(frame: ServerFrame) -> server_frame::Body {
    frame.body.expect("a body")
}

#[tokio::test]
async fn a_message_is_accepted_once_the_log_has_it_and_stored_where_it_came_from() {
    for protocol in [JSON, BINARY] {
        let mut house = House::open().await;
        let (mut phone, mut laptop) = (house.device(1, protocol).await, house.device(1, protocol).await);
        let mut peer = house.device(2, JSON).await;
        phone.says([(7, send(9, 1, "hi"))]).await;
        let accepted = phone.next().await;
        assert_eq!(accepted.request_id, 7);
        assert!(
            matches!(body(accepted), server_frame::Body::Accepted(accepted) if accepted.client_message_id == client_message_id(1))
        );
        let upstream = house.next_upstream().await;
        assert_eq!(
            (
                upstream.conversation_id,
                upstream.sender_id,
                upstream.client_message_id.len()
            ),
            (9, 1, 16)
        );

        house
            .downstream(&[1, 2, 3], deliveries(vec![(message(9, 1, "hi"), upstream.origin)]))
            .await;
        let stored = phone.next().await;
        assert_eq!(stored.request_id, 7);
        assert!(
            matches!(body(stored), server_frame::Body::Stored(stored) if stored.sequence == 1 && stored.conversation_id == 9)
        );
        for device in [&mut laptop, &mut peer] {
            assert!(
                matches!(body(device.next().await), server_frame::Body::Message(got) if got == message(9, 1, "hi"))
            );
        }
        house.close().await;
    }
}

#[tokio::test]
async fn who_sent_hears_of_it_once_whether_a_recipient_or_not() {
    let mut house = House::open().await;
    let mut phone = house.device(1, BINARY).await;
    let mut laptop = house.device(1, JSON).await;
    phone.says([(7, send(9, 1, "hi"))]).await;
    phone.next().await;
    let origin = house.next_upstream().await.origin;
    // a receipt for the connection alone, then the same message for everybody
    house
        .downstream(&[], deliveries(vec![(message(9, 1, "hi"), origin.clone())]))
        .await;
    let stored = phone.next().await;
    assert_eq!(stored.request_id, 7);
    assert!(matches!(body(stored), server_frame::Body::Stored(stored) if stored.sequence == 1));
    let mut told = deliveries(vec![(message(9, 1, "hi"), origin), (message(9, 2, "ho"), None)]);
    if let Event::Deliveries(deliveries) = &mut told {
        deliveries.items[0].told = true;
    }
    house.downstream(&[1], told).await;
    assert!(matches!(body(phone.next().await), server_frame::Body::Message(next) if next.sequence == 2));
    for sequence in 1..=2 {
        assert!(matches!(body(laptop.next().await), server_frame::Body::Message(next) if next.sequence == sequence));
    }
    house.close().await;
}

#[tokio::test]
async fn frames_of_one_message_are_answered_in_one_message_and_keep_their_order() {
    let mut house = House::open().await;
    let mut device = house.device(1, BINARY).await;
    device.says((1..=100).map(|n| (n, send(9, n, "hi")))).await;
    let answers = device.message().await.expect("a message");
    assert_eq!(
        answers.iter().map(|frame| frame.request_id).collect::<Vec<_>>(),
        (1..=100).collect::<Vec<_>>()
    );
    for n in 1..=100 {
        assert_eq!(house.next_upstream().await.origin.expect("an origin").request_id, n);
    }
    house.close().await;
}

#[tokio::test]
async fn a_batch_for_many_is_one_message_each_whatever_their_encoding() {
    let house = House::open().await;
    let mut devices = Vec::new();
    for user in 1..=20 {
        devices.push(house.device(user, if user % 2 == 0 { JSON } else { BINARY }).await);
    }
    let recipients: Vec<u64> = (1..=20).collect();
    let items: Vec<_> = (1..=50).map(|n| (message(9, n, "to all"), None)).collect();
    house.downstream(&recipients, deliveries(items)).await;
    for device in &mut devices {
        let frames = device.message().await.expect("a message");
        assert_eq!(frames.len(), 50);
        let sequences = frames.into_iter().map(|frame| match body(frame) {
            server_frame::Body::Message(message) => message.sequence,
            other => panic!("{other:?}"),
        });
        assert!(sequences.eq(1..=50));
    }
    house.close().await;
}

#[tokio::test]
async fn the_other_events_reach_whom_they_are_for() {
    let mut house = House::open().await;
    let (mut sender, mut peer) = (house.device(1, JSON).await, house.device(2, BINARY).await);
    sender.says([(3, send(9, 1, "hi"))]).await;
    sender.next().await;
    let origin = house.next_upstream().await.origin;
    let rejected = Rejected {
        client_message_id: client_message_id(1),
        conversation_id: 9,
        problem: None,
        ..Default::default()
    };
    house
        .downstream(
            &[],
            Event::Rejection(Rejection {
                origin: origin.clone(),
                rejected: Some(rejected.clone()),
                ..Default::default()
            }),
        )
        .await;
    let answer = sender.next().await;
    assert_eq!(
        (answer.request_id, body(answer)),
        (3, server_frame::Body::Rejected(rejected.clone()))
    );

    // what was meant for a connection of an earlier life of this instance finds nobody
    let old = Origin {
        instance: INSTANCE.into(),
        connection_id: 1,
        request_id: 3,
        ..Default::default()
    };
    house
        .downstream(
            &[],
            Event::Rejection(Rejection {
                origin: Some(old),
                rejected: Some(rejected),
                ..Default::default()
            }),
        )
        .await;
    let moved = ReadMoved {
        conversation_id: 9,
        read_sequence: 4,
        unread_count: 0,
        ..Default::default()
    };
    house.downstream(&[1], Event::ReadMoved(moved.clone())).await;
    assert_eq!(body(sender.next().await), server_frame::Body::ReadMoved(moved));
    let changed = ConversationChanged {
        conversation_id: 9,
        change: 3,
        title: "tea".into(),
        ..Default::default()
    };
    house
        .downstream(&[2], Event::ConversationChanged(changed.clone()))
        .await;
    assert_eq!(
        body(peer.next().await),
        server_frame::Body::ConversationChanged(changed)
    );

    house
        .downstream(
            &[1],
            Event::SessionsEnded(SessionsEnded {
                session_ids: vec![5],
                ..Default::default()
            }),
        )
        .await;
    house
        .downstream(
            &[1],
            Event::SessionsEnded(SessionsEnded {
                session_ids: vec![1_001],
                ..Default::default()
            }),
        )
        .await;
    sender.is_refused(0, "SESSION_ENDED").await;
    sender.is_closed(4403, "SESSION_ENDED").await;
    house.close().await;
}

#[tokio::test]
async fn calls_by_frame_are_answered_by_their_request_id() {
    let house = House::open().await;
    let mut device = house.device(1, JSON).await;
    let read = MarkReadRequest {
        conversation_id: 1,
        sequence: 12,
        ..Default::default()
    };
    device
        .says((1..=30).map(|n| (n, client_frame::Body::MarkRead(read.clone()))))
        .await;
    let mut answered = Vec::new();
    for _ in 1..=30 {
        let answer = device.next().await;
        answered.push(answer.request_id);
        assert!(matches!(body(answer), server_frame::Body::MarkRead(read) if read.read_sequence == 12));
    }
    answered.sort_unstable();
    assert_eq!(answered, (1..=30).collect::<Vec<_>>());
    device.says([(31, client_frame::Body::Ping(Ping::default()))]).await;
    let pong = device.next().await;
    assert_eq!(pong.request_id, 31);
    assert!(matches!(body(pong), server_frame::Body::Pong(_)));
    house.close().await;
}

#[tokio::test]
async fn resuming_brings_what_was_missed_in_order_and_says_what_is_left() {
    let house = House::open().await;
    let mut device = house.device(1, BINARY).await;
    let position = |conversation_id, sequence| Position {
        conversation_id,
        sequence,
        ..Default::default()
    };
    let positions = vec![position(1, 20), position(2, 7), position(3, 1), position(1, 250)];
    device
        .says([(
            5,
            client_frame::Body::Resume(Resume {
                positions,
                ..Default::default()
            }),
        )])
        .await;
    for (conversation, sequences) in [(1, 21..=250), (2, 8..=1_007)] {
        for sequence in sequences {
            let server_frame::Body::Message(got) = body(device.next().await) else {
                panic!("no message")
            };
            assert_eq!((got.conversation_id, got.sequence), (conversation, sequence));
        }
    }
    let end = device.next().await;
    assert_eq!(end.request_id, 5);
    let server_frame::Body::Resumed(resumed) = body(end) else {
        panic!("not resumed")
    };
    assert_eq!(
        (resumed.incomplete, resumed.gone_conversation_ids),
        (vec![position(2, 1_007)], vec![3])
    );
    house.close().await;
}

#[tokio::test]
async fn a_connection_lives_as_long_as_its_token_or_the_one_that_renews_it() {
    let house = House::with(
        im_gateway::Config {
            idle_timeout: Duration::from_secs(1_000_000),
            ..config()
        },
        1_000,
    )
    .await;
    let (mut lazy, mut eager) = (house.device(1, JSON).await, house.device(2, JSON).await);
    house.clock.advance(Duration::from_secs(TOKEN_SECONDS / 2));
    let foreign = client_frame::Body::Renew(Renew {
        access_token: house.token(1),
        ..Default::default()
    });
    eager.says([(1, foreign)]).await;
    eager.is_refused(1, "PERMISSION_DENIED").await;
    eager
        .says([(
            2,
            client_frame::Body::Renew(Renew {
                access_token: house.token(2),
                ..Default::default()
            }),
        )])
        .await;
    assert!(matches!(body(eager.next().await), server_frame::Body::Renewed(_)));
    house.clock.advance(Duration::from_secs(TOKEN_SECONDS / 2));
    lazy.is_refused(0, "TOKEN_EXPIRED").await;
    lazy.is_closed(4402, "TOKEN_EXPIRED").await;
    eager.says([(3, client_frame::Body::Ping(Ping::default()))]).await;
    assert!(matches!(body(eager.next().await), server_frame::Body::Pong(_)));
    house.clock.advance(Duration::from_secs(TOKEN_SECONDS / 2));
    eager.is_closed(4402, "TOKEN_EXPIRED").await;
    house.close().await;
}

#[tokio::test]
async fn a_client_that_is_silent_is_closed() {
    let house = House::open().await;
    let mut device = house.device(1, JSON).await;
    house.clock.advance(config().idle_timeout);
    device.is_closed(4409, "PING_TIMEOUT").await;
    house.close().await;
}

#[tokio::test]
async fn a_slow_client_is_closed_and_others_do_not_notice() {
    let house = House::with(
        im_gateway::Config {
            outbox_bytes: 64 * 1024,
            ..config()
        },
        1_000,
    )
    .await;
    let (mut slow, mut quick) = (house.device(1, BINARY).await, house.device(2, BINARY).await);
    let long = "x".repeat(8_000);
    let mut last = 0;
    // more than the socket's buffers take, while only one of the two reads
    for _ in 0..2_500 {
        last += 1;
        house
            .downstream(&[1, 2], deliveries(vec![(message(9, last, &long), None)]))
            .await;
        assert!(matches!(body(quick.next().await), server_frame::Body::Message(got) if got.sequence == last));
    }
    slow.is_closed(4408, "SLOW_CONSUMER").await;
    house.close().await;
}

#[tokio::test]
async fn a_log_that_is_away_refuses_and_the_client_may_try_again() {
    let house = House::open().await;
    let mut device = house.device(1, JSON).await;
    im_infra::log::Log::close(&*house.log).await;
    device.says([(1, send(9, 1, "hi")), (2, send(9, 2, "hi"))]).await;
    assert!(device.is_refused(1, "UNAVAILABLE").await.retryable);
    device.is_refused(2, "UNAVAILABLE").await;
    house.close().await;
}
