//! One entry of the journal: a header of 28 bytes and a payload, under one checksum.
//!
//! | bytes | what |
//! | --- | --- |
//! | 0–3 | CRC32C of everything behind it, seeded with the segment's number and the frame's position |
//! | 4–7 | bytes of the payload |
//! | 8–11 | position at which the frame's batch begins: everything before it was synced when this was written |
//! | 12 | kind |
//! | 13 | 0 |
//! | 14–15 | topic |
//! | 16–19 | partition |
//! | 20–27 | offset: of a record its own, of a commit the committed one |
//!
//! Integers are little endian. The seed makes a frame valid at its own place only, so that neither blocks of a file that
//! was deleted earlier nor a payload that holds a copy of a journal can be taken for entries.

use std::ops::Range;

/// Bytes of a frame's header.
pub(super) const HEADER: usize = 28;
/// No payload is larger: what claims to be is damage.
pub(super) const MAX_PAYLOAD: usize = 64 << 20;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// A record; the payload is the caller's.
    Record = 1,
    /// A topic came to be, or changed its retention; the payload is a [`super::state::TopicState`].
    Topic = 2,
    /// A group's committed offset; the payload is the group's name.
    Commit = 3,
    /// All topics and commits as they were when the segment began; see [`super::state`].
    Snapshot = 4,
}

/// A frame, its payload borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) kind: Kind,
    pub(super) batch: u32,
    pub(super) topic: u16,
    pub(super) partition: u32,
    pub(super) offset: u64,
    pub(super) payload: &'a [u8],
}

fn checksum(segment: u64, position: u32, rest: &[u8]) -> u32 {
    let mut place = [0; 12];
    place[..8].copy_from_slice(&segment.to_le_bytes());
    place[8..].copy_from_slice(&position.to_le_bytes());
    crc32c::crc32c_append(crc32c::crc32c(&place), rest)
}

impl Frame<'_> {
    /// Bytes that it takes in the journal.
    pub(super) fn size(&self) -> usize {
        HEADER + self.payload.len()
    }

    /// Writes it behind `buffer`; it will stand at `position` of `segment`.
    pub(super) fn encode(&self, buffer: &mut Vec<u8>, segment: u64, position: u32) {
        let mut header = [0; HEADER];
        header[4..8].copy_from_slice(&(self.payload.len() as u32).to_le_bytes());
        header[8..12].copy_from_slice(&self.batch.to_le_bytes());
        header[12] = self.kind as u8;
        header[14..16].copy_from_slice(&self.topic.to_le_bytes());
        header[16..20].copy_from_slice(&self.partition.to_le_bytes());
        header[20..].copy_from_slice(&self.offset.to_le_bytes());
        let start = buffer.len();
        buffer.extend_from_slice(&header);
        buffer.extend_from_slice(self.payload);
        let crc = checksum(segment, position, &buffer[start + 4..]);
        buffer[start..start + 4].copy_from_slice(&crc.to_le_bytes());
    }
}

/// Bytes of the frame that begins `bytes`, as its header has it; `None` if it cannot be a header.
pub(super) fn size_of(bytes: &[u8]) -> Option<usize> {
    let header = bytes.get(..HEADER)?;
    let payload = u32_at(header, 4) as usize;
    let plausible = matches!(header[12], 1..=4) && header[13] == 0 && payload <= MAX_PAYLOAD;
    plausible.then_some(HEADER + payload)
}

/// The intact frame that begins `bytes`, which stand at `position` of `segment`.
pub(super) fn decode(bytes: &[u8], segment: u64, position: u32) -> Option<Frame<'_>> {
    let whole = bytes.get(..size_of(bytes)?)?;
    let batch = u32_at(whole, 8);
    if batch > position || u32_at(whole, 0) != checksum(segment, position, &whole[4..]) {
        return None;
    }
    let kind = match whole[12] {
        1 => Kind::Record,
        2 => Kind::Topic,
        3 => Kind::Commit,
        _ => Kind::Snapshot,
    };
    Some(Frame {
        kind,
        batch,
        topic: u16::from_le_bytes([whole[14], whole[15]]),
        partition: u32_at(whole, 16),
        offset: u64::from(u32_at(whole, 20)) | u64::from(u32_at(whole, 24)) << 32,
        payload: &whole[HEADER..],
    })
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// What a walk over a segment found besides the frames.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Walk {
    /// Where the last intact frame ends.
    pub(super) end: usize,
    /// Bytes behind `end` that are no frames: the rest of a write that power or process did not survive.
    pub(super) torn: usize,
    /// Ranges that were synced once and are damaged now, with intact frames behind them.
    pub(super) damaged: Vec<Range<usize>>,
}

