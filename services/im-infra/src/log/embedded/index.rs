//! The index file of a sealed segment: where each record of each partition stands. Opening the log reads only its head.
//!
//! It is never synced: one that is missing, stale or damaged fails its checksum and is built anew from the segment.

use super::frame::{Kind, Walk, walk};
use super::segment;
use super::state::Reader;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"PARIDX\r\n";
/// Magic, checksum of the head, bytes of the head.
const PREFIX: usize = 16;
const RUN: usize = 20;
/// Stands for the position of a record that was lost to damage: a segment's header is there.
pub(super) const LOST: u32 = 0;

/// The records of one partition in one segment; their offsets have no gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) topic: u16,
    pub(super) partition: u32,
    pub(super) first: u64,
    pub(super) count: u32,
}

impl Run {
    /// The offset behind the last.
    pub(super) fn end(&self) -> u64 {
        self.first + u64::from(self.count)
    }
}

/// What is kept in memory of every sealed segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) segment: u64,
    /// Bytes of the segment file.
    pub(super) length: u64,
    /// Milliseconds since 1970 at which it was sealed: all its records are older.
    pub(super) sealed_ms: u64,
    /// Ordered by topic and partition.
    pub(super) runs: Vec<Run>,
}

/// The whole index of one segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) head: Head,
    /// Position of every record, in the order of `head.runs`.
    pub(super) positions: Vec<Vec<u32>>,
}

/// Where the index of segment `number` lies.
pub(super) fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:012}.idx"))
}

impl Index {
    /// Builds the index from the bytes of a sealed segment.
    pub(super) fn rebuild(bytes: &[u8], segment: u64, sealed_ms: u64) -> (Self, Walk) {
        let mut partitions: BTreeMap<(u16, u32), (u64, Vec<u32>)> = BTreeMap::new();
        let walk = walk(bytes, segment, segment::HEADER, true, |position, frame| {
            if frame.kind == Kind::Record {
                let (first, positions) = partitions
                    .entry((frame.topic, frame.partition))
                    .or_insert((frame.offset, Vec::new()));
                positions.resize(frame.offset.saturating_sub(*first) as usize, LOST);
                positions.push(position);
            }
        });
        (Self::new(segment, bytes.len() as u64, sealed_ms, partitions), walk)
    }

    /// Puts together what is known of a segment that is being sealed: per topic and partition the first offset and the positions.
    pub(super) fn new(
        segment: u64,
        length: u64,
        sealed_ms: u64,
        partitions: BTreeMap<(u16, u32), (u64, Vec<u32>)>,
    ) -> Self {
        let mut index = Self {
            head: Head {
                segment,
                length,
                sealed_ms,
                runs: Vec::new(),
            },
            positions: Vec::new(),
        };
        for ((topic, partition), (first, positions)) in partitions {
            index.head.runs.push(Run {
                topic,
                partition,
                first,
                count: positions.len() as u32,
            });
            index.positions.push(positions);
        }
        index
    }

    /// The positions of a partition from `offset` on; empty if it has none here.
    pub(super) fn positions(&self, topic: u16, partition: u32, offset: u64) -> &[u32] {
        let found = self
            .head
            .runs
            .binary_search_by_key(&(topic, partition), |run| (run.topic, run.partition));
        let Ok(at) = found else { return &[] };
        let skip = offset.saturating_sub(self.head.runs[at].first) as usize;
        self.positions[at].get(skip..).unwrap_or_default()
    }

