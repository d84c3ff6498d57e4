//! The segments on disk, as readers and retention see them.

use super::frame::{self, Kind, decode};
use super::index::{Head, Index};
use super::partition::Partition;
use super::segment;
use crate::log::Record;
use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Sealed segments that are kept open with their index.
const OPEN_SEGMENTS: usize = 8;
/// Bytes read at once while records of other partitions lie in between.
const CHUNK: usize = 256 << 10;

/// All segments but for what only the writer knows.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) folder: PathBuf,
    sealed: Mutex<BTreeMap<u64, Head>>,
    /// The segments that were read last, the latest at the end.
    open: Mutex<VecDeque<Arc<OpenSegment>>>,
}

#[derive(Debug)]
struct OpenSegment {
    number: u64,
    file: Arc<File>,
    index: OnceLock<Index>,
}

impl Store {
    pub(super) fn new(folder: &Path, sealed: BTreeMap<u64, Head>) -> Self {
        Self {
            folder: folder.to_owned(),
            sealed: Mutex::new(sealed),
            open: Mutex::default(),
        }
    }

    /// Lets readers have the segment that the writer is at.
    pub(super) fn activate(&self, number: u64, file: Arc<File>) {
        self.remember(OpenSegment {
            number,
            file,
            index: OnceLock::new(),
        });
    }

    /// The segment was written to its end: its index goes to disk and stays in memory as long as it is read.
    pub(super) fn seal(&self, index: Index, file: Arc<File>) {
        if let Err(error) = index.write(&self.folder) {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "index of a log segment not written"
            );
        }
        let number = index.head.segment;
        self.sealed.lock().insert(number, index.head.clone());
        self.open.lock().retain(|open| open.number != number);
        self.remember(OpenSegment {
            number,
            file,
            index: OnceLock::from(index),
        });
    }

    fn remember(&self, segment: OpenSegment) -> Arc<OpenSegment> {
        let segment = Arc::new(segment);
        let mut open = self.open.lock();
        open.push_back(Arc::clone(&segment));
        if open.len() > OPEN_SEGMENTS {
            open.pop_front();
        }
        segment
    }

    fn open(&self, number: u64) -> io::Result<Arc<OpenSegment>> {
        {
            let mut open = self.open.lock();
            if let Some(at) = open.iter().position(|open| open.number == number) {
                let found = open.remove(at).expect("position found it");
                open.push_back(Arc::clone(&found));
                return Ok(found);
            }
        }
        let file = Arc::new(File::open(segment::path(&self.folder, number))?);
        Ok(self.remember(OpenSegment {
            number,
            file,
            index: OnceLock::new(),
        }))
    }

    /// Reads records of the active segment, or one that was active a moment ago. Blocks.
    pub(super) fn read_active(
        &self,
        partition: &Partition,
        segment: u64,
        offset: u64,
        positions: &[u32],
        max_bytes: usize,
    ) -> io::Result<Vec<Record>> {
        self.open(segment)?.read(partition, offset, positions, max_bytes)
    }

    /// Reads records of a sealed segment. Empty if the first one is damaged. Blocks.
    pub(super) fn read_sealed(
        &self,
        partition: &Partition,
        segment: u64,
        offset: u64,
        max_bytes: usize,
    ) -> io::Result<Vec<Record>> {
        let open = self.open(segment)?;
        let index = match open.index.get() {
            Some(index) => index,
            None => {
                let index = self.load_index(&open)?;
                open.index.get_or_init(|| index)
            }
        };
        open.read(
            partition,
            offset,
            index.positions(partition.topic, partition.number, offset),
            max_bytes,
        )
    }

    fn load_index(&self, open: &OpenSegment) -> io::Result<Index> {
        if let Some(index) = Index::read(&self.folder, open.number) {
            return Ok(index);
        }
        let sealed_ms = self.sealed.lock().get(&open.number).map_or(0, |head| head.sealed_ms);
        rebuild_index(&self.folder, open.number, sealed_ms)
    }

    /// The heads of all sealed segments, oldest first.
    pub(super) fn sealed(&self) -> Vec<Head> {
        self.sealed.lock().values().cloned().collect()
    }

    /// Bytes of all sealed segments.
    pub(super) fn sealed_bytes(&self) -> u64 {
        self.sealed.lock().values().map(|head| head.length).sum()
    }

    /// Deletes a sealed segment; what is being read of it is read to its end.
    pub(super) fn delete(&self, number: u64) -> io::Result<()> {
        std::fs::remove_file(segment::path(&self.folder, number))?;
        self.sealed.lock().remove(&number);
        self.open.lock().retain(|open| open.number != number);
        std::fs::remove_file(super::index::path(&self.folder, number)).or_else(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                Ok(())
            } else {
                Err(error)
            }
        })?;
        segment::sync_folder(&self.folder)
    }
}

