//! What the API description and the reference show works: every example request and every sample is sent to a running platform.

mod pages;
mod stand_ins;

use im_schema::{
    json,
    v1::{ClientFrame, ServerFrame, server_frame},
};
use im_testkit::{Device, Protocol, Town};
use pages::{Request, block, pages};
use serde_json::Value;
use stand_ins::StandIns;
use tokio_tungstenite::tungstenite::Message;

const OPENAPI: &str = include_str!("../../../../openapi/openapi.json");

/// Sends a request and wants 200 for it: whoever tries what is shown should see it work.
async fn answered(town: &Town, from: &str, request: &Request, stand_ins: &StandIns) -> Value {
    let verb: reqwest::Method = request.verb.parse().expect("a verb");
    let mut sent = reqwest::Client::new().request(verb, format!("{}{}", town.url(), stand_ins.target(&request.target)));
    for (name, value) in &request.headers {
        sent = sent.header(name, stand_ins.text(value));
    }
    if let Some(body) = &request.body {
        let body = stand_ins.json(body.clone()).to_string();
        sent = sent.header("content-type", "application/json").body(body);
    }
    let answer = sent.send().await.expect("the server answers");
    let status = answer.status();
    let text = answer.text().await.expect("the answer has a body");
    assert_eq!(status, 200, "{from}: {request:?}: {text}");
    serde_json::from_str(&text).expect("the answer is JSON")
}

#[tokio::test]
async fn every_example_of_the_description_is_accepted() {
    let town = Town::start().await;
    let requests = Request::of_document(&serde_json::from_str(OPENAPI).expect("the description is JSON"));
    assert!(
        requests.len() > 20,
        "the description has all operations: {}",
        requests.len()
    );
    for (number, (operation, request)) in requests.into_iter().enumerate() {
        let stand_ins = StandIns::make(&town, number).await;
        answered(&town, &operation, &request, &stand_ins).await;
    }
}

#[tokio::test]
async fn every_sample_for_curl_is_accepted() {
    let town = Town::start().await;
    for (number, (page, text)) in pages("calls").into_iter().enumerate() {
        let stand_ins = StandIns::make(&town, number).await;
        let sample = block(&text, "### curl", "sh").unwrap_or_else(|| panic!("{page} has a sample for curl"));
        let answer = answered(&town, &page, &Request::of_curl(&sample), &stand_ins).await;
        assert!(answer.is_object(), "{page}: {answer}");
    }
}

#[tokio::test]
async fn every_sample_of_a_frame_is_answered() {
    let town = Town::start().await;
    let calls = pages("calls").into_iter();
    let calls = calls.filter_map(|(page, text)| Some((page, block(&text, "### WebSocket", "json")?)));
    let frames = pages("frames")
        .into_iter()
        .filter(|(page, _)| page.starts_with("client."));
    let frames = frames.map(|(page, text)| {
        let sample = block(&text, "## Sample", "json").unwrap_or_else(|| panic!("{page} has a sample"));
        (page, sample)
    });
    for (number, (page, sample)) in calls.chain(frames).enumerate() {
        let stand_ins = StandIns::make(&town, number).await;
        let frame = stand_ins.json(serde_json::from_str(&sample).expect("a sample is JSON"));
        // with the token that the samples name: `renew` wants one of the same session
        let token = &stand_ins.ada.tokens.access_token;
        let mut device = Device::connect(&town.url(), token, Protocol::Text).await;
        device.send_raw(Message::text(frame.to_string())).await;
        let answer = device
            .find("an answer", |frame| {
                (frame.request_id == 1).then(|| frame.body.clone()).flatten()
            })
            .await;
        assert!(
            !matches!(answer, server_frame::Body::Error(_)),
            "{page}: {sample}: {answer:?}"
        );
    }
}

#[test]
fn frames_that_the_server_sends_look_as_shown() {
    let shown = pages("frames")
        .into_iter()
        .filter(|(page, _)| page.starts_with("server."));
    for (page, text) in shown {
        let sample = block(&text, "## Sample", "json").unwrap_or_else(|| panic!("{page} has a sample"));
        let frame: ServerFrame = json::from_slice(sample.as_bytes()).unwrap_or_else(|error| panic!("{page}: {error}"));
        let (again, shown): (Value, Value) = (
            serde_json::from_str(&json::to_string(&frame)).expect("the form in JSON is JSON"),
            serde_json::from_str(&sample).expect("a sample is JSON"),
        );
        assert_eq!(again, shown, "{page}");
    }
    let unknown = json::from_slice::<ClientFrame>(br#"{"requestId": "1", "nothing": {}}"#);
    assert!(
        unknown.is_err(),
        "reading is strict, so samples have no field that the schema lacks"
    );
}
