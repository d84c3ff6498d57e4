//! What the reference shows of WebSockets, done: lines are sent, and what is shown to come has to come.

use super::stand_ins::StandIns;
use im_schema::{
    json,
    v1::{ClientFrame, ServerFrame},
};
use im_testkit::{Device, Protocol, Town};
use serde_json::Value;
use std::collections::BTreeSet;
use tokio_tungstenite::tungstenite::Message;

/// The line in the place of which the server is ended.
pub(super) const STOPS: &str = "-- the server is told to end";

/// Sends what is sent, and waits for a frame like each that is shown, whatever comes in between.
pub(super) async fn goes_as_shown(town: &mut Town, page: &str, sample: &str, stand_ins: &StandIns) {
    // with the token that the samples name: `renew` wants one of the same session
    let mut ada = Device::connect(&town.url(), &stand_ins.ada.tokens.access_token, Protocol::Text).await;
    let mut bob = Device::connect(&town.url(), &stand_ins.bob.tokens.access_token, Protocol::Text).await;
    let mut came = vec![tree(&ServerFrame::from(ada.ready.clone()))];
    for line in sample.lines() {
        if line == STOPS {
            town.stop().await;
        } else if let Some(frame) = line.strip_prefix("> ") {
            ada.send_raw(client_frame(frame, stand_ins)).await;
        } else if let Some(frame) = line.strip_prefix("bob> ") {
            bob.send_raw(client_frame(frame, stand_ins)).await;
        } else if let Some(frame) = line.strip_prefix("< ") {
            let shown = server_frame(page, frame);
            if came.iter().any(|frame| fits(&shown, frame)) {
                continue;
            }
            ada.find(frame, |frame| {
                let frame = tree(frame);
                let found = fits(&shown, &frame);
                came.push(frame);
                found.then_some(())
            })
            .await;
        } else {
            assert!(line.starts_with("-- "), "{page}: {line}");
        }
    }
}

fn client_frame(frame: &str, stand_ins: &StandIns) -> Message {
    let frame = stand_ins
        .json(serde_json::from_str(frame).expect("what is sent is JSON"))
        .to_string();
    json::from_slice::<ClientFrame>(frame.as_bytes()).expect("what is sent is a frame without anything unknown");
    Message::text(frame)
}

fn server_frame(page: &str, frame: &str) -> Value {
    json::from_slice::<ServerFrame>(frame.as_bytes()).unwrap_or_else(|error| panic!("{page}: {frame}: {error}"));
    serde_json::from_str(frame).expect("what comes is JSON")
}

fn tree(frame: &ServerFrame) -> Value {
    serde_json::from_str(&json::to_string(frame)).expect("a frame is JSON")
}

/// Whether a frame that came is of the kind that is shown: it answers the same request, and has no member beyond those shown, each of the same
/// type. Reasons for errors have to be the very ones; other values are those of the moment.
fn fits(shown: &Value, came: &Value) -> bool {
    let names = |frame: &Value| {
        frame
            .as_object()
            .map(|frame| frame.keys().cloned().collect::<BTreeSet<_>>())
    };
    names(shown) == names(came) && alike(shown, came)
}

fn alike(shown: &Value, came: &Value) -> bool {
    match (shown, came) {
        (Value::Object(shown), Value::Object(came)) => came.iter().all(|(name, value)| {
            let exact = matches!(name.as_str(), "requestId" | "reason" | "code");
            let like = |it: &Value| if exact { it == value } else { alike(it, value) };
            shown.get(name).is_some_and(like)
        }),
        (Value::Array(shown), Value::Array(came)) => came.iter().all(|item| shown.iter().any(|it| alike(it, item))),
        (Value::String(_), Value::String(_))
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Number(_), Value::Number(_)) => true,
        (Value::Null, Value::Null) => true,
        _ => false,
    }
}

#[test]
fn only_what_is_shown_fits() {
    let shown = serde_json::json!({"requestId": "1", "error": {"reason": "A", "message": "m", "items": [{"a": 1}]}});
    let with = |body: Value| serde_json::json!({"requestId": "1", "error": body});
    assert!(fits(
        &shown,
        &with(serde_json::json!({"reason": "A", "message": "other"}))
    ));
    for other in [
        serde_json::json!({"reason": "B"}),
        serde_json::json!({"reason": "A", "more": 1}),
        serde_json::json!({"reason": "A", "message": 1}),
        serde_json::json!({"reason": "A", "items": [{"b": 1}]}),
    ] {
        assert!(!fits(&shown, &with(other.clone())), "{other}");
    }
    assert!(!fits(
        &shown,
        &serde_json::json!({"requestId": "2", "error": {"reason": "A"}})
    ));
    assert!(
        !fits(&shown, &serde_json::json!({"requestId": "1"})),
        "a frame without its body is none"
    );
}
