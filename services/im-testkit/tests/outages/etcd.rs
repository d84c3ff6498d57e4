//! Without etcd: processes that run go on with what they know.

use crate::kit::{Engine, READY, TURN, every, says, town, until};
use im_infra::{
    clock::SystemClock,
    registry::{
        Registry as _,
        etcd::{EtcdOptions, EtcdRegistry},
    },
};

const DEGRADED: &str = r#"{"status":"ready","failing":[],"degraded":["registry"]}"#;
/// A name of its own in an engine of its own.
const PREFIX: &str = "outage";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_etcd_all_goes_on_and_it_is_heeded_again_when_it_is_back() {
    let _turn = TURN.lock().await;
    let engine = Engine::up("etcd").await;
    let address = engine.address("etcd");
    let town = town(&[("etcd.endpoints", &address), ("etcd.prefix", PREFIX)]).await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    let gateways = town.urls("gateway");

    engine.kill("etcd").await;
    for role in ["gateway", "logic", "repo", "task"] {
        every(&town, role, DEGRADED).await;
    }
    for number in 0..10 {
        says(&mut alice, &mut bob, conversation, &format!("meanwhile {number}")).await;
    }
    bob.log_in("second").await;
    town.user("carol").await;

    engine.start("etcd").await;
    for role in ["gateway", "logic", "repo", "task"] {
        every(&town, role, READY).await;
    }
    let registry = EtcdRegistry::connect(EtcdOptions::new(&address, PREFIX), SystemClock::shared()).await;
    let registry = registry.expect("options that are in order");
    for role in ["gateway", "logic", "repo", "task"] {
        let instances = registry.watch(role).await.expect("the registry is there");
        until("it is registered", async || instances.borrow().len() == 1).await;
    }
    let hidden = registry.config_set("gateway.pages", Some("false".to_owned())).await;
    hidden.expect("the setting is changed");
    for gateway in &gateways {
        until("the pages are hidden", async || {
            let page = reqwest::get(format!("{gateway}/docs/")).await.expect("an answer");
            page.status().as_u16() == 404
        })
        .await;
    }
    says(&mut bob, &mut alice, conversation, "afterwards").await;
    drop((alice, bob, town));
    engine.end().await;
}
