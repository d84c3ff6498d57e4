//! Promises about groups: commits, rebalances, and the end.

use super::{LogError, PLENTY, Subject, append, assigned, number, numbered, read, soon, waits};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) async fn a_group_goes_on_where_it_committed(subject: &Subject) {
    let (log, topic) = subject.with_topic("goes-on", 1).await;
    append(&log, &topic, 0, 0..10).await;
    let mut member = log.subscribe(&topic, "readers").await.expect("the topic is there");
    let mut stream = assigned(&mut member).await;
    read(&mut stream, 10).await;
    stream.commit(6).await.expect("it is committed");
    stream.commit(4).await.expect("a commit that would go back is ignored");
    drop((stream, member));
    let mut member = log.subscribe(&topic, "readers").await.expect("the topic is there");
    let records = read(&mut assigned(&mut member).await, 4).await;
    assert!(
        records.iter().map(|record| record.offset).eq(6..10),
        "what was not committed is read again"
    );
    log.close().await;
}

pub(super) async fn everything_is_there_after_opening_again(subject: &Subject) {
    let (log, topic) = subject.with_topic("again", 2).await;
    append(&log, &topic, 0, 0..50).await;
    append(&log, &topic, 1, 100..120).await;
    let mut member = log.subscribe(&topic, "readers").await.expect("the topic is there");
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = assigned(&mut member).await;
        read(&mut stream, 20).await;
        stream.commit(15).await.expect("it is committed");
        held.push(stream);
    }
    log.close().await;
    drop((held, member, log));

    let (log, topic) = subject.with_topic("again", 2).await;
    append(&log, &topic, 0, 50..60).await;
    assert_eq!(log.lag(&topic, "readers").await.expect("the topic is there"), 45 + 5);
    let mut member = log.subscribe(&topic, "readers").await.expect("the topic is there");
    let mut streams = [assigned(&mut member).await, assigned(&mut member).await];
    streams.sort_by_key(|stream| stream.partition());
    assert!(read(&mut streams[0], 45).await.iter().map(number).eq(15..60));
    assert!(read(&mut streams[1], 5).await.iter().map(number).eq(115..120));
    log.close().await;
}

pub(super) async fn groups_are_independent(subject: &Subject) {
    let (log, topic) = subject.with_topic("independent", 1).await;
    append(&log, &topic, 0, 0..5).await;
    for group in ["one", "other"] {
        let mut member = log.subscribe(&topic, group).await.expect("the topic is there");
        let mut stream = assigned(&mut member).await;
        assert!(
            read(&mut stream, 5).await.iter().map(number).eq(0..5),
            "each group gets every record"
        );
        stream.commit(5).await.expect("it is committed");
    }
    log.close().await;
}

pub(super) async fn lag_counts_what_is_not_committed(subject: &Subject) {
    let (log, topic) = subject.with_topic("lag", 2).await;
    assert_eq!(log.lag(&topic, "readers").await.expect("the topic is there"), 0);
    append(&log, &topic, 0, 0..7).await;
    append(&log, &topic, 1, 0..3).await;
    assert_eq!(log.lag(&topic, "readers").await.expect("the topic is there"), 10);
    let mut member = log.subscribe(&topic, "readers").await.expect("the topic is there");
    let mut stream = assigned(&mut member).await;
    read(&mut stream, 3).await;
    assert_eq!(
        log.lag(&topic, "readers").await.expect("the topic is there"),
        10,
        "reading is not committing"
    );
    stream.commit(2).await.expect("it is committed");
    assert_eq!(log.lag(&topic, "readers").await.expect("the topic is there"), 8);
    log.close().await;
}

