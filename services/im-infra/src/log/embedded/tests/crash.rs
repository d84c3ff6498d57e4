//! Every way in which a crash can leave the last segment, and damage to what had been durable.

use super::{everything, options, record, topic};
use crate::log::embedded::frame::{Kind, walk};
use crate::log::embedded::{EmbeddedLog, segment};
use crate::log::{Durability, Log};
use std::ops::Range;
use std::path::Path;

/// A frame of the segment that the tests damage.
struct Place {
    kind: Kind,
    bytes: Range<usize>,
    batch: usize,
}

/// Writes `batches` batches of 3 records on 2 partitions; answers the bytes of the one segment and where its frames are.
async fn segment_of(batches: u64) -> (Vec<u8>, Vec<Place>) {
    let folder = tempfile::tempdir().expect("a folder");
    let log = EmbeddedLog::open(folder.path(), options()).expect("the log opens");
    log.create_topic(&topic("t", 2, Durability::Disk))
        .await
        .expect("the topic is created");
    for batch in 0..batches {
        let records = (0..3)
            .map(|at| record("t", at % 2, payload(batch * 3 + u64::from(at))))
            .collect();
        log.append(records).await.expect("the records are appended");
    }
    log.close().await;
    let bytes = std::fs::read(segment::path(folder.path(), 1)).expect("the segment is there");
    let mut places = Vec::new();
    walk(&bytes, 1, segment::HEADER, false, |position, frame| {
        let start = position as usize;
        places.push(Place {
            kind: frame.kind,
            bytes: start..start + frame.size(),
            batch: frame.batch as usize,
        });
    });
    (bytes, places)
}

fn payload(number: u64) -> Vec<u8> {
    format!("record {number}").into_bytes()
}

/// Opens a log with this segment and answers the payloads of both partitions, in a row; `None` if the topic is not known.
async fn found_in(folder: &Path, bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    std::fs::write(segment::path(folder, 1), bytes).expect("the segment is written");
    let log = EmbeddedLog::open(folder, options()).expect("the log opens");
    contents(&log).await
}

async fn contents(log: &EmbeddedLog) -> Option<Vec<Vec<u8>>> {
    log.lag("t", "nobody").await.ok()?;
    let mut payloads = Vec::new();
    for partition in 0..2 {
        let records = everything(log, "t", partition).await;
        payloads.extend(records.into_iter().map(|record| record.payload.to_vec()));
    }
    Some(payloads)
}

/// What has to be found when just these frames are intact.
fn expected(places: &[Place], intact: impl Fn(&Place) -> bool) -> Vec<Vec<u8>> {
    let records = places.iter().filter(|place| place.kind == Kind::Record);
    let numbers: Vec<u64> = (0..)
        .zip(records)
        .filter(|(_, place)| intact(place))
        .map(|(number, _)| number)
        .collect();
    let of = |partition| numbers.iter().filter(move |number| (*number % 3) % 2 == partition);
    of(0).chain(of(1)).map(|number| payload(*number)).collect()
}

#[tokio::test]
async fn cut_at_every_byte_exactly_the_whole_records_before_the_cut_are_there() {
    let (bytes, places) = segment_of(6).await;
    let declared = places
        .iter()
        .find(|place| place.kind == Kind::Topic)
        .expect("the topic is declared")
        .bytes
        .end;
    let folder = tempfile::tempdir().expect("a folder");
    for cut in 0..=bytes.len() {
        let found = found_in(folder.path(), &bytes[..cut]).await;
        let wanted = (cut >= declared).then(|| expected(&places, |place| place.bytes.end <= cut));
        assert_eq!(found, wanted, "cut at {cut}");
    }
}

