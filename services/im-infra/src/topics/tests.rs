mod letters;
mod retries;

use super::*;
use crate::{
    clock::SystemClock,
    log::embedded::{EmbeddedLog, EmbeddedLogOptions},
};
use async_trait::async_trait;
use im_schema::{
    internal::v1::{DeadLetter, Downstream, SessionsEnded, Upstream, downstream::Event},
    v1::{Content, Text, content::Kind},
};
use parking_lot::Mutex;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

fn upstream(conversation_id: u64, number: u64) -> Upstream {
    let text = Text {
        body: number.to_string(),
        ..Default::default()
    };
    Upstream {
        conversation_id,
        sender_id: number,
        client_message_id: vec![7; 16].into(),
        content: Some(Content {
            kind: Some(Kind::Text(text)),
            ..Default::default()
        }),
        ..Upstream::default()
    }
}

fn downstream(user: u64) -> Downstream {
    Downstream {
        recipients: vec![user],
        event: Some(Event::SessionsEnded(SessionsEnded::default())),
        ..Default::default()
    }
}

type Verdict<T> = dyn Fn(&[(u64, T)]) -> Result<(), Failure> + Send + Sync;

/// Remembers what it is given, and fails as it is told.
struct Reader<T> {
    seen: Mutex<Vec<T>>,
    given_up: Mutex<Vec<T>>,
    missed: Mutex<u64>,
    arrived: Notify,
    fail: Box<Verdict<T>>,
}

impl<T: TopicPayload + Clone + 'static> Reader<T> {
    fn new(fail: impl Fn(&[(u64, T)]) -> Result<(), Failure> + Send + Sync + 'static) -> Arc<Self> {
        let (seen, given_up, missed, arrived) = Default::default();
        Arc::new(Self {
            seen,
            given_up,
            missed,
            arrived,
            fail: Box::new(fail),
        })
    }

    async fn has(&self, count: usize) -> Vec<T> {
        loop {
            let arrived = self.arrived.notified();
            if self.seen.lock().len() >= count {
                return self.seen.lock().clone();
            }
            arrived.await;
        }
    }
}

#[async_trait]
impl<T: TopicPayload + Clone + 'static> Handler<T> for Reader<T> {
    async fn handle(&self, _: u32, batch: Vec<(u64, T)>) -> Result<(), Failure> {
        (self.fail)(&batch)?;
        self.seen.lock().extend(batch.into_iter().map(|(_, message)| message));
        self.arrived.notify_one();
        Ok(())
    }

    async fn given_up(&self, message: T, _: &Failure) {
        self.given_up.lock().push(message);
    }

    async fn missed(&self, _: u32, records: u64) {
        *self.missed.lock() += records;
    }
}

struct Fixture {
    log: Arc<dyn Log>,
    stop: CancellationToken,
    _folder: Option<tempfile::TempDir>,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = EmbeddedLog::open(folder.path(), EmbeddedLogOptions::new(SystemClock::shared())).unwrap();
        Self::on(Arc::new(log), Some(folder)).await
    }

    /// Topics of its own on the brokers that all tests share.
    #[cfg(feature = "kafka")]
    async fn on_kafka() -> Self {
        use crate::{
            engines,
            log::{
                kafka::{KafkaLog, KafkaOptions},
                prefixed::Prefixed,
            },
        };
        let options = KafkaOptions {
            // a broker that shares two cores with a compiler may be late
            delivery_timeout: Duration::from_secs(30),
            ..KafkaOptions::new(&engines::address("kafka"))
        };
        let prefix = format!("topics.{:x}.", rand::random::<u64>());
        let log = Prefixed::new(Arc::new(KafkaLog::new(options).unwrap()), &prefix);
        Self::on(Arc::new(log), None).await
    }

    async fn on(log: Arc<dyn Log>, folder: Option<tempfile::TempDir>) -> Self {
        create(&*log).await.unwrap();
        Self {
            log,
            stop: CancellationToken::new(),
            _folder: folder,
        }
    }

    /// A member of the group `readers` at work, until the token is cancelled.
    fn read<T: TopicPayload + Clone + 'static>(
        &self,
        reader: &Arc<Reader<T>>,
    ) -> (tokio::task::JoinHandle<()>, CancellationToken) {
        let consumer = Consumer::<T>::new(Arc::clone(&self.log), SystemClock::shared(), "readers");
        let (reader, stop) = (Arc::clone(reader), self.stop.child_token());
        let stopped = stop.clone();
        (
            tokio::spawn(async move { consumer.run(reader, stopped).await.unwrap() }),
            stop,
        )
    }

    async fn send(&self, messages: Vec<Upstream>) {
        Producer::new(Arc::clone(&self.log)).append(messages).await.unwrap();
    }

    async fn dead(&self, count: usize) -> Vec<DeadLetter> {
        let reader = Reader::<DeadLetter>::new(|_| Ok(()));
        self.read(&reader);
        reader.has(count).await
    }
}

