//! Members come and go while records flow.

use super::{number, numbered, options, shared, soon, topic};
use crate::{
    engines,
    log::{Append, Durability, Log, PartitionStream, kafka::KafkaLog},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// A record was read: by which member, of which partition, its number.
type Sighting = (usize, u32, u64);

async fn read_on(who: usize, mut stream: Box<dyn PartitionStream>, seen: mpsc::UnboundedSender<Sighting>) {
    while let Some(records) = stream.next(4 << 10).await.expect("the log can be read") {
        for record in &records {
            let _ = seen.send((who, stream.partition(), number(record)));
        }
        let end = records.last().map_or(0, |record| record.offset + 1);
        stream.commit(end).await.expect("it is committed");
    }
}

/// A process with one member, which reads and commits until it is told to leave, and finishes what it has.
async fn member(who: usize, topic: Arc<str>, seen: mpsc::UnboundedSender<Sighting>, stop: CancellationToken) {
    let log = KafkaLog::new(options(&engines::address("kafka"))).expect("the options are in order");
    let mut member = log.subscribe(&topic, "readers").await.expect("the topic is there");
    let mut streams = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            stream = member.assigned() => match stream {
                Some(stream) => drop(streams.spawn(read_on(who, stream, seen.clone()))),
                None => break,
            },
        }
    }
    drop(member);
    while streams.join_next().await.is_some() {}
    log.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_move_under_load_without_loss_repetition_or_another_order() {
    const PARTITIONS: u32 = 4;
    let log = shared();
    let topic = topic(&log, PARTITIONS, Durability::Disk).await;
    let (seen, mut sightings) = mpsc::unbounded_channel();
    let stops: Vec<_> = (0..3).map(|_| CancellationToken::new()).collect();
    let mut members = JoinSet::new();
    let mut begin = |who: usize| members.spawn(member(who, Arc::clone(&topic), seen.clone(), stops[who].clone()));
    let _ = begin(0);

    let (mut orders, mut readers): (BTreeMap<u32, Vec<u64>>, BTreeSet<usize>) = Default::default();
    let mut appended = 0;
    // each change of the group begins when the one before has shown
    for change in 0..4 {
        readers.clear();
        let expected: BTreeSet<usize> = match change {
            0 => [0].into(),
            1 => [0, 1].into(),
            2 => [0, 1, 2].into(),
            _ => [1, 2].into(),
        };
        while readers != expected {
            let batch: Vec<Append> = (0..20 * PARTITIONS)
                .map(|at| numbered(&topic, at % PARTITIONS, appended + u64::from(at / PARTITIONS)))
                .collect();
            log.append(batch).await.expect("the records are appended");
            appended += 20;
            readers.clear();
            while orders.values().map(Vec::len).sum::<usize>() < appended as usize * PARTITIONS as usize {
                let (who, partition, number) = soon("the next record", sightings.recv())
                    .await
                    .expect("members are there");
                orders.entry(partition).or_default().push(number);
                readers.insert(who);
            }
        }
        match change {
            0 => drop(begin(1)),
            1 => drop(begin(2)),
            2 => stops[0].cancel(),
            _ => {}
        }
    }
    for (partition, numbers) in orders {
        assert!(
            numbers.into_iter().eq(0..appended),
            "partition {partition} is read in order, once"
        );
    }
    stops.iter().for_each(CancellationToken::cancel);
    while let Some(member) = soon("the members' end", members.join_next()).await {
        member.expect("the member came to its end");
    }
    log.close().await;
}
