//! What the journal knows besides records: topics with their next offsets, and the groups' commits. It stands as a snapshot
//! at the head of each segment, so that the segments before it can be deleted.

use std::collections::BTreeMap;

/// One topic as the journal has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TopicState {
    pub(super) name: String,
    pub(super) retention_ms: u64,
    /// The offset that the next record of each partition gets.
    pub(super) next: Vec<u64>,
    /// Committed offset of each partition, by group.
    pub(super) groups: BTreeMap<String, Vec<u64>>,
}

/// All of it, by topic number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Milliseconds since 1970 at which the snapshot was taken.
    pub(super) taken_ms: u64,
    pub(super) topics: BTreeMap<u16, TopicState>,
}

impl TopicState {
    /// The payload of a topic frame.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        put_text(out, &self.name);
        out.extend_from_slice(&self.retention_ms.to_le_bytes());
        put_offsets(out, &self.next);
        out.extend_from_slice(&(self.groups.len() as u32).to_le_bytes());
        for (name, committed) in &self.groups {
            put_text(out, name);
            put_offsets(out, committed);
        }
    }

    /// Reads what [`TopicState::encode`] wrote. `None` if it is not that.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let topic = reader.topic()?;
        reader.0.is_empty().then_some(topic)
    }
}

impl State {
    /// The payload of a snapshot frame.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(&self.taken_ms.to_le_bytes());
        out.extend_from_slice(&(self.topics.len() as u32).to_le_bytes());
        for (number, topic) in &self.topics {
            out.extend_from_slice(&u64::from(*number).to_le_bytes());
            topic.encode(&mut out);
        }
        out
    }

    /// Reads what [`State::encode`] wrote. `None` if it is not that.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let mut state = Self {
            taken_ms: reader.u64()?,
            topics: BTreeMap::new(),
        };
        for _ in 0..reader.u32()? {
            let number = u16::try_from(reader.u64()?).ok()?;
            state.topics.insert(number, reader.topic()?);
        }
        reader.0.is_empty().then_some(state)
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn put_offsets(out: &mut Vec<u8>, offsets: &[u64]) {
    out.extend_from_slice(&(offsets.len() as u32).to_le_bytes());
    for offset in offsets {
        out.extend_from_slice(&offset.to_le_bytes());
    }
}

/// Takes values off the front of its bytes; each answers `None` when they do not suffice.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Option<String> {
        let length = self.u32()? as usize;
        String::from_utf8(self.take(length)?.to_vec()).ok()
    }

    fn offsets(&mut self) -> Option<Vec<u64>> {
        let count = self.u32()? as usize;
        let bytes = self.take(count.checked_mul(8)?)?;
        let mut reader = Reader(bytes);
        (0..count).map(|_| reader.u64()).collect()
    }

    fn topic(&mut self) -> Option<TopicState> {
        let (name, retention_ms, next) = (self.text()?, self.u64()?, self.offsets()?);
        let mut groups = BTreeMap::new();
        for _ in 0..self.u32()? {
            groups.insert(self.text()?, self.offsets()?);
        }
        Some(TopicState {
            name,
            retention_ms,
            next,
            groups,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_read_as_it_was_written_and_not_when_cut() {
        let topic = TopicState {
            name: "parlance.upstream".into(),
            retention_ms: 60_000,
            next: vec![1, u64::MAX, 3],
            groups: BTreeMap::from([("logic".into(), vec![0, 7, 2]), ("audit".into(), vec![1, 1, 1])]),
        };
        let state = State {
            taken_ms: 17,
            topics: BTreeMap::from([(0, topic.clone()), (512, topic)]),
        };
        let bytes = state.encode();
        assert_eq!(State::decode(&bytes), Some(state));
        for cut in 0..bytes.len() {
            assert_eq!(State::decode(&bytes[..cut]), None);
        }
    }
}
