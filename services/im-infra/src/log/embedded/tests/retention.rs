//! What is deleted, what is kept, and what memory topics drop.

use super::{everything, options, record, topic};
use crate::clock::ManualClock;
use crate::log::embedded::{EmbeddedLog, EmbeddedLogOptions, retention, segment};
use crate::log::{Durability, Log, LogError, PartitionStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const RETENTION: Duration = Duration::from_secs(60);

struct Kept {
    log: EmbeddedLog,
    clock: Arc<ManualClock>,
    folder: tempfile::TempDir,
}

fn small(clock: &Arc<ManualClock>) -> EmbeddedLogOptions {
    let mut options = EmbeddedLogOptions::new(Arc::clone(clock) as _);
    // The tests look for themselves, so that they know when it was looked.
    (options.segment_bytes, options.retention_interval) = (1_000, Duration::from_secs(86_400));
    options
}

async fn kept() -> Kept {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = ManualClock::at(1_000_000);
    let log = EmbeddedLog::open(folder.path(), small(&clock)).expect("the log opens");
    log.create_topic(&topic("t", 1, Durability::Disk))
        .await
        .expect("the topic is created");
    Kept { log, clock, folder }
}

impl Kept {
    async fn fill(&self, topic: &str, records: usize) {
        for _ in 0..records {
            self.log
                .append(vec![record(topic, 0, vec![1; 80])])
                .await
                .expect("the record is appended");
        }
    }

    fn sweep(&self, max_bytes: u64) -> usize {
        let core = &self.log.inner.core;
        retention::sweep(&core.store, &core.topics, &*self.clock, max_bytes);
        segments(self.folder.path())
    }

    async fn commit(&self, topic: &str, group: &str, offset: u64) {
        let mut member = self.log.subscribe(topic, group).await.expect("the topic is there");
        let mut stream: Box<dyn PartitionStream> = member.assigned().await.expect("the log is open");
        stream.commit(offset).await.expect("it is committed");
    }

    fn start(&self, topic: &str) -> u64 {
        self.log
            .inner
            .core
            .topics
            .get(topic)
            .expect("the topic is there")
            .partitions[0]
            .offsets
            .lock()
            .start
    }
}

fn segments(folder: &Path) -> usize {
    segment::list(folder).expect("the folder can be read").len()
}

#[tokio::test]
async fn a_segment_goes_when_it_is_old_and_every_group_is_done_with_it() {
    let kept = kept().await;
    kept.fill("t", 100).await;
    let all = segments(kept.folder.path());
    kept.commit("t", "one", 100).await;
    kept.commit("t", "other", 50).await;
    assert_eq!(kept.sweep(u64::MAX), all, "nothing is old");
    kept.clock.advance(RETENTION);
    let left = kept.sweep(u64::MAX);
    assert!(
        left < all && left > 2,
        "what the other group has yet to consume is kept"
    );
    assert!((30..=50).contains(&kept.start("t")), "{}", kept.start("t"));
    let records = everything(&kept.log, "t", 0).await;
    assert!(records.iter().map(|record| record.offset).eq(kept.start("t")..100));

    // A restart changes none of it, although the segments that held the topic and the commits are gone.
    let start = kept.start("t");
    let Kept { log, clock, folder } = kept;
    drop(log);
    let log = EmbeddedLog::open(folder.path(), small(&clock)).expect("the log opens");
    let kept = Kept { log, clock, folder };
    assert_eq!(
        (
            kept.start("t"),
            kept.log.lag("t", "one").await.ok(),
            kept.log.lag("t", "other").await.ok()
        ),
        (start, Some(0), Some(50))
    );
    kept.commit("t", "other", 100).await;
    for group in kept
        .log
        .inner
        .core
        .topics
        .get("t")
        .expect("the topic is there")
        .groups
        .lock()
        .values()
    {
        if group.committed(0) < 100 {
            assert!(group.name.starts_with("reader-"));
        }
    }
    kept.fill("t", 1).await;
    assert_eq!(
        everything(&kept.log, "t", 0).await.last().map(|record| record.offset),
        Some(100)
    );
}

#[tokio::test]
async fn a_crash_while_a_segment_is_begun_finds_the_state_in_the_one_before() {
    let kept = kept().await;
    kept.fill("t", 100).await;
    kept.commit("t", "one", 100).await;
    kept.clock.advance(RETENTION);
    assert_eq!(
        kept.sweep(0),
        2,
        "the active segment and the newest sealed one are left"
    );
    let Kept { log, clock, folder } = kept;
    log.close().await;
    let last = *segment::list(folder.path())
        .expect("the folder can be read")
        .last()
        .expect("segments are there");
    std::fs::write(segment::path(folder.path(), last), b"PARLOG").expect("it is written");
    let log = EmbeddedLog::open(folder.path(), small(&clock)).expect("the log opens");
    let records = everything(&log, "t", 0).await;
    assert!(
        records.len() > 5 && records.iter().all(|record| record.offset > 70),
        "{}",
        records.len()
    );
}

#[tokio::test]
async fn over_its_size_the_log_deletes_what_is_consumed_and_nothing_else() {
    let kept = kept().await;
    kept.log
        .create_topic(&topic("dead-letters", 1, Durability::Disk))
        .await
        .expect("the topic is created");
    kept.fill("dead-letters", 1).await;
    kept.fill("t", 100).await;
    let all = segments(kept.folder.path());
    kept.commit("t", "one", 50).await;
    let left = kept.sweep(0);
    assert!(left < all && left > all / 2 - 2, "{left} of {all} are left");
    assert_eq!(
        everything(&kept.log, "dead-letters", 0).await.len(),
        1,
        "what no group reads is kept for its time"
    );
    assert!((30..=50).contains(&kept.start("t")), "{}", kept.start("t"));

    let Kept { log, clock, folder } = kept;
    drop(log);
    let log = EmbeddedLog::open(folder.path(), small(&clock)).expect("the log opens");
    let kept = Kept { log, clock, folder };
    assert!(
        (30..=50).contains(&kept.start("t")),
        "records before a segment that was deleted do not come back"
    );
    assert_eq!(everything(&kept.log, "dead-letters", 0).await.len(), 1);
}

#[tokio::test]
async fn a_full_memory_topic_drops_the_oldest_and_a_slow_consumer_goes_on_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = options();
    options.memory_topic_bytes = 10_000;
    let log = EmbeddedLog::open(folder.path(), options).expect("the log opens");
    log.create_topic(&topic("m", 1, Durability::Memory))
        .await
        .expect("the topic is created");
    let mut member = log.subscribe("m", "slow").await.expect("the topic is there");
    let mut stream = member.assigned().await.expect("the log is open");
    for number in 0..1_000u64 {
        log.append(vec![record("m", 0, number.to_be_bytes().repeat(10))])
            .await
            .expect("it is appended");
    }
    let dropped = stream.next(1 << 20).await.expect_err("the oldest are gone");
    let LogError::Dropped { records: dropped } = dropped else {
        panic!("{dropped}")
    };
    let records = stream
        .next(1 << 20)
        .await
        .expect("it is told once")
        .expect("the stream goes on");
    assert_eq!(dropped + records.len() as u64, 1_000);
    assert!(
        records.len() > 40 && records.len() < 100,
        "{} records are left",
        records.len()
    );
    assert!(
        records
            .iter()
            .map(|record| record.offset)
            .eq(1_000 - records.len() as u64..1_000)
    );
    stream.commit(1_000).await.expect("it is committed");
    assert_eq!(log.lag("m", "slow").await.expect("the topic is there"), 0);
    let topic = log.inner.core.topics.get("m").expect("the topic is there");
    assert_eq!(
        topic.tails.load(std::sync::atomic::Ordering::SeqCst),
        0,
        "what is consumed takes no memory"
    );
}