/// Four members come one by one while records flow, each reads on until all were seen.
pub(super) async fn members_share_partitions_and_lose_nothing(subject: &Subject) {
    const PARTITIONS: u32 = 8;
    const RECORDS: u64 = 200;
    let (log, topic) = subject.with_topic("share", PARTITIONS).await;
    let (seen, mut sightings) = tokio::sync::mpsc::unbounded_channel();
    let mut members = tokio::task::JoinSet::new();
    for round in 0..4 {
        let mut member = log.subscribe(&topic, "readers").await.expect("the topic is there");
        let seen = seen.clone();
        members.spawn(async move {
            let mut streams = tokio::task::JoinSet::new();
            while let Some(mut stream) = member.assigned().await {
                let seen = seen.clone();
                streams.spawn(async move {
                    while let Some(records) = stream.next(64).await.expect("the log can be read") {
                        let after = records.last().map_or(0, |record| record.offset + 1);
                        for record in &records {
                            let _ = seen.send((round, stream.partition(), number(record)));
                        }
                        stream.commit(after).await.expect("it is committed");
                    }
                });
            }
        });
        let quarter = RECORDS / 4 * round..RECORDS / 4 * (round + 1);
        for at in quarter {
            let batch = (0..PARTITIONS)
                .map(|partition| numbered(&topic, partition, at))
                .collect();
            log.append(batch).await.expect("the records are appended");
        }
    }
    let mut first_seen: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    let mut distinct = BTreeSet::new();
    while distinct.len() < (u64::from(PARTITIONS) * RECORDS) as usize {
        let (_, partition, number) = soon("the next record", sightings.recv())
            .await
            .expect("members are there");
        if distinct.insert((partition, number)) {
            first_seen.entry(partition).or_default().push(number);
        }
    }
    for (partition, numbers) in first_seen {
        assert!(
            numbers.into_iter().eq(0..RECORDS),
            "partition {partition} is first seen in order, without a gap"
        );
    }
    // Everybody is there now: new records reach all four, two partitions each.
    let mut holders: BTreeMap<u32, u64> = BTreeMap::new();
    let mut at = RECORDS;
    while holders.values().collect::<BTreeSet<_>>().len() < 4 {
        let batch = (0..PARTITIONS)
            .map(|partition| numbered(&topic, partition, at))
            .collect();
        log.append(batch).await.expect("the records are appended");
        let mut missing: BTreeSet<u32> = (0..PARTITIONS).collect();
        while !missing.is_empty() {
            let (member, partition, number) = soon("the next record", sightings.recv())
                .await
                .expect("members are there");
            if number == at {
                holders.insert(partition, member);
                missing.remove(&partition);
            }
        }
        at += 1;
    }
    log.close().await;
    while let Some(member) = soon("the members' end", members.join_next()).await {
        member.expect("the member came to its end");
    }
}

pub(super) async fn a_member_that_leaves_is_replaced(subject: &Subject) {
    let (log, topic) = subject.with_topic("replaced", 2).await;
    append(&log, &topic, 0, 0..10).await;
    append(&log, &topic, 1, 0..10).await;
    let mut leaving = log.subscribe(&topic, "readers").await.expect("the topic is there");
    let mut old = [assigned(&mut leaving).await, assigned(&mut leaving).await];
    for stream in &mut old {
        read(stream, 10).await;
        stream.commit(4).await.expect("it is committed");
    }
    let mut staying = log.subscribe(&topic, "readers").await.expect("the topic is there");
    drop(leaving);
    for stream in &mut old {
        let end = soon("the end of the stream", stream.next(PLENTY))
            .await
            .expect("the log can be read");
        assert!(end.is_none(), "the streams of a member that left end");
        stream.commit(9).await.expect("a commit that comes too late is ignored");
    }
    let mut new = [assigned(&mut staying).await, assigned(&mut staying).await];
    for stream in &mut new {
        let records = read(stream, 6).await;
        assert!(
            records.iter().map(|record| record.offset).eq(4..10),
            "what the other did not commit is read again"
        );
    }
    log.close().await;
}

pub(super) async fn closing_ends_streams_and_appends(subject: &Subject) {
    let (log, topic) = subject.with_topic("closing", 1).await;
    let mut member = log.subscribe(&topic, "readers").await.expect("the topic is there");
    let mut stream = assigned(&mut member).await;
    assert!(waits(stream.next(PLENTY)).await);
    let waiting = tokio::spawn(async move { (stream.next(PLENTY).await, member.assigned().await.is_none()) });
    log.close().await;
    log.close().await;
    let (next, no_more) = soon("the end of the stream", waiting)
        .await
        .expect("it came to its end");
    assert!(next.expect("closing is not an error").is_none() && no_more);
    let refused = log
        .append(vec![numbered(&Arc::clone(&topic), 0, 1)])
        .await
        .expect_err("the log is closed");
    assert!(matches!(refused, LogError::Closed), "{refused}");
}
