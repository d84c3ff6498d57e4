//! Promises about topics and their records.

use super::{Durability, Log, LogError, PLENTY, Subject, append, assigned, number, numbered, read, soon, waits};
use crate::log::{Append, MAX_RECORD_BYTES};
use bytes::Bytes;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) async fn a_partition_is_read_in_the_order_of_appending(subject: &Subject) {
    let (log, topic) = subject.with_topic("order", 3).await;
    for round in 0..20 {
        let batch = (0..30)
            .map(|at| numbered(&topic, at % 3, round * 10 + u64::from(at) / 3))
            .collect();
        log.append(batch).await.expect("the records are appended");
    }
    let mut member = log.subscribe(&topic, "readers").await.expect("the topic is there");
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut stream = assigned(&mut member).await;
        let records = read(&mut stream, 200).await;
        assert!(
            records.iter().map(|record| record.offset).eq(0..200),
            "offsets begin at 0 and have no gap"
        );
        assert!(
            records.iter().map(number).eq(0..200),
            "records come in the order of appending"
        );
        streams.push(stream);
    }
    let partitions: BTreeSet<u32> = streams.iter().map(|stream| stream.partition()).collect();
    assert_eq!(
        partitions,
        BTreeSet::from([0, 1, 2]),
        "a lone member gets every partition once"
    );
    log.close().await;
}

pub(super) async fn appenders_side_by_side_lose_nothing(subject: &Subject) {
    let (log, topic) = subject.with_topic("appenders", 1).await;
    let appenders = (0..16u64).map(|appender| {
        let (log, topic) = (Arc::clone(&log), Arc::clone(&topic));
        tokio::spawn(async move {
            for round in 0..20 {
                let first = appender * 1_000 + round * 5;
                append(&log, &topic, 0, first..first + 5).await;
            }
        })
    });
    for appender in appenders.collect::<Vec<_>>() {
        appender.await.expect("the appender came to its end");
    }
    let mut member = log.subscribe(&topic, "readers").await.expect("the topic is there");
    let records = read(&mut assigned(&mut member).await, 16 * 100).await;
    for appender in 0..16 {
        let its = records.iter().map(number).filter(|number| number / 1_000 == appender);
        assert!(
            its.eq(appender * 1_000..appender * 1_000 + 100),
            "each appender's records are all there, in its order"
        );
    }
    log.close().await;
}

pub(super) async fn what_waits_is_woken_by_an_append(subject: &Subject) {
    let (log, topic) = subject.with_topic("woken", 1).await;
    let mut member = log.subscribe(&topic, "readers").await.expect("the topic is there");
    let mut stream = assigned(&mut member).await;
    for round in 0..5 {
        let (_, records) = tokio::join!(append(&log, &topic, 0, round..round + 1), read(&mut stream, 1));
        assert_eq!(records.iter().map(number).collect::<Vec<_>>(), [round]);
    }
    assert!(waits(stream.next(PLENTY)).await, "nothing is left to read");
    log.close().await;
}

pub(super) async fn large_records_come_through_and_larger_ones_are_refused(subject: &Subject) {
    let (log, topic) = subject.with_topic("large", 1).await;
    let of = |size: usize| Append {
        topic: Arc::clone(&topic),
        partition: 0,
        payload: Bytes::from(vec![7; size]),
    };
    log.append(vec![of(0), of(MAX_RECORD_BYTES), of(1)])
        .await
        .expect("the records are appended");
    let refused = log
        .append(vec![of(1), of(MAX_RECORD_BYTES + 1)])
        .await
        .expect_err("one record is too large");
    assert!(
        matches!(refused, LogError::TooLarge { size, .. } if size == MAX_RECORD_BYTES + 1),
        "{refused}"
    );
    let mut member = log.subscribe(&topic, "readers").await.expect("the topic is there");
    let mut stream = assigned(&mut member).await;
    let first = soon("reading", stream.next(1))
        .await
        .expect("the log can be read")
        .expect("the stream goes on");
    assert!(
        !first.is_empty(),
        "there is at least one record, however small the bound"
    );
    let rest = read(&mut stream, 3 - first.len()).await;
    let sizes: Vec<usize> = first.iter().chain(&rest).map(|record| record.payload.len()).collect();
    assert_eq!(sizes, [0, MAX_RECORD_BYTES, 1]);
    assert!(
        waits(stream.next(PLENTY)).await,
        "a batch with a record that is too large is refused as a whole"
    );
    log.close().await;
}