/// Builds and writes the index of a sealed segment that has none, and tells of the damage that it finds.
pub(super) fn rebuild_index(folder: &Path, number: u64, sealed_ms: u64) -> io::Result<Index> {
    let bytes = std::fs::read(segment::path(folder, number))?;
    let (index, walk) = Index::rebuild(&bytes, number, sealed_ms);
    for range in &walk.damaged {
        tell_damage(number, range);
    }
    tracing::info!(segment = number, "index of a log segment built anew");
    if let Err(error) = index.write(folder) {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "index of a log segment not written"
        );
    }
    Ok(index)
}

/// Reports bytes that had been durable and are not intact any more.
pub(super) fn tell_damage(segment: u64, range: &std::ops::Range<usize>) {
    metrics::counter!("log_damaged_bytes").increment(range.len() as u64);
    tracing::error!(
        segment,
        from = range.start,
        to = range.end,
        "log segment is damaged; its other records are kept"
    );
}

impl OpenSegment {
    /// Reads the frames at `positions`, the first one being that of `offset`, until about `max_bytes` or damage.
    fn read(&self, partition: &Partition, offset: u64, positions: &[u32], max_bytes: usize) -> io::Result<Vec<Record>> {
        let mut window = Window {
            file: &self.file,
            start: 0,
            bytes: Vec::new(),
        };
        let mut payloads = BytesMut::new();
        let mut lengths = Vec::new();
        let span = positions
            .last()
            .map_or(0, |last| (last - positions[0].min(*last)) as usize);
        let chunk = (span + CHUNK / 4).min(CHUNK);
        for (offset, position) in (offset..).zip(positions) {
            let bytes = window.frame(*position, chunk)?;
            let Some(frame) = decode(bytes, self.number, *position) else {
                break;
            };
            let place = (frame.kind, frame.topic, frame.partition, frame.offset);
            if place != (Kind::Record, partition.topic, partition.number, offset) {
                break;
            }
            if !lengths.is_empty() && payloads.len() + frame.payload.len() > max_bytes {
                break;
            }
            payloads.extend_from_slice(frame.payload);
            lengths.push(frame.payload.len());
        }
        let mut payloads: Bytes = payloads.freeze();
        Ok((offset..)
            .zip(lengths)
            .map(|(offset, length)| Record {
                offset,
                payload: payloads.split_to(length),
            })
            .collect())
    }
}

/// A part of a segment, moved forward as it is read.
struct Window<'a> {
    file: &'a File,
    start: u64,
    bytes: Vec<u8>,
}

impl Window<'_> {
    /// The bytes from `position` on, the whole frame that begins there among them.
    fn frame(&mut self, position: u32, chunk: usize) -> io::Result<&[u8]> {
        if self.from(position).len() < frame::HEADER {
            self.load(position, chunk)?;
        }
        let size = frame::size_of(self.from(position)).unwrap_or(0);
        if self.from(position).len() < size {
            self.load(position, size.max(chunk))?;
        }
        Ok(self.from(position))
    }

    fn from(&self, position: u32) -> &[u8] {
        let skip = u64::from(position)
            .checked_sub(self.start)
            .map_or(usize::MAX, |skip| skip as usize);
        self.bytes.get(skip..).unwrap_or_default()
    }

    fn load(&mut self, position: u32, length: usize) -> io::Result<()> {
        self.start = u64::from(position);
        self.bytes.resize(length, 0);
        let mut filled = 0;
        while filled < length {
            match self.file.read_at(&mut self.bytes[filled..], self.start + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bytes.truncate(filled);
        Ok(())
    }
}
