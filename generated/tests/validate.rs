//! The rules of the real schema where they matter most.

use im_schema::{internal, rpc::Validate, v1};
use std::{hint::black_box, time::Instant};
use v1::{client_frame, content};

fn text(body: &str) -> Option<v1::Content> {
    Some(v1::Content {
        kind: Some(content::Kind::Text(v1::Text {
            body: body.into(),
            ..Default::default()
        })),
        ..Default::default()
    })
}

fn send() -> v1::SendMessageRequest {
    v1::SendMessageRequest {
        conversation_id: 1,
        client_message_id: "0193b2a4-7c1e-7d3a-9a51-0c8f3d2e4b6a".into(),
        content: text("hello"),
        ..Default::default()
    }
}

/// Every broken rule as `field rule message`.
fn broken(message: &impl Validate) -> Vec<String> {
    let mut out = Vec::new();
    message.check(&mut out);
    out.into_iter()
        .map(|violation| format!("{} {} {}", violation.field, violation.rule, violation.message))
        .collect()
}

#[test]
fn a_valid_message_breaks_nothing() {
    assert_eq!(broken(&send()), [""; 0]);
    assert!(send().validate().is_ok());
}

#[test]
fn all_that_is_wrong_is_told_with_its_path() {
    let request = v1::SendMessageRequest {
        conversation_id: 0,
        client_message_id: "nope".into(),
        content: text(&"x".repeat(9000)),
        ..Default::default()
    };
    let frame = v1::ClientFrame {
        request_id: 0,
        body: Some(client_frame::Body::Send(request)),
        ..Default::default()
    };
    assert_eq!(
        broken(&frame),
        [
            "send.conversationId uint64.gt must be greater than 0, is 0",
            "send.clientMessageId string.pattern must match ^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
            "send.content.text.body string.max_bytes must be at most 8192 bytes, is 9000",
        ]
    );
    assert_eq!(broken(&v1::ClientFrame::default()).len(), 1);
}

#[test]
fn a_client_message_id_is_a_uuid_of_version_7() {
    let with = |id: &str| {
        broken(&v1::SendMessageRequest {
            client_message_id: id.into(),
            ..send()
        })
        .is_empty()
    };
    assert!(with("0193b2a4-7c1e-7d3a-ba51-0c8f3d2e4b6a"));
    for bad in [
        "",
        "0193b2a4-7c1e-4d3a-9a51-0c8f3d2e4b6a",
        "0193b2a4-7c1e-7d3a-ca51-0c8f3d2e4b6a",
        "0193B2A4-7c1e-7d3a-9a51-0c8f3d2e4b6a",
        "0193b2a4-7c1e-7d3a-9a51-0c8f3d2e4b6a0",
        "0193b2a47c1e7d3a9a510c8f3d2e4b6a",
    ] {
        assert!(!with(bad), "{bad}");
    }
}

#[test]
fn items_are_named_by_index() {
    let request = v1::LookUpUsersRequest {
        names: vec!["ada".into(), String::new()],
        user_ids: vec![],
        ..Default::default()
    };
    assert_eq!(
        broken(&request),
        ["names[1] string.min_len must be at least 1 character, is 0"]
    );
    let request = v1::AddMembersRequest {
        conversation_id: 1,
        user_ids: vec![5, 6, 5],
        ..Default::default()
    };
    assert_eq!(
        broken(&request),
        ["userIds[2] repeated.unique must not repeat an earlier item"]
    );
}

#[test]
fn log_records_have_rules_too() {
    let delivery = internal::v1::Delivery {
        message: None,
        origin: None,
        told: false,
        ..Default::default()
    };
    let downstream = internal::v1::Downstream {
        recipients: vec![],
        event: Some(internal::v1::downstream::Event::Deliveries(internal::v1::Deliveries {
            items: vec![delivery],
            ..Default::default()
        })),
        ..Default::default()
    };
    assert_eq!(
        broken(&downstream),
        ["deliveries.items[0].message required must be set"]
    );
}

/// The budget is 300 ns in a release build; an unoptimised one takes several times as long.
#[test]
fn a_validation_is_cheap() {
    let (request, rounds) = (send(), 20_000);
    let best = (0..5)
        .map(|_| {
            let start = Instant::now();
            let mut out = Vec::new();
            for _ in 0..rounds {
                black_box(&request).check(&mut out);
            }
            assert!(out.is_empty());
            start.elapsed() / rounds
        })
        .min()
        .expect("five rounds were measured");
    let budget = if cfg!(debug_assertions) { 10_000 } else { 300 };
    assert!(best.as_nanos() < budget, "one validation takes {best:?}");
}
