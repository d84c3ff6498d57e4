//! Promises to who looks without a group.

use super::{Durability, LogError, PLENTY, Subject, append, assigned, number, read, soon};
use crate::log::{Log, Record};
use std::sync::Arc;

async fn browse(log: &Arc<dyn Log>, topic: &str, partition: u32, from: u64, max_bytes: usize) -> Vec<Record> {
    let looked = soon("looking", log.browse(topic, partition, from, max_bytes)).await;
    looked.expect("the log can be read")
}

/// Looks on until nothing comes any more.
async fn all(log: &Arc<dyn Log>, topic: &str, partition: u32, max_bytes: usize) -> Vec<Record> {
    let mut seen: Vec<Record> = Vec::new();
    loop {
        let from = seen.last().map_or(0, |record| record.offset + 1);
        let more = browse(log, topic, partition, from, max_bytes).await;
        if more.is_empty() {
            return seen;
        }
        seen.extend(more);
    }
}

pub(super) async fn who_looks_sees_what_is_there_from_any_offset_on(subject: &Subject) {
    let (log, topic) = subject.with_topic("browsed", 2).await;
    assert!(
        browse(&log, &topic, 1, 0, PLENTY).await.is_empty(),
        "nothing is there yet"
    );
    append(&log, &topic, 1, 0..50).await;
    append(&log, &topic, 0, 50..60).await;
    for max_bytes in [1, 64, PLENTY] {
        let seen = all(&log, &topic, 1, max_bytes).await;
        assert!(
            seen.iter().map(|record| record.offset).eq(0..50),
            "at most {max_bytes} bytes"
        );
        assert!(seen.iter().map(number).eq(0..50), "at most {max_bytes} bytes");
    }
    let first = browse(&log, &topic, 1, 0, 64).await;
    assert!(first.len() < 50, "the bound is kept, more or less");
    assert_eq!(browse(&log, &topic, 1, 49, PLENTY).await.len(), 1);
    for beyond in [50, 1_000] {
        assert!(
            browse(&log, &topic, 1, beyond, PLENTY).await.is_empty(),
            "nothing is at {beyond}"
        );
    }
    for (topic, partition) in [("nowhere", 0), (&*topic, 2)] {
        let refused = log.browse(topic, partition, 0, PLENTY).await;
        assert!(matches!(refused, Err(LogError::UnknownPartition { .. })), "{refused:?}");
    }
    log.close().await;
    let log = subject.opened().await;
    assert!(
        all(&log, &topic, 1, PLENTY).await.iter().map(number).eq(0..50),
        "after opening again"
    );
    log.close().await;
}

pub(super) async fn looking_takes_nothing_from_groups(subject: &Subject) {
    let log = subject.opened().await;
    for durability in [Durability::Disk, Durability::Memory] {
        let spec = subject.spec(&format!("looked-at-{durability:?}"), 1, durability);
        log.create_topic(&spec).await.expect("the topic is created");
        append(&log, &spec.name, 0, 0..10).await;
        assert_eq!(all(&log, &spec.name, 0, PLENTY).await.len(), 10);
        let mut member = log.subscribe(&spec.name, "readers").await.expect("the topic is there");
        let mut stream = assigned(&mut member).await;
        assert!(
            read(&mut stream, 10).await.iter().map(number).eq(0..10),
            "a group gets all of it"
        );
        assert_eq!(log.lag(&spec.name, "readers").await.expect("the topic is there"), 10);
    }
    log.close().await;
}