#[tokio::test]
async fn messages_of_one_key_arrive_in_order_and_are_not_read_twice() {
    let fixture = Fixture::new().await;
    fixture
        .send((0..2_000).map(|number| upstream(1 + number % 7, 1 + number)).collect())
        .await;
    let reader = Reader::new(|_: &[(u64, Upstream)]| Ok(()));
    let (reading, stop) = fixture.read(&reader);
    let seen = reader.has(2_000).await;
    for conversation in 1..=7 {
        let numbers: Vec<u64> = seen
            .iter()
            .filter(|m| m.conversation_id == conversation)
            .map(|m| m.sender_id)
            .collect();
        assert!(numbers.windows(2).all(|pair| pair[0] + 7 == pair[1]), "{numbers:?}");
    }
    stop.cancel();
    reading.await.unwrap();
    assert_eq!(fixture.log.lag(Upstream::TOPIC.name, "readers").await.unwrap(), 0);
}

#[tokio::test]
async fn many_messages_share_a_record_of_bounded_size() {
    let mut outbox = Outbox::new();
    let long = "x".repeat(8_000);
    for number in 0..100 {
        let mut message = upstream(1, number + 1);
        message.content = Some(Content {
            kind: Some(Kind::Text(Text {
                body: long.clone(),
                ..Default::default()
            })),
            ..Default::default()
        });
        outbox.add(&message);
    }
    assert_eq!(
        outbox.closed.len(),
        3,
        "800 kB are three full records and one that is not"
    );
    assert!(
        outbox
            .closed
            .iter()
            .all(|record| record.payload.len() < RECORD_BYTES + 9_000)
    );
}

