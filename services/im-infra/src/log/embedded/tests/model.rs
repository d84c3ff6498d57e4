//! Random operations against a model that is a few vectors.

use super::{EmbeddedLog, options, record, topic};
use crate::log::{Durability, Log, PartitionStream, Subscription};
use proptest::prelude::*;
use std::path::Path;

const PARTITIONS: u32 = 2;
const GROUPS: [&str; 2] = ["one", "other"];

#[derive(Debug, Clone)]
enum Step {
    /// Appends records of these lengths, to this partition each.
    Append(Vec<(u32, usize)>),
    /// The group reads up to this many records of the partition and commits this many of them.
    Consume {
        group: usize,
        partition: u32,
        read: usize,
        commit: usize,
    },
    /// Closed and opened again, with commits written.
    Reopen,
    /// As after a crash: what is in the folder is opened elsewhere while the log still runs.
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    let append = prop::collection::vec((0..PARTITIONS, 0usize..400), 1..12).prop_map(Step::Append);
    let consume =
        (0..GROUPS.len(), 0..PARTITIONS, 1usize..30, 0usize..30).prop_map(|(group, partition, read, commit)| {
            Step::Consume {
                group,
                partition,
                read,
                commit,
            }
        });
    prop_oneof![4 => append, 4 => consume, 1 => Just(Step::Reopen), 1 => Just(Step::Crash)]
}

#[derive(Debug, Default)]
struct Model {
    records: [Vec<Vec<u8>>; PARTITIONS as usize],
    committed: [[u64; PARTITIONS as usize]; GROUPS.len()],
}

struct Run {
    folder: tempfile::TempDir,
    log: EmbeddedLog,
    model: Model,
    written: u64,
}

fn opened(folder: &Path) -> EmbeddedLog {
    let mut options = options();
    (options.segment_bytes, options.tail_bytes) = (1_500, 600);
    EmbeddedLog::open(folder, options).expect("the log opens")
}

async fn stream_of(member: &mut Box<dyn Subscription>, partition: u32) -> Box<dyn PartitionStream> {
    let mut streams = Vec::new();
    for _ in 0..PARTITIONS {
        streams.push(member.assigned().await.expect("the log is open"));
    }
    streams
        .into_iter()
        .find(|stream| stream.partition() == partition)
        .expect("every partition is assigned")
}

impl Run {
    async fn begin() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let log = opened(folder.path());
        log.create_topic(&topic("t", PARTITIONS, Durability::Disk))
            .await
            .expect("the topic is created");
        Self {
            folder,
            log,
            model: Model::default(),
            written: 0,
        }
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Append(records) => {
                let mut batch = Vec::new();
                for (partition, length) in records {
                    self.written += 1;
                    let payload = self
                        .written
                        .to_be_bytes()
                        .into_iter()
                        .cycle()
                        .take(length)
                        .collect::<Vec<_>>();
                    self.model.records[partition as usize].push(payload.clone());
                    batch.push(record("t", partition, payload));
                }
                self.log.append(batch).await.expect("the records are appended");
            }
            Step::Consume {
                group,
                partition,
                read,
                commit,
            } => self.consume(group, partition, read, commit).await,
            Step::Reopen => {
                self.log.close().await;
                self.log = opened(self.folder.path());
            }
            Step::Crash => self.crash().await,
        }
    }

    async fn consume(&mut self, group: usize, partition: u32, read: usize, commit: usize) {
        let records = &self.model.records[partition as usize];
        let committed = &mut self.model.committed[group][partition as usize];
        let mut member = self
            .log
            .subscribe("t", GROUPS[group])
            .await
            .expect("the topic is there");
        let mut stream = stream_of(&mut member, partition).await;
        let mut next = *committed as usize;
        let end = records.len().min(next + read);
        while next < end {
            for record in stream
                .next(500)
                .await
                .expect("it can be read")
                .expect("the stream goes on")
            {
                assert_eq!((record.offset, &record.payload[..]), (next as u64, &records[next][..]));
                next += 1;
            }
        }
        *committed = (*committed).max((*committed + commit as u64).min(next as u64));
        stream.commit(*committed).await.expect("it is committed");
        self.check_lag().await;
    }

    async fn check_lag(&self) {
        for (group, committed) in GROUPS.iter().zip(&self.model.committed) {
            let behind = self
                .model
                .records
                .iter()
                .zip(committed)
                .map(|(records, committed)| records.len() as u64 - committed);
            assert_eq!(
                self.log.lag("t", group).await.expect("the topic is there"),
                behind.sum::<u64>()
            );
        }
    }

    /// A copy of the folder holds every record that was appended, and commits that are not ahead.
    async fn crash(&self) {
        let copy = tempfile::tempdir().expect("a folder");
        for entry in std::fs::read_dir(self.folder.path()).expect("the folder can be read") {
            let file = entry.expect("the folder can be read").path();
            // Commits are written meanwhile: an index that is not finished, or a segment without records, may be gone by now.
            let copied = std::fs::copy(&file, copy.path().join(file.file_name().expect("it has a name")));
            assert!(copied.is_ok() || !file.exists(), "{copied:?}");
        }
        let log = opened(copy.path());
        for partition in 0..PARTITIONS {
            let found = super::everything(&log, "t", partition).await;
            let wanted = &self.model.records[partition as usize];
            assert!(
                found
                    .iter()
                    .map(|record| &record.payload[..])
                    .eq(wanted.iter().map(Vec::as_slice))
            );
        }
        for (group, committed) in GROUPS.iter().zip(&self.model.committed) {
            let behind = self
                .model
                .records
                .iter()
                .zip(committed)
                .map(|(records, committed)| records.len() as u64 - committed);
            assert!(log.lag("t", group).await.expect("the topic is there") >= behind.sum::<u64>());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_operations_agree_with_the_model(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut run = Run::begin().await;
            for step in steps {
                run.step(step).await;
            }
            run.step(Step::Reopen).await;
            run.check_lag().await;
        });
    }
}
