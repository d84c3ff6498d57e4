//! The log on a real Kafka: the port's suite, and what only a broker that comes and goes can show.

mod early;
mod gaps;
mod outages;
mod rebalance;
mod replaced;

use super::{KafkaLog, KafkaOptions};
use crate::{
    engines,
    log::{
        Append, Durability, Log, LogError, Record, TopicSpec,
        conformance::{Subject, every_promise},
    },
};
use bytes::Bytes;
use rdkafka::{admin::AdminClient, client::DefaultClientContext};
use std::{sync::Arc, time::Duration};

/// What has not happened by then will not, also where a broker has to start on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(300);

fn options(brokers: &str) -> KafkaOptions {
    KafkaOptions {
        // the broker shares a machine with everything else that is tested
        delivery_timeout: Duration::from_secs(30),
        session_timeout: Duration::from_secs(3),
        ..KafkaOptions::new(brokers)
    }
}

fn shared() -> KafkaLog {
    KafkaLog::new(options(&engines::address("kafka"))).expect("the options are in order")
}

fn admin() -> AdminClient<DefaultClientContext> {
    let client = options(&engines::address("kafka")).client();
    client.create().expect("an administrator")
}

/// A topic of its own for each test, on brokers that keep theirs.
async fn topic(log: &KafkaLog, partitions: u32, durability: Durability) -> Arc<str> {
    let spec = TopicSpec {
        name: format!("test.{:x}", rand::random::<u64>()).into(),
        partitions,
        retention_ms: 3_600_000,
        durability,
    };
    // a broker that shares two cores with a compiler may be late, and may be asked again
    let created = async {
        loop {
            match log.create_topic(&spec).await {
                Err(LogError::Unavailable(_)) => {}
                created => return created,
            }
        }
    };
    soon("the topic", created).await.expect("it is created");
    spec.name
}

fn numbered(topic: &Arc<str>, partition: u32, number: u64) -> Append {
    Append {
        topic: Arc::clone(topic),
        partition,
        payload: Bytes::copy_from_slice(&number.to_be_bytes()),
    }
}

fn number(record: &Record) -> u64 {
    u64::from_be_bytes(record.payload[..].try_into().expect("the payload is a number"))
}

async fn soon<T>(what: &str, happens: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, happens)
        .await
        .unwrap_or_else(|_| panic!("{what} did not happen in {PATIENCE:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_keeps_every_promise_of_the_port() {
    let brokers = engines::address("kafka");
    every_promise(&Subject {
        open: Box::new(move || {
            let log = KafkaLog::new(options(&brokers)).expect("the options are in order");
            Box::pin(std::future::ready(Arc::new(log) as Arc<dyn Log>))
        }),
        prefix: format!("suite.{:x}.", rand::random::<u64>()),
    })
    .await;
}
