//! Deletes segments that nobody needs any more.
//!
//! A sealed segment goes when for each topic in it every group has committed its records and they are older than the topic's
//! retention. While the log is over its size bound, age does not count for what groups have consumed; what a group has yet
//! to consume, or what no group reads (dead letters), is never deleted early. The newest sealed segment is always kept.

use super::EmbeddedLogOptions;
use super::index::Head;
use super::store::Store;
use super::topics::{Topic, Topics};
use crate::clock::Clock;
use crate::log::Durability;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};

/// The thread that deletes: looks whenever a segment was sealed and now and then in between, until the writer is gone.
pub(super) fn run(store: &Store, topics: &Topics, options: &EmbeddedLogOptions, sealed: &Receiver<()>) {
    let mut over = false;
    while !matches!(
        sealed.recv_timeout(options.retention_interval),
        Err(RecvTimeoutError::Disconnected)
    ) {
        let left = sweep(store, topics, &*options.clock, options.max_bytes);
        if left > options.max_bytes && !over {
            tracing::warn!(
                bytes = left,
                bound = options.max_bytes,
                "log is over its size: groups have yet to consume it"
            );
        }
        over = left > options.max_bytes;
    }
}

/// Looks once. Returns how many bytes of sealed segments are left.
pub(super) fn sweep(store: &Store, topics: &Topics, clock: &dyn Clock, max_bytes: u64) -> u64 {
    let disk = topics
        .all()
        .into_iter()
        .filter(|topic| topic.durability == Durability::Disk);
    let topics: BTreeMap<u16, Arc<Topic>> = disk.map(|topic| (topic.number, topic)).collect();
    let now = clock.now_ms();
    let mut total = store.sealed_bytes();
    let mut sealed = store.sealed();
    // The newest one stays: until the snapshot of the segment behind it is on disk, its own is the last that there is.
    sealed.pop();
    for head in sealed {
        if !removable(&head, &topics, now, total > max_bytes) {
            continue;
        }
        for run in &head.runs {
            if let Some(topic) = topics.get(&run.topic)
                && let Some(partition) = topic.partitions.get(run.partition as usize)
            {
                partition.offsets.lock().forget(run.end());
            }
        }
        match store.delete(head.segment) {
            Ok(()) => {
                total -= head.length;
                tracing::debug!(segment = head.segment, bytes = head.length, "log segment deleted");
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(segment = head.segment, error, "log segment not deleted");
            }
        }
    }
    total
}

fn removable(head: &Head, topics: &BTreeMap<u16, Arc<Topic>>, now: u64, over: bool) -> bool {
    head.runs.iter().all(|run| {
        let Some(topic) = topics.get(&run.topic) else {
            return true;
        };
        let kept_until = head
            .sealed_ms
            .saturating_add(topic.retention_ms.load(Ordering::Relaxed));
        match topic.committed_by_all(run.partition) {
            Some(committed) => committed >= run.end() && (over || kept_until <= now),
            None => kept_until <= now,
        }
    })
}