pub(super) async fn what_is_not_there_is_refused(subject: &Subject) {
    let (log, topic) = subject.with_topic("refused", 2).await;
    let nowhere: Arc<str> = format!("{}nowhere", subject.prefix).into();
    for (topic, partition) in [(&nowhere, 0), (&topic, 2)] {
        let refused = log
            .append(vec![numbered(topic, partition, 1)])
            .await
            .expect_err("there is no such partition");
        let names_it = matches!(&refused, LogError::UnknownPartition { topic: its, partition: at } if **its == **topic && *at == partition);
        assert!(names_it, "{refused}");
    }
    assert!(matches!(
        log.subscribe(&nowhere, "readers").await,
        Err(LogError::UnknownPartition { .. })
    ));
    assert!(matches!(
        log.lag(&nowhere, "readers").await,
        Err(LogError::UnknownPartition { .. })
    ));
    log.append(Vec::new()).await.expect("nothing is appended at once");
    log.close().await;
}

pub(super) async fn a_topic_keeps_its_number_of_partitions(subject: &Subject) {
    let log = subject.opened().await;
    for durability in [Durability::Disk, Durability::Memory] {
        let spec = subject.spec(&format!("partitions-{durability:?}"), 4, durability);
        log.create_topic(&spec).await.expect("the topic is created");
        log.create_topic(&spec)
            .await
            .expect("creating it again changes nothing");
        let mut other = spec.clone();
        other.partitions = 5;
        let refused = log
            .create_topic(&other)
            .await
            .expect_err("it has another number of partitions");
        assert!(
            matches!(
                refused,
                LogError::PartitionsDiffer {
                    actual: 4,
                    wanted: 5,
                    ..
                }
            ),
            "{refused}"
        );
    }
    log.close().await;
}

pub(super) async fn memory_topics_deliver_too(subject: &Subject) {
    let log = subject.opened().await;
    let spec = subject.spec("memory", 2, Durability::Memory);
    log.create_topic(&spec).await.expect("the topic is created");
    append(&log, &spec.name, 1, 0..10).await;
    let mut member = log.subscribe(&spec.name, "readers").await.expect("the topic is there");
    let mut streams = [assigned(&mut member).await, assigned(&mut member).await];
    let of_1 = streams
        .iter_mut()
        .find(|stream| stream.partition() == 1)
        .expect("both partitions are assigned");
    let records = read(of_1, 10).await;
    assert!(records.iter().map(number).eq(0..10));
    let next = records.last().map_or(0, |record| record.offset + 1);
    of_1.commit(next).await.expect("it is committed");
    let (_, records) = tokio::join!(append(&log, &spec.name, 1, 10..11), read(of_1, 1));
    assert_eq!((number(&records[0]), records[0].offset), (10, next));
    log.close().await;
}

pub(super) async fn a_dropped_wait_loses_nothing(subject: &Subject) {
    let (log, topic) = subject.with_topic("dropped-wait", 1).await;
    let mut member = log.subscribe(&topic, "readers").await.expect("the topic is there");
    let mut stream = assigned(&mut member).await;
    let appending = {
        let (log, topic): (Arc<dyn Log>, _) = (Arc::clone(&log), Arc::clone(&topic));
        tokio::spawn(async move {
            for number in 0..300 {
                append(&log, &topic, 0, number..number + 1).await;
            }
        })
    };
    let mut seen = Vec::new();
    while seen.len() < 300 {
        tokio::select! {
            biased;
            records = stream.next(64) => {
                seen.extend(records.expect("the log can be read").expect("the stream goes on").iter().map(number));
            }
            () = tokio::task::yield_now() => {}
        }
    }
    assert!(
        seen.into_iter().eq(0..300),
        "a wait that was dropped took nothing with it"
    );
    appending.await.expect("the appender came to its end");
    log.close().await;
}
