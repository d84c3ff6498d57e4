//! What the API description and the reference show works: every example request and every sample is sent to a running platform.

mod exchange;
mod pages;
mod stand_ins;

use crate::town;
use exchange::STOPS;
use im_testkit::Town;
use pages::{Request, block, pages};
use serde_json::Value;
use stand_ins::StandIns;

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
    let town = town().await;
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
    let town = town().await;
    for (number, (page, text)) in pages("calls").into_iter().enumerate() {
        let stand_ins = StandIns::make(&town, number).await;
        let sample = block(&text, "### curl", "sh").unwrap_or_else(|| panic!("{page} has a sample for curl"));
        let answer = answered(&town, &page, &Request::of_curl(&sample), &stand_ins).await;
        assert!(answer.is_object(), "{page}: {answer}");
    }
}

#[tokio::test]
async fn every_exchange_over_a_websocket_goes_as_shown() {
    let mut town = town().await;
    let calls = pages("calls").into_iter();
    let calls = calls.filter(|(_, text)| block(text, "### WebSocket", "text").is_some());
    let (last, first): (Vec<_>, Vec<_>) = calls.chain(pages("frames")).partition(|(_, text)| text.contains(STOPS));
    assert!(first.len() > 40 && !last.is_empty(), "there are exchanges of all kinds");
    for (number, (page, text)) in first.into_iter().chain(last).enumerate() {
        let sample = block(&text, "### WebSocket", "text").unwrap_or_else(|| panic!("{page} has an exchange"));
        let stand_ins = StandIns::make(&town, number).await;
        exchange::goes_as_shown(&mut town, &page, &sample, &stand_ins).await;
    }
}
