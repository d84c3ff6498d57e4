mod cluster;

use super::*;
use crate::{
    engines::{Own, address},
    kv::{
        Received,
        conformance::{Subject, every_promise},
    },
};
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::time::Instant;

/// A name that no other test, and no other run, has used.
fn prefix() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("test-{}-{number}-{:08x}", std::process::id(), rand::random::<u32>())
}

async fn client(address: &str) -> RedisKv {
    RedisKv::connect(RedisOptions::new(address, prefix())).await.unwrap()
}

fn text(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_keeps_every_promise() {
    every_promise(&Subject {
        kv: Arc::new(client(&address("redis")).await),
        pass: Box::new(|time| Box::pin(tokio::time::sleep(time))),
        prefix: String::new(),
    })
    .await;
}

#[tokio::test]
async fn deployments_on_one_server_do_not_meet() {
    let address = address("redis");
    let (one, two) = (client(&address).await, client(&address).await);
    let mut messages = two.subscribe("c").await.unwrap();
    one.set("k", text("v"), None).await.unwrap();
    one.publish("c", text("from one")).await.unwrap();
    assert_eq!(two.get("k").await.unwrap(), None);
    assert!(one.try_lock("l", FENCE_KEPT).await.unwrap().is_some());
    assert!(two.try_lock("l", FENCE_KEPT).await.unwrap().is_some());
    two.publish("c", text("from two")).await.unwrap();
    assert_eq!(messages.next().await, Some(Received::Message(text("from two"))));
}

#[tokio::test]
async fn what_has_no_members_still_has_a_kind() {
    let kv = client(&address("redis")).await;
    kv.set("value", text("v"), None).await.unwrap();
    let ttl = Some(FENCE_KEPT);
    assert!(matches!(
        kv.hash_set("value", &[], ttl).await,
        Err(KvError::WrongKind { .. })
    ));
    assert!(matches!(
        kv.hash_delete("value", &[]).await,
        Err(KvError::WrongKind { .. })
    ));
    assert!(matches!(
        kv.sorted_add("value", &[]).await,
        Err(KvError::WrongKind { .. })
    ));
    assert!(matches!(
        kv.sorted_remove("value", &[]).await,
        Err(KvError::WrongKind { .. })
    ));
    assert!(matches!(
        kv.sorted_top("value", 0, 0).await,
        Err(KvError::WrongKind { .. })
    ));
    kv.set("value", text("v"), Some(Duration::MAX)).await.unwrap();
    assert_eq!(kv.get("value").await.unwrap(), Some(text("v")));
}

#[tokio::test]
async fn an_outage_fails_calls_at_once_and_ends_by_itself() {
    let engine = Own::up(&["redis"]);
    let kv = client(engine.address("redis")).await;
    let mut messages = kv.subscribe("c").await.unwrap();
    let held = kv.try_lock("l", Duration::from_secs(60)).await.unwrap().unwrap();

    engine.kill("redis");
    let started = Instant::now();
    assert!(matches!(kv.get("k").await, Err(KvError::Unavailable(Some(_)))));
    assert!(started.elapsed() <= kv.timeout, "within the time that it is given");
    let started = Instant::now();
    for _ in 0..1_000 {
        assert!(matches!(
            kv.set("k", text("v"), None).await,
            Err(KvError::Unavailable(_))
        ));
    }
    assert!(
        started.elapsed() < kv.timeout,
        "what is known to be away is not waited for"
    );
    assert!(matches!(kv.subscribe("d").await, Err(KvError::Unavailable(_))));
    assert!(kv.health().is_err());

    let mut losses = kv.losses();
    engine.start("redis");
    until(async || kv.set("k", text("back"), None).await.is_ok()).await;
    assert_eq!(kv.get("k").await.unwrap(), Some(text("back")));
    assert_eq!(
        messages.next().await,
        Some(Received::Missed),
        "what was published meanwhile is lost"
    );
    kv.publish("c", text("again")).await.unwrap();
    assert_eq!(messages.next().await, Some(Received::Message(text("again"))));
    assert!(kv.health().is_ok());
    assert!(losses.has_changed().unwrap(), "what was written before is gone");
    losses.mark_unchanged();
    kv.get("k").await.unwrap();
    assert!(!losses.has_changed().unwrap());

    let taken = kv.try_lock("l", Duration::from_secs(60)).await.unwrap().unwrap();
    assert!(taken.fence > held.fence, "fences grow though the server forgot them");
    assert!(!kv.unlock(held).await.unwrap());
}

#[tokio::test]
async fn a_client_that_starts_in_an_outage_works_after_it() {
    let engine = Own::up(&["redis"]);
    engine.kill("redis");
    let kv = client(engine.address("redis")).await;
    assert!(matches!(kv.get("k").await, Err(KvError::Unavailable(Some(_)))));
    engine.start("redis");
    until(async || kv.get("k").await.is_ok()).await;
    assert!(kv.subscribe("c").await.is_ok());
}

#[tokio::test]
async fn a_server_that_hangs_is_away_until_it_goes_on() {
    let engine = Own::up(&["redis"]);
    let kv = client(engine.address("redis")).await;
    let mut other = client(engine.address("redis")).await;
    other.timeout = Duration::from_secs(60);
    let pause = cmd("CLIENT").arg("PAUSE").arg(1_000).to_owned();
    other.link.call::<()>(&pause).await.unwrap();
    let started = Instant::now();
    assert!(matches!(kv.get("k").await, Err(KvError::Unavailable(Some(_)))));
    assert!(started.elapsed() < kv.timeout * 2);
    until(async || kv.get("k").await.is_ok()).await;
}

#[tokio::test]
async fn subscriptions_end_with_the_client() {
    let kv = client(&address("redis")).await;
    let mut messages = kv.subscribe("c").await.unwrap();
    drop(kv);
    assert_eq!(messages.next().await, None);
}

#[tokio::test]
async fn options_that_make_no_client_are_refused() {
    let good = RedisOptions::new("127.0.0.1:1", "p");
    let several = vec!["a:1".into(), "b:1".into()];
    for (options, told) in [
        (
            RedisOptions {
                addresses: Vec::new(),
                ..good.clone()
            },
            "not 0",
        ),
        (
            RedisOptions {
                addresses: several,
                ..good.clone()
            },
            "not 2",
        ),
        (RedisOptions::new("host", "p"), "host is not host:port"),
        (RedisOptions::new("host:port", "p"), "host:port is not host:port"),
        (RedisOptions::new("127.0.0.1:1", "{p}"), "prefix {p}"),
        (
            RedisOptions {
                cluster: true,
                database: 1,
                ..good.clone()
            },
            "only database 0",
        ),
    ] {
        let error = RedisKv::connect(options).await.err().expect(told);
        assert!(error.to_string().contains(told), "{error}");
    }
    let secret = RedisOptions {
        password: crate::config::Secret::new("hunter2"),
        ..good
    };
    assert!(!format!("{secret:?}").contains("hunter2"));
}

/// Tries again until it is so; fails if that takes much longer than any engine.
async fn until(so: impl AsyncFn() -> bool) {
    let tried = async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(20), tried)
        .await
        .expect("it becomes so in time");
}
