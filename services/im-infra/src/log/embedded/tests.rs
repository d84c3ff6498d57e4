//! The embedded log as a whole: the port's suite, crashes, failing disks, retention, and random operations.

mod crash;
mod disk;
mod model;
mod retention;

use super::{EmbeddedLog, EmbeddedLogOptions};
use crate::clock::ManualClock;
use crate::log::conformance::{Subject, every_promise};
use crate::log::{Append, Durability, Log, Record, TopicSpec};
use bytes::Bytes;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn options() -> EmbeddedLogOptions {
    let mut options = EmbeddedLogOptions::new(ManualClock::at(1_000_000));
    options.commit_interval = Duration::from_millis(5);
    options
}

fn topic(name: &str, partitions: u32, durability: Durability) -> TopicSpec {
    TopicSpec {
        name: name.into(),
        partitions,
        retention_ms: 60_000,
        durability,
    }
}

fn record(topic: &str, partition: u32, payload: impl Into<Bytes>) -> Append {
    Append {
        topic: topic.into(),
        partition,
        payload: payload.into(),
    }
}

/// Reads everything of one partition from the beginning, as a group that is new.
async fn everything(log: &EmbeddedLog, topic: &str, partition: u32) -> Vec<Record> {
    let mut member = log
        .subscribe(topic, &format!("reader-{}", rand::random::<u64>()))
        .await
        .expect("the topic is there");
    let mut streams = Vec::new();
    let mut stream = loop {
        let stream = member.assigned().await.expect("the log is open");
        if stream.partition() == partition {
            break stream;
        }
        streams.push(stream);
    };
    let count = {
        let topic = log.inner.core.topics.get(topic).expect("the topic is there");
        let offsets = topic.partitions[partition as usize].offsets.lock();
        (offsets.end - offsets.start) as usize
    };
    let mut records = Vec::new();
    while records.len() < count {
        records.extend(
            stream
                .next(64 << 10)
                .await
                .expect("the log can be read")
                .expect("the stream goes on"),
        );
    }
    records
}

fn subject(folder: &Path, options: EmbeddedLogOptions) -> Subject {
    let folder = folder.to_owned();
    Subject {
        open: Box::new(move || {
            let log = EmbeddedLog::open(&folder, options.clone()).expect("the log opens");
            Box::pin(std::future::ready(Arc::new(log) as Arc<dyn Log>))
        }),
        prefix: "suite.".into(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_keeps_every_promise_of_the_port() {
    let folder = tempfile::tempdir().expect("a folder");
    every_promise(&subject(folder.path(), options())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_keeps_them_with_tiny_segments_and_nothing_in_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = options();
    (options.segment_bytes, options.tail_bytes, options.queue_bytes) = (2_000, 0, 10_000);
    every_promise(&subject(folder.path(), options)).await;
}
