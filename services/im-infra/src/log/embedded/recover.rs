//! Opening: finds out what the folder holds, cuts a torn tail off, and builds everything that is kept in memory.
//!
//! Only the last segment is read; of the others the head of their index suffices.

use super::OpenError;
use super::frame::{Frame, Kind, decode, walk};
use super::index::{self, Head, LOST};
use super::partition::{Offsets, Partition, SealedRun};
use super::segment::{self, ActiveSegment, Faults};
use super::state::{State, TopicState};
use super::store::{rebuild_index, tell_damage};
use super::topics::{Topic, Topics};
use crate::log::{Durability, TopicSpec};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::UNIX_EPOCH;

/// What a folder was found to hold.
pub(super) struct Recovered {
    pub(super) topics: Topics,
    pub(super) declared: BTreeMap<u16, Arc<Topic>>,
    pub(super) sealed: BTreeMap<u64, Head>,
    pub(super) active: ActiveSegment,
    /// Where the next batch goes.
    pub(super) position: usize,
}

/// Positions of the records in the active segment with the offset of the first, for each partition of a topic.
type Positions = BTreeMap<u16, Vec<(u64, Vec<u32>)>>;

/// Reads the folder, which must be locked.
pub(super) fn recover(folder: &Path, faults: Faults) -> Result<Recovered, OpenError> {
    let failed = |source| OpenError::Io {
        folder: folder.to_owned(),
        source,
    };
    let mut numbers = segment::list(folder).map_err(failed)?;
    let last = last_segment(folder, &mut numbers)?;
    sweep_indexes(folder, &numbers).map_err(failed)?;
    let Some(bytes) = last else {
        let active = ActiveSegment::create(folder, 1, faults).map_err(failed)?;
        let (topics, declared, sealed) = (Topics::default(), BTreeMap::new(), BTreeMap::new());
        return Ok(Recovered {
            topics,
            declared,
            sealed,
            active,
            position: 0,
        });
    };
    let number = numbers.pop().expect("the last segment is one of them");
    let mut sealed = BTreeMap::new();
    for number in &numbers {
        sealed.insert(*number, sealed_head(folder, *number).map_err(failed)?);
    }
    let mut state = match snapshot(&bytes, number) {
        Some(state) => state,
        None => state_before(folder, &numbers)?,
    };
    let mut positions: Positions = state
        .topics
        .iter()
        .map(|(number, topic)| (*number, none_of(topic)))
        .collect();
    let mut highest = sealed
        .values()
        .flat_map(|head| &head.runs)
        .map(|run| run.topic)
        .max()
        .unwrap_or(0);
    let found = walk(&bytes, number, segment::HEADER, false, |position, frame| {
        if frame.kind == Kind::Record {
            note(&mut positions, position, &frame);
        } else {
            apply(&mut state, &frame);
            if let Some(topic) = state.topics.get(&frame.topic) {
                positions.entry(frame.topic).or_insert_with(|| none_of(topic));
            }
        }
        highest = highest.max(frame.topic);
    });
    for range in &found.damaged {
        tell_damage(number, range);
    }
    let active = ActiveSegment::open(folder, number, faults).map_err(failed)?;
    if found.torn > 0 {
        tracing::warn!(
            segment = number,
            position = found.end,
            bytes = found.torn,
            "torn end of the log cut off"
        );
        active.cut(found.end as u64).map_err(failed)?;
    }
    // What a killed process wrote and did not sync is about to be read as durable.
    active.sync().map_err(failed)?;
    let (topics, declared) = build(&state, positions, number, &sealed);
    topics.reserve(highest);
    Ok(Recovered {
        topics,
        declared,
        sealed,
        active,
        position: found.end,
    })
}

/// The bytes of the last segment that ever held anything durable; what was begun after it is deleted.
fn last_segment(folder: &Path, numbers: &mut Vec<u64>) -> Result<Option<Vec<u8>>, OpenError> {
    let failed = |source| OpenError::Io {
        folder: folder.to_owned(),
        source,
    };
    while let Some(number) = numbers.last().copied() {
        let bytes = read(folder, number)?;
        let mut durable = snapshot(&bytes, number).is_some();
        if !durable {
            walk(&bytes, number, segment::HEADER, false, |_, frame| {
                durable |= frame.batch > 0;
            });
        }
        if durable {
            return Ok(Some(bytes));
        }
        tracing::warn!(
            segment = number,
            bytes = bytes.len(),
            "log segment that was never finished deleted"
        );
        std::fs::remove_file(segment::path(folder, number)).map_err(failed)?;
        segment::sync_folder(folder).map_err(failed)?;
        numbers.pop();
    }
    Ok(None)
}

fn read(folder: &Path, number: u64) -> Result<Vec<u8>, OpenError> {
    let bytes = std::fs::read(segment::path(folder, number)).map_err(|source| OpenError::Io {
        folder: folder.to_owned(),
        source,
    })?;
    match segment::judge(&bytes, number) {
        segment::Head::Version(found) => Err(OpenError::Version {
            folder: folder.to_owned(),
            found,
        }),
        segment::Head::Good | segment::Head::Broken => Ok(bytes),
    }
}

/// The snapshot at the head of a segment, if it is intact.
fn snapshot(bytes: &[u8], number: u64) -> Option<State> {
    let frame = decode(bytes.get(segment::HEADER..)?, number, segment::HEADER as u32)?;
    if frame.kind == Kind::Snapshot {
        State::decode(frame.payload)
    } else {
        None
    }
}

