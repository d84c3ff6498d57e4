//! Without MySQL: the log keeps what is sent, and delivery resumes.

use crate::kit::{Engine, READY, TURN, every, persists, texts, town, until};
use im_repo::store::mysql::database::Database;
use im_schema::v1::{self, client_frame, server_frame};
use im_testkit::{PASSWORD, call, message, text_of};
use std::time::{Duration, Instant};

const UNREADY: &str = r#"{"status":"unready","failing":["store"],"degraded":[]}"#;
/// Generous: less than three seconds is what it takes.
const SOON: Duration = Duration::from_secs(5);
/// Once it is known that the server is away.
const AT_ONCE: Duration = Duration::from_millis(600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_mysql_the_log_keeps_what_is_sent_and_delivery_resumes() {
    let _turn = TURN.lock().await;
    let engine = Engine::up("mysql").await;
    let database = Database::on(&engine.address("mysql")).await;
    let town = town(&[
        ("repo.mysql.primary", &database.options.primary),
        ("repo.mysql.database", &database.options.database),
    ])
    .await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    persists(&mut alice, &message(conversation, "0")).await;

    engine.kill("mysql").await;
    let log_in = v1::LogInRequest {
        name: bob.name.clone(),
        password: PASSWORD.into(),
        device_id: "second".into(),
        ..Default::default()
    };
    let mut took = Vec::new();
    for _ in 0..5 {
        let begun = Instant::now();
        let refused: Result<v1::LogInResponse, _> = call(bob.url(), None, "POST", "/v1/sessions", &log_in).await;
        let (status, problem) = refused.expect_err("nobody knows the password");
        assert_eq!(
            (status, problem.reason.as_str(), problem.retryable),
            (503, "UNAVAILABLE", true)
        );
        took.push(begun.elapsed());
    }
    // the machine may be busy with something else, but not each time
    let quickest = took[1..].iter().min().expect("there were others");
    assert!(took[0] < SOON && *quickest < AT_ONCE, "told after {took:?}");
    let expected: Vec<String> = (0..=20).map(|number| number.to_string()).collect();
    for text in &expected[1..] {
        alice.send(client_frame::Body::Send(message(conversation, text))).await;
        let accepted = |frame: &v1::ServerFrame| match &frame.body {
            Some(server_frame::Body::Accepted(_)) => Some(()),
            Some(server_frame::Body::Error(problem)) => panic!("{text} is refused: {problem:?}"),
            _ => None,
        };
        alice.find("accepted", accepted).await;
    }
    every(&town, "repo", UNREADY).await;
    for role in ["gateway", "logic", "task"] {
        every(&town, role, READY).await;
    }

    engine.start("mysql").await;
    every(&town, "repo", READY).await;
    bob.log_in("second").await;
    until("all that was accepted is stored", async || {
        texts(&bob, conversation).await.len() >= expected.len()
    })
    .await;
    assert_eq!(texts(&bob, conversation).await, expected, "in order, and once");
    let mut received: Vec<String> = Vec::new();
    until("all of it is received", async || {
        for frame in bob.so_far().await {
            let Some(server_frame::Body::Message(message)) = frame.body else {
                continue;
            };
            // what is delivered again has a sequence that was seen
            if message.sequence as usize > received.len() {
                received.push(text_of(&message).to_owned());
            }
        }
        received.len() >= expected.len()
    })
    .await;
    assert_eq!(received, expected);
    drop((alice, bob, town));
    drop(database);
    engine.end().await;
}
