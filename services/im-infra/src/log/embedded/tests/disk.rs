//! A disk that is full, fails, holds damage, or is used by somebody else.

use super::{everything, options, record, topic};
use crate::log::embedded::segment::{self, Faults};
use crate::log::embedded::{EmbeddedLog, OpenError, index};
use crate::log::{Durability, Log, LogError};
use futures::FutureExt as _;
use std::path::Path;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

async fn log_with_faults(folder: &Path) -> (EmbeddedLog, Faults) {
    let faults = Faults::default();
    let log = EmbeddedLog::open_with(folder, options(), faults.clone()).expect("the log opens");
    log.create_topic(&topic("t", 1, Durability::Disk))
        .await
        .expect("the topic is created");
    (log, faults)
}

#[tokio::test]
async fn a_full_disk_refuses_appends_until_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, faults) = log_with_faults(folder.path()).await;
    log.append(vec![record("t", 0, "before")]).await.expect("there is room");
    for round in 0..3 {
        faults.disk_full.store(true, SeqCst);
        let refused = log
            .append(vec![record("t", 0, "refused")])
            .await
            .expect_err("the disk is full");
        assert!(matches!(refused, LogError::Unavailable(Some(_))), "{refused}");
        // A topic that could not be told to the journal is told with what comes next.
        let created = log.create_topic(&topic("u", 1, Durability::Disk)).await;
        assert_eq!(created.is_err(), round == 0, "{created:?}");
        faults.disk_full.store(false, SeqCst);
        log.append(vec![record("t", 0, "after"), record("u", 0, "other")])
            .await
            .expect("there is room again");
    }
    let mut log = log;
    for _ in 0..2 {
        let records = everything(&log, "t", 0).await;
        let payloads: Vec<&[u8]> = records.iter().map(|record| &record.payload[..]).collect();
        assert_eq!(payloads, [&b"before"[..], b"after", b"after", b"after"]);
        assert!(
            records.iter().map(|record| record.offset).eq(0..4),
            "refused records leave no gap"
        );
        assert_eq!(everything(&log, "u", 0).await.len(), 3);
        log.close().await;
        log = EmbeddedLog::open(folder.path(), options()).expect("the log opens");
    }
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_taken_until_the_log_is_opened_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, faults) = log_with_faults(folder.path()).await;
    log.append(vec![record("t", 0, "before")])
        .await
        .expect("the disk works");
    assert!(log.is_healthy());
    let failed = tokio::spawn({
        let log = log.clone();
        async move { log.failed().await }
    });
    faults.sync_fails.store(true, SeqCst);
    log.append(vec![record("t", 0, "lost")])
        .await
        .expect_err("the disk fails");
    faults.sync_fails.store(false, SeqCst);
    tokio::time::timeout(Duration::from_secs(30), failed)
        .await
        .expect("it is told that the log has failed")
        .expect("nothing panics");
    assert!(!log.is_healthy());
    let refused = log
        .append(vec![record("t", 0, "refused")])
        .await
        .expect_err("nobody knows what the disk holds");
    assert!(matches!(refused, LogError::Unavailable(Some(_))), "{refused}");
    assert_eq!(everything(&log, "t", 0).await.len(), 1, "what was durable can be read");
    log.close().await;
    let log = EmbeddedLog::open(folder.path(), options()).expect("the log opens");
    assert!(log.is_healthy());
    assert_eq!(everything(&log, "t", 0).await.len(), 1);
    log.append(vec![record("t", 0, "again")]).await.expect("the disk works");
}

#[tokio::test]
async fn a_folder_belongs_to_one_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, _) = log_with_faults(folder.path()).await;
    let refused = EmbeddedLog::open(folder.path(), options())
        .err()
        .expect("the folder is in use");
    assert!(
        matches!(&refused, OpenError::Locked { folder: its } if its == folder.path()),
        "{refused}"
    );
    log.close().await;
    assert!(
        log.is_healthy() && log.failed().now_or_never().is_none(),
        "closing is no failure"
    );
    EmbeddedLog::open(folder.path(), options()).expect("closing gives the folder back");
}

#[tokio::test]
async fn another_format_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut header = segment::header(1);
    header[8] = 9;
    let crc = crc32c::crc32c(&header[..20]);
    header[20..].copy_from_slice(&crc.to_le_bytes());
    std::fs::write(segment::path(folder.path(), 1), header).expect("the segment is written");
    let refused = EmbeddedLog::open(folder.path(), options())
        .err()
        .expect("the format is unknown");
    assert!(matches!(refused, OpenError::Version { found: 9, .. }), "{refused}");
}

/// Fills about ten small segments and closes the log. Answers how many records that took.
async fn many_segments(folder: &Path) -> u64 {
    let mut options = options();
    options.segment_bytes = 1_000;
    let log = EmbeddedLog::open(folder, options).expect("the log opens");
    log.create_topic(&topic("t", 1, Durability::Disk))
        .await
        .expect("the topic is created");
    for number in 0..100u64 {
        log.append(vec![record("t", 0, vec![number as u8; 80])])
            .await
            .expect("the record is appended");
    }
    log.close().await;
    assert!(segment::list(folder).expect("the folder can be read").len() > 8);
    100
}

#[tokio::test]
async fn indexes_that_are_missing_or_damaged_are_built_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let count = many_segments(folder.path()).await;
    std::fs::remove_file(index::path(folder.path(), 2)).expect("the index was there");
    std::fs::write(index::path(folder.path(), 3), b"rubbish").expect("it is written");
    let log = EmbeddedLog::open(folder.path(), options()).expect("the log opens");
    assert_eq!(everything(&log, "t", 0).await.len() as u64, count);
    for number in [2, 3] {
        assert!(
            index::Index::read(folder.path(), number).is_some(),
            "the index is there again"
        );
    }
    // Damage behind the head is found when the positions are wanted.
    drop(log);
    let file = index::path(folder.path(), 4);
    let mut bytes = std::fs::read(&file).expect("the index is there");
    *bytes.last_mut().expect("it is not empty") ^= 1;
    std::fs::write(&file, bytes).expect("it is written");
    let log = EmbeddedLog::open(folder.path(), options()).expect("the log opens");
    assert_eq!(everything(&log, "t", 0).await.len() as u64, count);
}

#[tokio::test]
async fn damage_in_a_sealed_segment_is_told_once_and_read_over() {
    for without_index in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        many_segments(folder.path()).await;
        let file = segment::path(folder.path(), 3);
        let mut bytes = std::fs::read(&file).expect("the segment is there");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&file, bytes).expect("it is written");
        if without_index {
            std::fs::remove_file(index::path(folder.path(), 3)).expect("the index was there");
        }
        let log = EmbeddedLog::open(folder.path(), options()).expect("the log opens");
        let mut member = log.subscribe("t", "g").await.expect("the topic is there");
        let mut stream = member.assigned().await.expect("the log is open");
        let (mut offsets, mut errors) = (Vec::new(), 0);
        while offsets.last() != Some(&99) {
            match stream.next(500).await {
                Ok(records) => offsets.extend(records.expect("the stream goes on").iter().map(|record| record.offset)),
                Err(LogError::Unavailable(Some(_))) => errors += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!((errors, offsets.len()), (1, 99), "one record is lost, and it is told");
    }
}