/// What is known at the end of the last of these segments: needed when the snapshot behind it is damaged.
fn state_before(folder: &Path, numbers: &[u64]) -> Result<State, OpenError> {
    tracing::error!("snapshot of the log is damaged; topics and commits are gathered from earlier segments");
    let mut segments = Vec::new();
    let mut state = State::default();
    for number in numbers.iter().rev() {
        let bytes = read(folder, *number)?;
        let base = snapshot(&bytes, *number);
        segments.push((*number, bytes));
        if let Some(base) = base {
            state = base;
            break;
        }
    }
    for (number, bytes) in segments.iter().rev() {
        walk(bytes, *number, segment::HEADER, true, |_, frame| {
            apply(&mut state, &frame);
        });
    }
    Ok(state)
}

fn sealed_head(folder: &Path, number: u64) -> io::Result<Head> {
    let file = std::fs::metadata(segment::path(folder, number))?;
    match index::read_head(folder, number).filter(|head| head.length == file.len()) {
        Some(head) => Ok(head),
        None => {
            let age = file.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            Ok(rebuild_index(folder, number, age.as_millis() as u64)?.head)
        }
    }
}

/// Deletes indexes that belong to no sealed segment.
fn sweep_indexes(folder: &Path, segments: &[u64]) -> io::Result<()> {
    let sealed = &segments[..segments.len().saturating_sub(1)];
    for number in index_files(folder)?
        .into_iter()
        .filter(|number| sealed.binary_search(number).is_err())
    {
        std::fs::remove_file(index::path(folder, number))?;
    }
    for number in segment::numbers(folder, "tmp")? {
        std::fs::remove_file(index::path(folder, number).with_extension("tmp"))?;
    }
    Ok(())
}

fn index_files(folder: &Path) -> io::Result<Vec<u64>> {
    segment::numbers(folder, "idx")
}

/// Brings the state up to date with a frame.
fn apply(state: &mut State, frame: &Frame<'_>) {
    if frame.kind == Kind::Topic {
        if let Some(topic) = TopicState::decode(frame.payload) {
            state.topics.insert(frame.topic, topic);
        }
        return;
    }
    let Some(topic) = state.topics.get_mut(&frame.topic) else {
        return;
    };
    match frame.kind {
        Kind::Record => {
            if let Some(next) = topic.next.get_mut(frame.partition as usize) {
                *next = (*next).max(frame.offset + 1);
            }
        }
        Kind::Commit => {
            let group = String::from_utf8_lossy(frame.payload).into_owned();
            let none = vec![0; topic.next.len()];
            if let Some(committed) = topic
                .groups
                .entry(group)
                .or_insert(none)
                .get_mut(frame.partition as usize)
            {
                *committed = (*committed).max(frame.offset);
            }
        }
        Kind::Topic | Kind::Snapshot => {}
    }
}

/// No positions yet: the first record of each partition is the topic's next.
fn none_of(topic: &TopicState) -> Vec<(u64, Vec<u32>)> {
    topic.next.iter().map(|next| (*next, Vec::new())).collect()
}

/// Notes where a record of the active segment stands. Records before it that damage took are noted as lost.
fn note(positions: &mut Positions, position: u32, frame: &Frame<'_>) {
    let of_topic = positions.get_mut(&frame.topic);
    let Some((first, its)) = of_topic.and_then(|its| its.get_mut(frame.partition as usize)) else {
        return;
    };
    its.resize(frame.offset.saturating_sub(*first) as usize, LOST);
    its.push(position);
}

fn build(
    state: &State,
    mut positions: Positions,
    segment: u64,
    sealed: &BTreeMap<u64, Head>,
) -> (Topics, BTreeMap<u16, Arc<Topic>>) {
    let topics = Topics::default();
    let mut declared = BTreeMap::new();
    for (number, its) in &state.topics {
        let spec = TopicSpec {
            name: its.name.as_str().into(),
            partitions: its.next.len() as u32,
            retention_ms: its.retention_ms,
            durability: Durability::Disk,
        };
        let topic = Arc::new(Topic::new(*number, &spec, Arc::clone(&topics.disk_tails)));
        let positions = positions.remove(number).unwrap_or_default();
        for (partition, (first, positions)) in topic.partitions.iter().zip(positions) {
            let found = offsets(partition, segment, first, positions, sealed);
            partition.next.store(found.end, Ordering::Relaxed);
            *partition.offsets.lock() = found;
        }
        for (name, committed) in &its.groups {
            let group = topic.group(name);
            let ends = topic
                .partitions
                .iter()
                .map(|partition| partition.next.load(Ordering::Relaxed));
            group.restore(committed.iter().zip(ends).map(|(committed, end)| end.min(*committed)));
        }
        topics.insert(Arc::clone(&topic));
        declared.insert(*number, topic);
    }
    (topics, declared)
}

fn offsets(
    partition: &Partition,
    segment: u64,
    first: u64,
    positions: Vec<u32>,
    sealed: &BTreeMap<u64, Head>,
) -> Offsets {
    let mut offsets = Offsets::default();
    (offsets.segment, offsets.start, offsets.first) = (segment, first, first);
    offsets.end = first + positions.len() as u64;
    offsets.positions = positions;
    let key = (partition.topic, partition.number);
    let mut later = segment;
    for (number, head) in sealed.iter().rev() {
        let Ok(at) = head.runs.binary_search_by_key(&key, |run| (run.topic, run.partition)) else {
            continue;
        };
        let run = &head.runs[at];
        // A gap where segments are missing was deleted by retention: what lies before it is not to be read any more.
        let deleted = (number + 1..later).any(|between| !sealed.contains_key(&between));
        if run.end() < offsets.start && deleted {
            break;
        }
        offsets.sealed.push_front(SealedRun {
            segment: *number,
            first: run.first,
            end: run.end(),
        });
        offsets.start = run.first;
        later = *number;
    }
    offsets
}
