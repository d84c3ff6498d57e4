//! Members that are there before their topic is.

use super::{admin, shared, soon};
use crate::log::{Durability, Log as _, TopicSpec};
use rdkafka::admin::AdminOptions;
use std::time::Duration;
use tokio::time::timeout;

/// Less than the five minutes after which topics are asked for again in any case.
const SOON: Duration = Duration::from_secs(60);

async fn delete(topic: &str) {
    let deleted = admin()
        .delete_topics(&[topic], &AdminOptions::new())
        .await
        .expect("the broker answers");
    assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
}

/// Of several brokers one may hear of a new topic later than the one that made it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_joined_before_its_broker_knew_the_topic_is_given_its_partitions_soon() {
    let (maker, log) = (shared(), shared());
    let spec = TopicSpec {
        name: format!("test.{:x}", rand::random::<u64>()).into(),
        partitions: 2,
        retention_ms: 3_600_000,
        durability: Durability::Disk,
    };
    soon("the topic", log.create_topic(&spec)).await.expect("it is created");
    delete(&spec.name).await;
    let member = log.subscribe(&spec.name, "early").await;
    let mut member = member.expect("this log still takes the topic for there");
    let none = timeout(Duration::from_secs(3), member.assigned()).await;
    assert!(none.is_err(), "there is nothing to be given");
    soon("the topic", maker.create_topic(&spec))
        .await
        .expect("it is created");
    for _ in 0..spec.partitions {
        let given = timeout(SOON, member.assigned()).await;
        assert!(given.expect("a partition").is_some());
    }
    log.close().await;
    maker.close().await;
}
