//! Without Redis: slower, and correct.

use crate::kit::{Engine, READY, TURN, every, says, town, until};
use im_infra::{
    kv::{
        Kv as _,
        redis::{RedisKv, RedisOptions},
    },
    presence,
};
use im_schema::v1;
use im_testkit::{Town, User, call};

const DEGRADED: &str = r#"{"status":"ready","failing":[],"degraded":["kv"]}"#;
/// A name of its own in an engine of its own.
const PREFIX: &str = "outage";
const PROCESSES: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_all_goes_on_and_what_it_forgot_is_told_again() {
    let _turn = TURN.lock().await;
    let engine = Engine::up("redis").await;
    let address = engine.address("redis");
    let town = town(&[
        ("redis.addresses", &address),
        ("redis.prefix", PREFIX),
        // far beyond this test: it is not the heartbeat that tells of presence again
        ("gateway.presence_ttl", "1h"),
    ])
    .await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    says(&mut alice, &mut bob, conversation, "before").await;
    let ended = alice.log_in("second").await;
    let logged_out: Result<v1::LogOutResponse, _> = call(
        alice.url(),
        Some(&ended.access_token),
        "DELETE",
        "/v1/sessions/current",
        &(),
    )
    .await;
    logged_out.expect("the session is ended");

    engine.kill("redis").await;
    every(&town, "gateway", DEGRADED).await;
    every(&town, "logic", DEGRADED).await;
    let told = warnings(&town);
    for number in 0..50 {
        says(&mut alice, &mut bob, conversation, &format!("meanwhile {number}")).await;
    }
    bob.log_in("second").await;
    town.user("carol").await;
    let more = warnings(&town) - told;
    assert!(more <= PROCESSES, "it is told once, not {more} times");

    engine.start("redis").await;
    every(&town, "gateway", READY).await;
    every(&town, "logic", READY).await;
    let kv = RedisKv::connect(RedisOptions::new(&address, PREFIX))
        .await
        .expect("options that are in order");
    until("both are online again", async || {
        online(&kv, &alice).await && online(&kv, &bob).await
    })
    .await;
    until("the ended session is known again", async || {
        let refused: Result<v1::ListConversationsResponse, _> =
            call(alice.url(), Some(&ended.access_token), "GET", "/v1/conversations", &()).await;
        refused.is_err_and(|(status, problem)| status == 401 && problem.reason == "SESSION_ENDED")
    })
    .await;
    says(&mut bob, &mut alice, conversation, "afterwards").await;
    drop((alice, bob, town));
    engine.end().await;
}

async fn online(kv: &RedisKv, user: &User) -> bool {
    let places = kv.hash_all(&presence::key(user.id)).await.expect("the engine is there");
    !places.is_empty()
}

/// How many warnings all processes have logged.
fn warnings(town: &Town) -> usize {
    town.log_of_processes()
        .lines()
        .filter(|line| line.contains("WARN"))
        .count()
}
