//! Log topics: what a record holds. One record carries many payloads of one partition, each after its length.

use crate::{failure::Failure, rpc::Validate};
use bytes::{Buf, Bytes, BytesMut};
use prost::Message;

/// A log topic, from its option in the schema.
#[derive(Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its name; with `per_instance` a prefix, to which a dot and the instance's id are added.
    pub name: &'static str,
    /// Full name of the message that its records carry.
    pub payload: &'static str,
    /// The field by whose value records are spread over partitions.
    pub key: Option<&'static str>,
    /// How many partitions, at least 1.
    pub partitions: u32,
    /// How long records are kept at least, in milliseconds.
    pub retention_ms: u64,
    /// Name of the topic for records that cannot be processed.
    pub dead_letter: Option<&'static str>,
    /// Whether an append waits for the disk.
    pub durable: bool,
    /// Whether each instance has a topic of its own.
    pub per_instance: bool,
    /// How a message that fails for a reason that passes steps aside and is tried again; none if it is tried again in its place.
    pub retry: Option<Retry>,
}

/// How often, and after which pauses, a message is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Name of the topic in which messages wait; it has as many partitions as theirs and keeps records as long.
    pub name: &'static str,
    /// How often at most, at least 1.
    pub attempts: u32,
    /// The pause before the first attempt, in milliseconds; it doubles with each further one.
    pub first_pause_ms: u64,
    /// The longest pause, in milliseconds.
    pub longest_pause_ms: u64,
}

impl Retry {
    /// The pause before a message is tried again that has been so many times already, in milliseconds; `None` if that was often enough.
    #[must_use]
    pub fn pause_ms(&self, retries: u32) -> Option<u64> {
        let doubled = self.first_pause_ms.saturating_mul(1 << retries.min(32));
        (retries < self.attempts).then(|| doubled.min(self.longest_pause_ms))
    }
}

impl Topic {
    /// The name of an instance's own topic, or of the topic that all share.
    #[must_use]
    pub fn name_for(&self, instance: &str) -> String {
        if self.per_instance {
            format!("{}.{instance}", self.name)
        } else {
            self.name.to_owned()
        }
    }
}

/// What goes through a topic.
pub trait TopicPayload: Message + Default + Validate {
    /// Which topic.
    const TOPIC: &'static Topic;

    /// By which value it finds its partition: payloads of one key stay in order. 0 where the topic has no key.
    fn key(&self) -> u64;
}

/// The record that carries `items`, in order. They must be of one partition, which is not checked here.
#[must_use]
pub fn pack<'a, T: TopicPayload + 'a>(items: impl IntoIterator<Item = &'a T>) -> Bytes {
    let mut record = BytesMut::new();
    for item in items {
        item.encode_length_delimited(&mut record)
            .expect("a BytesMut grows as needed");
    }
    record.freeze()
}

/// The payloads of a record, in order. Fields of type `bytes` share the record's memory if it is given as [`Bytes`] by way of
/// [`unpack_shared`]; here they are copied.
///
/// # Errors
/// `MALFORMED` if the record is cut off or not of this type; no payload is given then.
pub fn unpack<T: TopicPayload>(record: &[u8]) -> Result<Vec<T>, Failure> {
    read(record)
}

/// As [`unpack`], but fields of type `bytes` share the record's memory.
///
/// # Errors
/// As [`unpack`].
pub fn unpack_shared<T: TopicPayload>(record: Bytes) -> Result<Vec<T>, Failure> {
    read(record)
}

fn read<T: TopicPayload>(mut record: impl Buf) -> Result<Vec<T>, Failure> {
    let mut items = Vec::new();
    while record.has_remaining() {
        let item = T::decode_length_delimited(&mut record).map_err(|error| {
            let why = format!(
                "payload {} of a record of {} is cut off or of another type",
                items.len(),
                T::TOPIC.name
            );
            Failure::malformed(why).because(error)
        })?;
        items.push(item);
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::Retry;

    #[test]
    fn pauses_double_up_to_the_longest_and_end() {
        let retry = Retry {
            name: "retry",
            attempts: 5,
            first_pause_ms: 100,
            longest_pause_ms: 500,
        };
        let pauses: Vec<_> = (0..).map_while(|retries| retry.pause_ms(retries)).collect();
        assert_eq!(pauses, [100, 200, 400, 500, 500]);
    }
}
