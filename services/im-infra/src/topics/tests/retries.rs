//! Messages that step aside for those behind them, on every engine.

use super::*;
use crate::topics::letters::all;
use im_schema::{
    internal::v1::{Deliveries, Delivery, Fanout},
    parlance::Reason,
    topic::Retry,
    v1::Message,
};
use std::collections::HashMap;

const PATIENCE: Duration = Duration::from_secs(180);

fn fanout(conversation_id: u64) -> Fanout {
    let message = Message {
        message_id: 1,
        conversation_id,
        sequence: 1,
        ..Default::default()
    };
    let delivery = Delivery {
        message: Some(message),
        ..Default::default()
    };
    Fanout {
        conversation_id,
        deliveries: Some(Deliveries {
            items: vec![delivery],
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// The schema's topic with shorter pauses.
fn quick() -> Retry {
    Retry {
        attempts: 3,
        first_pause_ms: 50,
        longest_pause_ms: 100,
        ..Fanout::TOPIC.retry.expect("the schema says so")
    }
}

/// How often each conversation was tried.
type Attempts = Arc<Mutex<HashMap<u64, usize>>>;

/// A group at work that cannot handle conversation 13 as long as `until` has it fail; what it fails for passes. The second value counts attempts.
fn reader(until: usize) -> (Arc<Reader<Fanout>>, Attempts) {
    let attempts = Attempts::default();
    let counted = Arc::clone(&attempts);
    let reader = Reader::new(move |batch: &[(u64, Fanout)]| {
        if !batch.iter().any(|(_, task)| task.conversation_id == 13) {
            return Ok(());
        }
        let mut counted = counted.lock();
        let count = counted.entry(13).or_insert(0);
        *count += 1;
        if *count <= until {
            return Err(Failure::new(Reason::Unavailable, "not yet"));
        }
        Ok(())
    });
    (reader, attempts)
}

impl Fixture {
    fn read_with(&self, reader: &Arc<Reader<Fanout>>, retry: Retry) -> tokio::task::JoinHandle<()> {
        let consumer = Consumer::<Fanout>::new(Arc::clone(&self.log), SystemClock::shared(), "readers").retry(retry);
        let (reader, stop) = (Arc::clone(reader), self.stop.child_token());
        tokio::spawn(async move { consumer.run(reader, stop).await.unwrap() })
    }

    async fn order(&self, conversations: &[u64]) {
        let tasks = conversations.iter().map(|id| fanout(*id)).collect();
        Producer::new(Arc::clone(&self.log)).append(tasks).await.unwrap();
    }
}

async fn has(reader: &Reader<Fanout>, count: usize) -> Vec<u64> {
    let seen = tokio::time::timeout(PATIENCE, reader.has(count))
        .await
        .expect("it is handled in time");
    seen.iter().map(|task| task.conversation_id).collect()
}

async fn what_fails_steps_aside_and_is_handled_later(fixture: Fixture) {
    // in place four times and once alone; then twice more
    let (reader, attempts) = reader(7);
    let running = fixture.read_with(&reader, quick());
    // one partition, so that what is behind would have to wait
    let behind: Vec<u64> = (14..).filter(|id| same_partition(*id, 13)).take(3).collect();
    fixture.order(&[13]).await;
    fixture.order(&behind).await;
    let seen = has(&reader, 4).await;
    assert_eq!(seen, [&behind[..], &[13]].concat(), "those behind it did not wait");
    assert_eq!(attempts.lock()[&13], 8);
    assert!(all(&*fixture.log).await.unwrap().is_empty());
    stopped(fixture, running).await;
}

async fn what_fails_too_often_becomes_a_dead_letter(fixture: Fixture) {
    let (reader, attempts) = reader(usize::MAX);
    let running = fixture.read_with(&reader, quick());
    fixture.order(&[13]).await;
    let letters = async {
        loop {
            let letters = all(&*fixture.log).await.unwrap();
            if !letters.is_empty() {
                return letters;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let letters = tokio::time::timeout(PATIENCE, letters)
        .await
        .expect("it ends some time");
    let letter = &letters[0].letter;
    assert_eq!(
        (&*letter.topic, letter.key, letter.offset),
        ("parlance.fanout", 13, 0),
        "it says where it stood at first"
    );
    assert!(letter.cause.contains("not yet"), "{letter:?}");
    assert_eq!(
        attempts.lock()[&13],
        5 + 3,
        "in place, and then as often as the schema says"
    );
    assert_eq!(reader.given_up.lock().len(), 1);
    stopped(fixture, running).await;
}

async fn what_waits_is_handled_by_whoever_comes_after(fixture: Fixture) {
    let long = Retry {
        first_pause_ms: 1_000,
        longest_pause_ms: 1_000,
        ..quick()
    };
    let (first, attempts) = reader(5);
    let stop = fixture.stop.child_token();
    let consumer = Consumer::<Fanout>::new(Arc::clone(&fixture.log), SystemClock::shared(), "readers").retry(long);
    let (handler, stopping) = (Arc::clone(&first), stop.clone());
    let running = tokio::spawn(async move { consumer.run(handler, stopping).await.unwrap() });
    fixture.order(&[13]).await;
    let aside = async {
        while fixture.log.lag(long.name, "readers").await.unwrap() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, aside).await.expect("it steps aside");
    stop.cancel();
    running.await.unwrap();
    assert_eq!(attempts.lock()[&13], 5);
    let (second, _) = reader(0);
    let running = fixture.read_with(&second, long);
    assert_eq!(has(&second, 1).await, [13]);
    let committed = async {
        while fixture.log.lag(long.name, "readers").await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, committed)
        .await
        .expect("what is done with is committed");
    stopped(fixture, running).await;
}

fn same_partition(one: u64, other: u64) -> bool {
    let of = |key| partition_of(key, Fanout::TOPIC.partitions);
    of(one) == of(other)
}

async fn stopped(fixture: Fixture, running: tokio::task::JoinHandle<()>) {
    fixture.stop.cancel();
    running.await.unwrap();
    fixture.log.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_step_aside_on_the_embedded_log() {
    what_fails_steps_aside_and_is_handled_later(Fixture::new().await).await;
    what_fails_too_often_becomes_a_dead_letter(Fixture::new().await).await;
    what_waits_is_handled_by_whoever_comes_after(Fixture::new().await).await;
}

#[cfg(feature = "kafka")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_step_aside_on_kafka() {
    what_fails_steps_aside_and_is_handled_later(Fixture::on_kafka().await).await;
    what_fails_too_often_becomes_a_dead_letter(Fixture::on_kafka().await).await;
    what_waits_is_handled_by_whoever_comes_after(Fixture::on_kafka().await).await;
}