    /// Writes it beside its segment.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let mut body = Vec::with_capacity(self.positions.iter().map(|positions| positions.len() * 4).sum());
        for position in self.positions.iter().flatten() {
            body.extend_from_slice(&position.to_le_bytes());
        }
        let mut head = Vec::new();
        for value in [self.head.segment, self.head.length, self.head.sealed_ms] {
            head.extend_from_slice(&value.to_le_bytes());
        }
        head.extend_from_slice(&crc32c::crc32c(&body).to_le_bytes());
        head.extend_from_slice(&(self.head.runs.len() as u32).to_le_bytes());
        for run in &self.head.runs {
            head.extend_from_slice(&u32::from(run.topic).to_le_bytes());
            head.extend_from_slice(&run.partition.to_le_bytes());
            head.extend_from_slice(&run.first.to_le_bytes());
            head.extend_from_slice(&run.count.to_le_bytes());
        }
        let mut file = MAGIC.to_vec();
        file.extend_from_slice(&crc32c::crc32c(&head).to_le_bytes());
        file.extend_from_slice(&(head.len() as u32).to_le_bytes());
        file.extend_from_slice(&head);
        file.extend_from_slice(&body);
        let target = path(folder, self.head.segment);
        let unfinished = target.with_extension("tmp");
        std::fs::write(&unfinished, file)?;
        std::fs::rename(unfinished, target)
    }

    /// Reads the index of segment `number`. `None` if there is no intact one.
    pub(super) fn read(folder: &Path, number: u64) -> Option<Self> {
        let bytes = std::fs::read(path(folder, number)).ok()?;
        let head_end = PREFIX + Reader(bytes.get(12..16)?).u32()? as usize;
        let (head, body_crc) = decode_head(bytes.get(..head_end)?, number)?;
        let mut body = bytes.get(head_end..)?;
        if crc32c::crc32c(body) != body_crc {
            return None;
        }
        let mut positions = Vec::with_capacity(head.runs.len());
        for run in &head.runs {
            let (its, rest) = body.split_at_checked(run.count as usize * 4)?;
            positions.push(
                its.chunks_exact(4)
                    .map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
                    .collect(),
            );
            body = rest;
        }
        body.is_empty().then_some(Self { head, positions })
    }
}

/// Reads only the head of the index of segment `number`. `None` if there is no intact one.
pub(super) fn read_head(folder: &Path, number: u64) -> Option<Head> {
    let mut file = File::open(path(folder, number)).ok()?;
    let mut bytes = vec![0; PREFIX];
    file.read_exact(&mut bytes).ok()?;
    let rest = Reader(&bytes[12..]).u32()?;
    if u64::from(rest) > file.metadata().ok()?.len() {
        return None;
    }
    file.take(u64::from(rest)).read_to_end(&mut bytes).ok()?;
    decode_head(&bytes, number).map(|(head, _)| head)
}

fn decode_head(bytes: &[u8], number: u64) -> Option<(Head, u32)> {
    let mut reader = Reader(bytes);
    let (magic, crc, _) = (reader.take(8)?, reader.u32()?, reader.u32()?);
    if magic != MAGIC || crc != crc32c::crc32c(reader.0) {
        return None;
    }
    let (segment, length, sealed_ms) = (reader.u64()?, reader.u64()?, reader.u64()?);
    let (body_crc, count) = (reader.u32()?, reader.u32()? as usize);
    if segment != number || reader.0.len() != count.checked_mul(RUN)? {
        return None;
    }
    let mut runs = Vec::with_capacity(count);
    for _ in 0..count {
        let topic = u16::try_from(reader.u32()?).ok()?;
        runs.push(Run {
            topic,
            partition: reader.u32()?,
            first: reader.u64()?,
            count: reader.u32()?,
        });
    }
    Some((
        Head {
            segment,
            length,
            sealed_ms,
            runs,
        },
        body_crc,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_read_as_it_was_written_and_not_when_any_byte_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let partitions = BTreeMap::from([((1, 0), (5, vec![30, 70, LOST, 90])), ((2, 9), (0, vec![50]))]);
        let index = Index::new(4, 1_000, 77, partitions);
        index.write(folder.path()).expect("written");
        assert_eq!(Index::read(folder.path(), 4).as_ref(), Some(&index));
        assert_eq!(read_head(folder.path(), 4).as_ref(), Some(&index.head));
        assert_eq!(index.positions(1, 0, 6), [70, LOST, 90]);
        assert!(index.positions(1, 0, 9).is_empty() && index.positions(1, 1, 0).is_empty());
        let file = path(folder.path(), 4);
        let whole = std::fs::read(&file).expect("read");
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 4;
            std::fs::write(&file, bytes).expect("written");
            assert_eq!(Index::read(folder.path(), 4), None, "byte {at}");
        }
    }
}
