use super::*;
use crate::{
    clock::{ManualClock, SystemClock},
    kv::{
        Received,
        conformance::{Subject, every_promise},
    },
};

fn engine() -> (Arc<ManualClock>, Arc<EmbeddedKv>) {
    let clock = ManualClock::at(1_700_000_000_000);
    (clock.clone(), Arc::new(EmbeddedKv::new(clock)))
}

fn text(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_keeps_every_promise() {
    let (clock, kv) = engine();
    let pass = move |time| {
        clock.advance(time);
        Box::pin(std::future::ready(())) as _
    };
    every_promise(&Subject {
        kv,
        pass: Box::new(pass),
        prefix: String::new(),
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_sweeper_frees_what_has_expired() {
    let (clock, kv) = engine();
    let sweeper = kv.spawn_sweeper();
    let entries: Vec<_> = (0..1_000).map(|n| (format!("key {n}"), text("v"))).collect();
    kv.set_if_absent(&entries, Some(Duration::from_secs(60))).await.unwrap();
    kv.set("kept", text("v"), None).await.unwrap();
    kv.try_lock("lock", Duration::from_secs(60)).await.unwrap().unwrap();

    tokio::time::sleep(SWEEP_EVERY * 5).await;
    assert_eq!(kv.len(), 1_001, "what lives is left alone");
    clock.advance(Duration::from_secs(60));
    tokio::time::sleep(SWEEP_EVERY * 5).await;
    assert_eq!(kv.len(), 1);
    assert!(kv.locks.is_empty());

    drop(kv);
    sweeper.await.expect("the sweeper ends with its engine");
}

#[tokio::test]
async fn subscriptions_end_when_the_engine_does() {
    let (_, kv) = engine();
    let mut before = kv.subscribe("c").await.unwrap();
    kv.publish("c", text("last")).await.unwrap();
    kv.close();
    assert_eq!(before.next().await, Some(Received::Message(text("last"))));
    assert_eq!(before.next().await, None);
    assert_eq!(kv.subscribe("c").await.unwrap().next().await, None);

    let (_, kv) = engine();
    let mut messages = kv.subscribe("c").await.unwrap();
    drop(kv);
    assert_eq!(messages.next().await, None);
}

#[tokio::test]
async fn a_channel_without_subscribers_takes_no_room() {
    let (_, kv) = engine();
    let (one, two) = (kv.subscribe("c").await.unwrap(), kv.subscribe("c").await.unwrap());
    drop(one);
    assert_eq!(kv.channels.len(), 1);
    drop(two);
    assert_eq!(kv.channels.len(), 0);
}

#[tokio::test]
async fn fences_grow_across_a_restart() {
    let clock = ManualClock::at(1_700_000_000_000);
    let take = || async {
        EmbeddedKv::new(clock.clone())
            .try_lock("l", Duration::from_secs(1))
            .await
            .unwrap()
            .unwrap()
            .fence
    };
    let before = take().await;
    clock.advance(Duration::from_millis(1));
    assert!(take().await > before);
}

/// Prints what the two calls on the path of every message cost; judged by eye in a release build.
#[tokio::test]
#[ignore = "a measurement: cargo test --release -p im-infra -- --ignored --nocapture cost_of"]
async fn cost_of_the_calls_on_every_messages_path() {
    let kv = EmbeddedKv::new(SystemClock::shared());
    let keys: Vec<String> = (0..1_000).map(|user| format!("presence:{user:020}")).collect();
    for key in &keys {
        let devices = [
            (String::from("phone"), text("gateway-1")),
            (String::from("laptop"), text("gateway-2")),
        ];
        kv.hash_set(key, &devices, None).await.unwrap();
    }
    let (mut absent, mut all) = (Vec::new(), Vec::new());
    for round in 0..400 {
        let entries: Vec<_> = (0..500)
            .map(|n| (format!("seen:{round:016x}:{n:016x}"), text("1")))
            .collect();
        let started = std::time::Instant::now();
        kv.set_if_absent(&entries, Some(Duration::from_secs(60))).await.unwrap();
        absent.push(started.elapsed());
        let started = std::time::Instant::now();
        assert_eq!(kv.hash_all_many(&keys).await.unwrap().len(), 1_000);
        all.push(started.elapsed());
    }
    for (name, mut times) in [("set_if_absent of 500", absent), ("hash_all_many of 1,000", all)] {
        times.sort();
        #[expect(clippy::print_stdout, reason = "the figure is what this test is for")]
        {
            println!(
                "{name}: p50 {:?}, p99 {:?}",
                times[times.len() / 2],
                times[times.len() * 99 / 100]
            );
        }
    }
}
