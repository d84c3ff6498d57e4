//! Log topics: what a record holds. One record carries many payloads of one partition, each after its length.

use crate::{failure::Failure, rpc::Validate};
use bytes::{Buf, Bytes, BytesMut};
use prost::Message;

/// A log topic, from its option in the schema.
#[derive(Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its name; with `per_instance` a prefix, to which a dot and the instance's id are added.
    pub name: &'static str,
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