#[tokio::test]
async fn damaged_at_every_byte_of_the_last_batch_exactly_the_records_before_are_there() {
    let (bytes, places) = segment_of(3).await;
    // The last batch with records and whatever comes behind it: what a machine that lost power was writing.
    let last = places
        .iter()
        .filter(|place| place.kind == Kind::Record)
        .map(|place| place.batch)
        .max()
        .expect("records");
    let folder = tempfile::tempdir().expect("a folder");
    for at in last..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x55;
        let found = found_in(folder.path(), &bytes).await;
        let end = places
            .iter()
            .find(|place| place.bytes.contains(&at))
            .expect("a frame is there")
            .bytes
            .start;
        assert_eq!(
            found,
            Some(expected(&places, |place| place.bytes.end <= end)),
            "damaged at {at}"
        );
    }
}

#[tokio::test]
async fn damaged_at_every_byte_before_it_only_the_record_that_was_hit_is_lost() {
    let (bytes, places) = segment_of(4).await;
    let last = places.iter().map(|place| place.batch).max().expect("records");
    let folder = tempfile::tempdir().expect("a folder");
    for at in 0..last {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x55;
        std::fs::write(segment::path(folder.path(), 1), bytes).expect("the segment is written");
        let log = EmbeddedLog::open(folder.path(), options()).expect("the log opens");
        let hit = places.iter().find(|place| place.bytes.contains(&at));
        if hit.is_some_and(|hit| hit.kind == Kind::Topic) {
            assert_eq!(contents(&log).await, None, "damaged at {at}");
            log.create_topic(&topic("t", 2, Durability::Disk))
                .await
                .expect("the topic is created anew");
            log.append(vec![record("t", 0, "new")])
                .await
                .expect("the record is appended");
            drop(log);
            let log = EmbeddedLog::open(folder.path(), options()).expect("the log opens");
            assert_eq!(
                contents(&log).await,
                Some(vec![b"new".to_vec()]),
                "records of the lost topic stay apart"
            );
            continue;
        }
        let mut found = Vec::new();
        for partition in 0..2 {
            found.extend(tolerantly(&log, partition).await);
        }
        let intact = |place: &Place| hit.is_none_or(|hit| hit.bytes != place.bytes);
        assert_eq!(found, expected(&places, intact), "damaged at {at}");
    }
}

/// Reads everything, over errors that tell of damage.
async fn tolerantly(log: &EmbeddedLog, partition: u32) -> Vec<Vec<u8>> {
    let mut member = log
        .subscribe("t", &format!("tolerant-{partition}"))
        .await
        .expect("the topic is there");
    let mut streams = [
        member.assigned().await.expect("open"),
        member.assigned().await.expect("open"),
    ];
    streams.sort_by_key(|stream| stream.partition());
    let stream = &mut streams[partition as usize];
    let mut payloads = Vec::new();
    let end = log.inner.core.topics.get("t").expect("the topic is there").partitions[partition as usize]
        .offsets
        .lock()
        .end;
    let mut next = 0;
    while next < end {
        match stream.next(1 << 20).await {
            Ok(records) => {
                for record in records.expect("the stream goes on") {
                    next = record.offset + 1;
                    payloads.push(record.payload.to_vec());
                }
            }
            Err(error) => {
                let source = std::error::Error::source(&error).expect("it has a cause").to_string();
                assert!(source.contains("are damaged"), "{source}");
                next += 1;
            }
        }
    }
    payloads
}

#[tokio::test]
async fn after_a_cut_the_log_goes_on() {
    let (bytes, _) = segment_of(2).await;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(segment::path(folder.path(), 1), &bytes[..bytes.len() - 1]).expect("the segment is written");
    for round in 0u64..3 {
        let log = EmbeddedLog::open(folder.path(), options()).expect("the log opens");
        let before = everything(&log, "t", 1).await.len();
        log.append(vec![record("t", 1, payload(100 + round))])
            .await
            .expect("the record is appended");
        let records = everything(&log, "t", 1).await;
        assert_eq!(records.len(), before + 1);
        assert_eq!(records[before].payload, payload(100 + round));
        assert!(records.iter().map(|record| record.offset).eq(0..records.len() as u64));
    }
}
