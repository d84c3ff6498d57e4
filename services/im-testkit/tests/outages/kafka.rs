//! Without Kafka: senders are told at once to try again, readers go on.

use crate::kit::{Engine, READY, TURN, every, persists, texts, until};
use im_schema::v1::{self, client_frame};
use im_testkit::{Ground, Town, message};
use std::time::{Duration, Instant};

const UNREADY: &str = r#"{"status":"unready","failing":["log"],"degraded":[]}"#;
/// Generous: about two seconds is what it takes to miss all brokers.
const SOON: Duration = Duration::from_secs(5);
/// Once it is known that they are away one call at a time looks for them, for half a second.
const AT_ONCE: Duration = Duration::from_millis(1_200);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_kafka_senders_are_told_at_once_and_readers_go_on() {
    let _turn = TURN.lock().await;
    let engine = Engine::up("kafka").await;
    let brokers = engine.address("kafka");
    // an append that is under way may take far longer than senders wait
    let settings = [("kafka.brokers", &*brokers), ("kafka.delivery_timeout", "60s")];
    let town = Town::start(Ground::Engines, &settings).await;
    let (mut alice, bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    persists(&mut alice, &message(conversation, "before")).await;

    engine.kill("kafka").await;
    let meanwhile = message(conversation, "meanwhile");
    let mut took = Vec::new();
    for _ in 0..5 {
        let begun = Instant::now();
        let problem = alice.refused(client_frame::Body::Send(meanwhile.clone())).await;
        assert_eq!((problem.reason.as_str(), problem.retryable), ("UNAVAILABLE", true));
        took.push(begun.elapsed());
    }
    // the machine may be busy with something else, but not each time
    let quickest = took[1..].iter().min().expect("there were others");
    assert!(took[0] < SOON && *quickest < AT_ONCE, "told after {took:?}");
    let path = format!("/v1/conversations/{conversation}/messages");
    let begun = Instant::now();
    let mut by_post = message(conversation, "by post");
    by_post.conversation_id = 0;
    let refused = alice.rest::<v1::SendMessageResponse>("POST", &path, &by_post).await;
    let (status, problem) = refused.expect_err("nothing takes it");
    assert_eq!(
        (status, problem.reason.as_str(), problem.retryable),
        (503, "UNAVAILABLE", true)
    );
    let took = begun.elapsed();
    assert!(took < SOON, "by REST it is told after {took:?}");

    assert_eq!(texts(&bob, conversation).await, ["before"]);
    let list: v1::ListConversationsResponse = bob.rest("GET", "/v1/conversations", &()).await.expect("a list");
    assert_eq!(list.conversations.len(), 1);
    bob.log_in("second").await;
    every(&town, "gateway", UNREADY).await;

    engine.start("kafka").await;
    every(&town, "gateway", READY).await;
    let first = persists(&mut alice, &meanwhile).await;
    let again = persists(&mut alice, &meanwhile).await;
    assert_eq!((again.message_id, again.sequence), (first.message_id, first.sequence));
    until("what was sent again is there once", async || {
        let found = texts(&bob, conversation).await;
        // what was refused may have come to the log nevertheless
        let refused: Vec<_> = found.iter().filter(|text| *text != "by post").collect();
        refused == ["before", "meanwhile"]
    })
    .await;
    drop((alice, bob, town));
    engine.end().await;
}
