//! Records that are gone, and streams that come back.

use super::{admin, number, numbered, shared, soon, topic};
use crate::log::{Durability, Log as _, LogError, PartitionStream};
use rdkafka::{Offset, TopicPartitionList, admin::AdminOptions};

async fn read(stream: &mut Box<dyn PartitionStream>, count: usize) -> Vec<u64> {
    let mut numbers = Vec::new();
    while numbers.len() < count {
        let records = soon("reading", stream.next(1 << 20))
            .await
            .expect("the log can be read");
        numbers.extend(records.expect("the stream goes on").iter().map(number));
    }
    numbers
}

/// What retention does when it is too short.
async fn delete_records_below(topic: &str, offset: i64) {
    let mut below = TopicPartitionList::new();
    below
        .add_partition_offset(topic, 0, Offset::Offset(offset))
        .expect("an offset");
    admin()
        .delete_records(&below, &AdminOptions::new())
        .await
        .expect("the records are deleted");
}

/// A group has read and committed five records of twenty, and comes back when only the last eight are left.
async fn what_a_group_is_told(durability: Durability) -> (LogError, Vec<u64>) {
    let log = shared();
    let topic = topic(&log, 1, durability).await;
    log.append((0..20).map(|at| numbered(&topic, 0, at)).collect())
        .await
        .expect("appended");
    let mut member = log.subscribe(&topic, "readers").await.expect("the topic is there");
    let mut stream = soon("an assignment", member.assigned()).await.expect("the log is open");
    read(&mut stream, 20).await;
    stream.commit(5).await.expect("it is committed");
    drop((stream, member));
    delete_records_below(&topic, 12).await;
    let mut member = log.subscribe(&topic, "readers").await.expect("the topic is there");
    let mut stream = soon("an assignment", member.assigned()).await.expect("the log is open");
    let told = soon("reading", stream.next(1 << 20))
        .await
        .expect_err("records are missing");
    let rest = read(&mut stream, 8).await;
    log.close().await;
    (told, rest)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_retention_took_are_told_once() {
    let (told, rest) = what_a_group_is_told(Durability::Disk).await;
    let LogError::Unavailable(Some(cause)) = told else {
        panic!("{told}")
    };
    assert!(
        cause.to_string().contains("records 5 up to 12 of partition 0"),
        "{cause}"
    );
    assert!(rest.into_iter().eq(12..20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_of_a_topic_in_memory_are_told_as_dropped() {
    let (told, rest) = what_a_group_is_told(Durability::Memory).await;
    assert!(matches!(told, LogError::Dropped { records: 7 }), "{told}");
    assert!(rest.into_iter().eq(12..20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_dropped_comes_back_from_where_it_committed() {
    let log = shared();
    let topic = topic(&log, 1, Durability::Disk).await;
    log.append((0..20).map(|at| numbered(&topic, 0, at)).collect())
        .await
        .expect("appended");
    let mut member = log.subscribe(&topic, "readers").await.expect("the topic is there");
    let mut stream = soon("an assignment", member.assigned()).await.expect("the log is open");
    for (begin, commit) in [(0, 0), (0, 7), (7, 7), (7, 13), (13, 20)] {
        assert!(
            read(&mut stream, 20 - begin).await.into_iter().eq(begin as u64..20),
            "from {begin} on"
        );
        stream.commit(commit).await.expect("it is committed");
        drop(stream);
        stream = soon("the stream's return", member.assigned())
            .await
            .expect("the log is open");
    }
    log.close().await;
}
