//! Dead letters, for people who look at them and put them back.
//!
//! That a letter was put back is a record of its own behind it in the same topic, not an offset that a group commits: letters are put back one by
//! one and in any order, while a group knows only up to where it has come; and the record says when it was. It is appended after the message: if
//! the process dies in between, the letter looks as if nobody had put it back, and doing it again does no harm, since handlers bear repetition.

use crate::{
    clock::SharedClock,
    log::{Append, Log, LogError, partition_of},
};
use bytes::BytesMut;
use im_schema::{
    internal::v1::{DeadLetter, Replay},
    topic::{self, Topic, TopicPayload},
    topics::TOPICS,
};
use prost::{bytes::BufMut as _, encoding::encode_varint};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// Bytes that are read at once.
const CHUNK: usize = 1 << 20;

/// Which letter: where it stands in the topic of dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LetterId {
    /// The partition.
    pub partition: u32,
    /// The offset of its record.
    pub offset: u64,
    /// Its place in that record, from 0; consumers put one letter into a record.
    pub index: u32,
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.partition, self.offset)?;
        if self.index > 0 {
            write!(f, "/{}", self.index)?;
        }
        Ok(())
    }
}

impl FromStr for LetterId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |_| format!("`{text}` is no letter: write partition/offset, as `parlance dlq list` does");
        let mut numbers = text.splitn(3, '/').map(|number| number.parse::<u64>().map_err(wrong));
        let mut next = |missing: Result<u64, String>| numbers.next().unwrap_or(missing);
        let missing = || {
            Err(format!(
                "`{text}` is no letter: write partition/offset, as `parlance dlq list` does"
            ))
        };
        let small =
            |number: u64| u32::try_from(number).map_err(|_| format!("{number} is too large a number for a letter"));
        Ok(Self {
            partition: small(next(missing())?)?,
            offset: next(missing())?,
            index: small(next(Ok(0))?)?,
        })
    }
}

/// A dead letter among others.
#[derive(Debug, Clone, PartialEq)]
pub struct Letter {
    /// Which it is.
    pub id: LetterId,
    /// What it says, without the payload: see [`one`].
    pub letter: DeadLetter,
    /// Bytes of its payload.
    pub size: usize,
    /// When it was put back last, in milliseconds since 1970.
    pub replayed_at_ms: Option<u64>,
}

/// Why a letter was not put back.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// Its topic is none of those that this program knows.
    #[error("there is no topic {0} in this version")]
    UnknownTopic(String),
    /// The log did not take it.
    #[error("append to the log")]
    Log(#[source] LogError),
}

/// All letters that the log still has, oldest first in each partition.
///
/// # Errors
/// If the log cannot be read. A log in which the topic was never made has no letters.
pub async fn all(log: &dyn Log) -> Result<Vec<Letter>, LogError> {
    let mut letters = BTreeMap::new();
    for partition in 0..DeadLetter::TOPIC.partitions {
        let mut from = 0;
        loop {
            let records = match log.browse(DeadLetter::TOPIC.name, partition, from, CHUNK).await {
                Err(LogError::UnknownPartition { .. }) => break,
                records => records?,
            };
            let Some(last) = records.last() else { break };
            from = last.offset + 1;
            for record in records {
                for (index, letter) in read(record.payload).into_iter().enumerate() {
                    let (offset, index) = (record.offset, index as u32);
                    take(
                        &mut letters,
                        LetterId {
                            partition,
                            offset,
                            index,
                        },
                        letter,
                    );
                }
            }
        }
    }
    Ok(letters.into_values().collect())
}

fn take(letters: &mut BTreeMap<LetterId, Letter>, id: LetterId, mut letter: DeadLetter) {
    if let Some(Replay {
        partition,
        offset,
        index,
        replayed_at_ms,
        ..
    }) = letter.replay
    {
        let replayed = LetterId {
            partition,
            offset,
            index,
        };
        if let Some(letter) = letters.get_mut(&replayed) {
            letter.replayed_at_ms = Some(replayed_at_ms);
        }
        return;
    }
    let size = std::mem::take(&mut letter.payload).len();
    let replayed_at_ms = None;
    letters.insert(
        id,
        Letter {
            id,
            letter,
            size,
            replayed_at_ms,
        },
    );
}

/// One letter, with its payload. `None` if there is none of that id, or none any more.
///
/// # Errors
/// If the log cannot be read.
pub async fn one(log: &dyn Log, id: LetterId) -> Result<Option<DeadLetter>, LogError> {
    let records = match log.browse(DeadLetter::TOPIC.name, id.partition, id.offset, 1).await {
        Err(LogError::UnknownPartition { .. }) => return Ok(None),
        records => records?,
    };
    let record = records.into_iter().next().filter(|record| record.offset == id.offset);
    let letter = record.and_then(|record| read(record.payload).into_iter().nth(id.index as usize));
    Ok(letter.filter(|letter| letter.replay.is_none()))
}

/// A record that is no letters at all has nothing to show.
fn read(payload: bytes::Bytes) -> Vec<DeadLetter> {
    topic::unpack_shared(payload).unwrap_or_else(|error| {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "record among the dead letters passed over"
        );
        Vec::new()
    })
}

/// Puts a letter's message back at the end of its topic, to be handled again behind what else has its key, and says so among the letters. A record
/// that could not be read goes back whole.
///
/// # Errors
/// Nothing was put back, or, if it was the second append that failed, it may look as if nothing was.
pub async fn replay(log: &dyn Log, clock: &SharedClock, id: LetterId, letter: &DeadLetter) -> Result<(), ReplayError> {
    let back = put_back(letter)?;
    log.append(vec![back]).await.map_err(ReplayError::Log)?;
    let mark = DeadLetter {
        topic: letter.topic.clone(),
        key: letter.key,
        replay: Some(Replay {
            partition: id.partition,
            offset: id.offset,
            index: id.index,
            replayed_at_ms: clock.now_ms(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let mark = Append {
        topic: DeadLetter::TOPIC.name.into(),
        // behind the letter, so that nobody reads it before
        partition: id.partition,
        payload: topic::pack([&mark]),
    };
    log.append(vec![mark]).await.map_err(ReplayError::Log)
}

/// The topic of this name, or the one whose retries have this name.
#[must_use]
pub fn topic_named(name: &str) -> Option<&'static Topic> {
    let is = |topic: &&&Topic| {
        !topic.per_instance && (topic.name == name || topic.retry.is_some_and(|retry| retry.name == name))
    };
    TOPICS.iter().find(is).copied()
}

fn put_back(letter: &DeadLetter) -> Result<Append, ReplayError> {
    let topic = topic_named(&letter.topic).ok_or_else(|| ReplayError::UnknownTopic(letter.topic.clone()))?;
    if letter.unread {
        return Ok(Append {
            topic: letter.topic.as_str().into(),
            partition: letter.partition,
            payload: letter.payload.clone(),
        });
    }
    let mut record = BytesMut::with_capacity(letter.payload.len() + 10);
    encode_varint(letter.payload.len() as u64, &mut record);
    record.put_slice(&letter.payload);
    Ok(Append {
        topic: topic.name.into(),
        partition: partition_of(letter.key, topic.partitions),
        payload: record.freeze(),
    })
}
