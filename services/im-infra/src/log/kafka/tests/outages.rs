//! A broker that is killed, and one that is stopped.

use super::{PATIENCE, number, numbered, options, soon, topic};
use crate::{
    engines::Own,
    log::{Append, Durability, Log, LogError, kafka::KafkaLog},
};
use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

async fn broker() -> Arc<Own> {
    let own = tokio::task::spawn_blocking(|| Own::up(&["kafka"])).await;
    Arc::new(own.expect("kafka starts"))
}

/// Does something to the broker that takes its time.
async fn to(broker: &Arc<Own>, action: impl FnOnce(&Own) + Send + 'static) {
    let broker = Arc::clone(broker);
    tokio::task::spawn_blocking(move || action(&broker))
        .await
        .expect("the script works");
}

/// Appends as a service does: the same batch again and again until it is taken.
async fn persist(log: &KafkaLog, batch: Vec<Append>) {
    let begun = Instant::now();
    while let Err(error) = log.append(batch.clone()).await {
        assert!(matches!(error, LogError::Unavailable(_)), "{error}");
        assert!(begun.elapsed() < PATIENCE, "the broker is not back");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_broker_loses_nothing_that_was_acknowledged_and_keeps_the_order() {
    const RECORDS: u64 = 3_000;
    let broker = broker().await;
    let log = Arc::new(KafkaLog::new(options(broker.address("kafka"))).expect("the options are in order"));
    let topic = topic(&log, 1, Durability::Disk).await;
    let mut member = log.subscribe(&topic, "readers").await.expect("the topic is there");
    let mut stream = soon("an assignment", member.assigned()).await.expect("the log is open");
    let (progress, mut appended) = mpsc::unbounded_channel();
    let appending = tokio::spawn({
        let (log, topic) = (Arc::clone(&log), Arc::clone(&topic));
        async move {
            for first in (0..RECORDS).step_by(10) {
                persist(&log, (first..first + 10).map(|at| numbered(&topic, 0, at)).collect()).await;
                let _ = progress.send(first);
            }
        }
    });
    let killing = tokio::spawn({
        let broker = Arc::clone(&broker);
        async move {
            for at in [RECORDS / 3, RECORDS * 2 / 3] {
                while appended.recv().await.is_some_and(|first| first < at) {}
                to(&broker, |broker| {
                    broker.kill("kafka");
                    broker.start("kafka");
                })
                .await;
            }
        }
    });
    let (mut seen, mut first_seen, mut before) = (BTreeSet::new(), Vec::new(), None);
    while seen.len() < RECORDS as usize {
        let Some(records) = soon("the next record", stream.next(1 << 16))
            .await
            .expect("the log can be read")
        else {
            // the broker was away for longer than the session: the group begins anew
            stream = soon("an assignment", member.assigned()).await.expect("the log is open");
            before = None;
            continue;
        };
        for record in &records {
            assert!(before < Some(record.offset), "one stream gives no record twice");
            before = Some(record.offset);
            if seen.insert(number(record)) {
                first_seen.push(number(record));
            }
        }
        stream
            .commit(before.map_or(0, |last| last + 1))
            .await
            .expect("it is committed");
    }
    assert!(
        first_seen.into_iter().eq(0..RECORDS),
        "everything comes, first in the order of appending"
    );
    appending.await.expect("the appender came to its end");
    killing.await.expect("the broker is back");
    assert_eq!(log.lag(&topic, "readers").await.expect("the topic is there"), 0);
    soon("the end", log.close()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_broker_is_stopped_appends_fail_soon_and_then_at_once_until_it_is_back() {
    let broker = broker().await;
    let mut options = options(broker.address("kafka"));
    options.delivery_timeout = Duration::from_secs(2);
    let log = KafkaLog::new(options).expect("the options are in order");
    let topic = topic(&log, 1, Durability::Disk).await;
    log.append(vec![numbered(&topic, 0, 1)])
        .await
        .expect("the broker is there");
    to(&broker, |broker| broker.stop("kafka")).await;

    let mut refused = Vec::new();
    for _ in 0..5 {
        let begun = Instant::now();
        let error = log
            .append(vec![numbered(&topic, 0, 2)])
            .await
            .expect_err("the broker is away");
        assert!(matches!(error, LogError::Unavailable(_)), "{error}");
        refused.push(begun.elapsed());
    }
    assert!(refused[0] < Duration::from_secs(4), "{refused:?}");
    assert!(
        refused[1..].iter().all(|took| *took < Duration::from_millis(900)),
        "{refused:?}"
    );

    to(&broker, |broker| broker.start("kafka")).await;
    soon("taking appends again", persist(&log, vec![numbered(&topic, 0, 3)])).await;
    to(&broker, |broker| broker.stop("kafka")).await;
    soon("closing without a broker", log.close()).await;
}

#[tokio::test]
async fn without_a_broker_every_call_says_that_it_is_unavailable() {
    let mut options = options("127.0.0.1:1");
    options.delivery_timeout = Duration::from_secs(1);
    let log = KafkaLog::new(options).expect("the options are in order");
    let unavailable = |error| assert!(matches!(error, LogError::Unavailable(_)), "{error}");
    let topic: Arc<str> = "nowhere".into();
    unavailable(
        log.append(vec![numbered(&topic, 0, 1)])
            .await
            .expect_err("nothing is there"),
    );
    unavailable(log.subscribe(&topic, "readers").await.err().expect("nothing is there"));
    unavailable(log.lag(&topic, "readers").await.expect_err("nothing is there"));
    log.close().await;
}