#[tokio::test]
async fn what_fails_for_now_comes_again_in_order() {
    let fixture = Fixture::new().await;
    fixture.send((1..=5).map(|number| upstream(1, number)).collect()).await;
    let failures = Mutex::new(4);
    let reader = Reader::new(move |batch: &[(u64, Upstream)]| {
        assert_eq!(batch[0].1.sender_id, 1, "nothing is passed over");
        let mut failures = failures.lock();
        *failures -= 1;
        if *failures > 0 {
            Err(Failure::new(Reason::Unavailable, ""))
        } else {
            Ok(())
        }
    });
    let _reading = fixture.read(&reader);
    let numbers: Vec<u64> = reader.has(5).await.iter().map(|message| message.sender_id).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn what_can_never_be_handled_becomes_a_dead_letter_and_the_rest_goes_on() {
    let fixture = Fixture::new().await;
    fixture.send((1..=4).map(|number| upstream(1, number)).collect()).await;
    let reader =
        Reader::new(
            |batch: &[(u64, Upstream)]| match batch.iter().find(|(_, message)| message.sender_id == 3) {
                Some(_) if batch.len() == 1 => panic!("a bug that one message wakes"),
                Some(_) => Err(Failure::new(Reason::Internal, "")),
                None => Ok(()),
            },
        );
    let (reading, stop) = fixture.read(&reader);
    let numbers: Vec<u64> = reader.has(3).await.iter().map(|message| message.sender_id).collect();
    assert_eq!(numbers, [1, 2, 4]);
    let letters = fixture.dead(1).await;
    assert_eq!((letters[0].topic.as_str(), letters[0].key), (Upstream::TOPIC.name, 1));
    stop.cancel();
    reading.await.unwrap();
    assert_eq!(reader.given_up.lock()[0].sender_id, 3);
}

#[tokio::test]
async fn garbage_and_messages_that_break_a_rule_become_dead_letters() {
    let fixture = Fixture::new().await;
    let nonsense = Append {
        topic: Upstream::TOPIC.name.into(),
        partition: 0,
        payload: Bytes::from_static(b"\xff\xff\xff"),
    };
    fixture.log.append(vec![nonsense]).await.unwrap();
    let nobody = Upstream {
        sender_id: 0,
        ..upstream(1, 1)
    };
    fixture.send(vec![nobody.clone(), upstream(1, 2)]).await;
    let reader = Reader::new(|_: &[(u64, Upstream)]| Ok(()));
    let (reading, stop) = fixture.read(&reader);
    assert_eq!(reader.has(1).await, [upstream(1, 2)]);
    let causes: Vec<String> = fixture.dead(2).await.into_iter().map(|letter| letter.cause).collect();
    assert!(causes.iter().any(|cause| cause.starts_with("MALFORMED")), "{causes:?}");
    assert!(causes.iter().any(|cause| cause.contains("senderId")), "{causes:?}");
    stop.cancel();
    reading.await.unwrap();
    assert_eq!(*reader.given_up.lock(), [nobody]);
}

#[tokio::test]
async fn a_stopped_reader_leaves_what_it_has_not_done_to_the_next() {
    let fixture = Fixture::new().await;
    fixture.send(vec![upstream(1, 1)]).await;
    let tried = Arc::new(Notify::new());
    let never = Reader::new({
        let tried = Arc::clone(&tried);
        move |_: &[(u64, Upstream)]| {
            tried.notify_one();
            Err(Failure::new(Reason::Unavailable, ""))
        }
    });
    let (reading, stop) = fixture.read(&never);
    tried.notified().await;
    stop.cancel();
    reading.await.unwrap();
    let reader = Reader::new(|_: &[(u64, Upstream)]| Ok(()));
    let _reading = fixture.read(&reader);
    assert_eq!(reader.has(1).await, [upstream(1, 1)]);
}

#[tokio::test]
async fn each_instance_reads_its_own_and_one_that_is_gone_stops_nobody() {
    let fixture = Fixture::new().await;
    create_for::<Downstream>(&*fixture.log, "gateway-1").await.unwrap();
    let mut outbox = Outbox::new();
    outbox.add_for("gone", &downstream(1));
    outbox.add_for("gateway-1", &downstream(2));
    let whole = downstream(3);
    let (own, shared) = (
        Downstream {
            event: None,
            ..whole.clone()
        },
        Downstream {
            recipients: vec![],
            ..whole
        },
    );
    let parts = [
        prost::Message::encode_to_vec(&own),
        prost::Message::encode_to_vec(&shared),
    ];
    outbox.add_parts_for::<Downstream>("gateway-1", &[&parts[0], &parts[1]]);
    outbox.append(&*fixture.log).await.unwrap();
    let reader = Reader::new(|_: &[(u64, Downstream)]| Ok(()));
    let consumer = Consumer::<Downstream>::of_instance(Arc::clone(&fixture.log), SystemClock::shared(), "gateway-1");
    let reading = tokio::spawn(consumer.run(Arc::clone(&reader), fixture.stop.clone()));
    assert_eq!(reader.has(2).await, [downstream(2), downstream(3)]);
    fixture.stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), reading)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_handler_is_told_what_it_missed() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = EmbeddedLogOptions::new(SystemClock::shared());
    options.memory_topic_bytes = 1_000;
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open(folder.path(), options).unwrap());
    create_for::<Downstream>(&*log, "gateway-1").await.unwrap();
    // the group is there before the records are
    drop(
        log.subscribe(&name_for::<Downstream>("gateway-1"), "gateway-1")
            .await
            .unwrap(),
    );
    let producer = Producer::new(Arc::clone(&log));
    for user in 1..=200 {
        producer.append_for("gateway-1", vec![downstream(user)]).await.unwrap();
    }
    let reader = Reader::new(|_: &[(u64, Downstream)]| Ok(()));
    let consumer = Consumer::<Downstream>::of_instance(Arc::clone(&log), SystemClock::shared(), "gateway-1");
    let stop = CancellationToken::new();
    let reading = tokio::spawn(consumer.run(Arc::clone(&reader), stop.clone()));
    let seen = reader.has(1).await;
    assert_eq!(seen.last(), Some(&downstream(200)));
    let missed = *reader.missed.lock();
    assert!(missed > 0);
    assert_eq!(missed + seen.len() as u64, 200);
    stop.cancel();
    reading.await.unwrap().unwrap();
}
