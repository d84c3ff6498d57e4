//! Looking into a partition without a group.

use super::{KafkaOptions, errors};
use crate::log::{LogError, Record};
use bytes::Bytes;
use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::{KafkaError, RDKafkaErrorCode},
};
use std::time::{Duration, Instant};

/// Records from `from` on. A client of its own for each call: this is for people who look, not for the path of messages.
pub(super) async fn records(
    options: &KafkaOptions,
    topic: &str,
    partition: u32,
    from: u64,
    max_bytes: usize,
) -> Result<Vec<Record>, LogError> {
    let (config, patience, topic) = (options.browser(), options.delivery_timeout, topic.to_owned());
    errors::blocking(move || {
        let client: BaseConsumer = config.create()?;
        let (start, end) = client.fetch_watermarks(&topic, partition as i32, patience)?;
        let from = (from as i64).max(start);
        let mut assigned = TopicPartitionList::with_capacity(1);
        assigned.add_partition_offset(&topic, partition as i32, Offset::Offset(from))?;
        client.assign(&assigned)?;
        read(&client, from..end, max_bytes, patience)
    })
    .await
}

fn read(
    client: &BaseConsumer,
    offsets: std::ops::Range<i64>,
    max_bytes: usize,
    patience: Duration,
) -> Result<Vec<Record>, KafkaError> {
    let (mut next, mut bytes, mut records) = (offsets.start, 0, Vec::new());
    let deadline = Instant::now() + patience;
    while next < offsets.end && (records.is_empty() || bytes < max_bytes) {
        match client.poll(deadline.saturating_duration_since(Instant::now())) {
            Some(Ok(message)) => {
                let record = Record {
                    offset: message.offset() as u64,
                    payload: Bytes::copy_from_slice(message.payload().unwrap_or_default()),
                };
                next = message.offset() + 1;
                bytes += record.payload.len();
                records.push(record);
            }
            // what was there is deleted by now
            Some(Err(KafkaError::PartitionEOF(_))) => break,
            Some(Err(error)) if records.is_empty() => return Err(error),
            None if records.is_empty() => {
                return Err(KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut));
            }
            Some(Err(_)) | None => break,
        }
    }
    Ok(records)
}