/// Visits every intact frame of a segment's bytes from `start` on.
///
/// What fails its checksum is a torn tail if nothing behind it proves that it had been synced: a frame of a later batch, or
/// (`sealed`) a later segment. Otherwise it is damage, and the walk goes on behind it.
pub(super) fn walk<'a>(
    bytes: &'a [u8],
    segment: u64,
    start: usize,
    sealed: bool,
    mut visit: impl FnMut(u32, Frame<'a>),
) -> Walk {
    let mut found = Walk {
        end: start.min(bytes.len()),
        ..Walk::default()
    };
    let mut at = found.end;
    while at < bytes.len() {
        if let Some(frame) = decode(&bytes[at..], segment, at as u32) {
            at += frame.size();
            found.end = at;
            visit((at - frame.size()) as u32, frame);
            continue;
        }
        let Some(next) = intact_behind(bytes, segment, at) else {
            break;
        };
        if !sealed && !synced(bytes, segment, at, next) {
            break;
        }
        found.damaged.push(at..next);
        at = next;
    }
    found.torn = bytes.len() - found.end;
    if sealed && bytes[found.end..].iter().any(|byte| *byte != 0) {
        found.damaged.push(found.end..bytes.len());
    }
    found
}

/// The first place behind `broken` at which an intact frame begins.
fn intact_behind(bytes: &[u8], segment: u64, broken: usize) -> Option<usize> {
    (broken + 1..bytes.len()).find(|at| decode(&bytes[*at..], segment, *at as u32).is_some())
}

/// Whether a frame from `next` on belongs to a batch that was begun behind `broken`.
fn synced(bytes: &[u8], segment: u64, broken: usize, next: usize) -> bool {
    let mut at = Some(next);
    while let Some(here) = at {
        let Some(frame) = decode(&bytes[here..], segment, here as u32) else {
            at = intact_behind(bytes, segment, here);
            continue;
        };
        if frame.batch as usize > broken {
            return true;
        }
        at = (here + frame.size() < bytes.len()).then_some(here + frame.size());
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(offset: u64, batch: u32, payload: &[u8]) -> Frame<'_> {
        Frame {
            kind: Kind::Record,
            batch,
            topic: 3,
            partition: 7,
            offset,
            payload,
        }
    }

    fn three_batches() -> Vec<u8> {
        let mut bytes = Vec::new();
        for offset in 0..6 {
            let batch = if offset % 2 == 0 { bytes.len() } else { bytes.len() - 33 };
            let position = bytes.len() as u32;
            record(offset, batch as u32, b"hello").encode(&mut bytes, 9, position);
        }
        bytes
    }

    fn offsets(bytes: &[u8], sealed: bool) -> (Vec<u64>, Walk) {
        let mut seen = Vec::new();
        let walk = walk(bytes, 9, 0, sealed, |_, frame| seen.push(frame.offset));
        (seen, walk)
    }

    fn bounds(walk: &Walk) -> Vec<(usize, usize)> {
        walk.damaged.iter().map(|range| (range.start, range.end)).collect()
    }

    #[test]
    fn a_frame_is_read_as_it_was_written_and_only_at_its_place() {
        let mut bytes = vec![0; 40];
        let frame = Frame {
            offset: u64::MAX - 1,
            ..record(0, 12, b"payload")
        };
        frame.encode(&mut bytes, 1, 40);
        assert_eq!(decode(&bytes[40..], 1, 40), Some(frame));
        assert_eq!(decode(&bytes[40..], 2, 40), None);
        assert_eq!(decode(&bytes[40..], 1, 41), None);
    }

    #[test]
    fn damage_in_the_last_batch_is_a_torn_tail() {
        let whole = three_batches();
        for at in 4 * 33..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            let (seen, walk) = offsets(&bytes, false);
            let kept = at / 33;
            assert_eq!(seen, (0..kept as u64).collect::<Vec<_>>());
            assert_eq!(
                (walk.end, walk.torn, walk.damaged.len()),
                (kept * 33, bytes.len() - kept * 33, 0)
            );
        }
    }

    #[test]
    fn damage_before_a_later_batch_is_told_and_what_follows_is_kept() {
        let whole = three_batches();
        for at in 0..4 * 33 {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            let (seen, walk) = offsets(&bytes, false);
            let lost = at / 33;
            assert_eq!(seen, (0..6).filter(|offset| *offset != lost as u64).collect::<Vec<_>>());
            assert_eq!((walk.end, walk.torn), (whole.len(), 0));
            assert_eq!(bounds(&walk), [(lost * 33, (lost + 1) * 33)]);
        }
    }

    #[test]
    fn a_sealed_segment_has_no_torn_tail() {
        let mut bytes = three_batches();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        let (seen, walk) = offsets(&bytes, true);
        assert_eq!(seen.len(), 5);
        assert_eq!(bounds(&walk), [(5 * 33, 6 * 33)]);
    }
}
