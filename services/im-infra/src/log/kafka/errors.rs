//! What Kafka's errors mean to who uses the log.

use crate::log::{LogError, MAX_RECORD_BYTES};
use rdkafka::{
    config::RDKafkaLogLevel,
    error::{KafkaError, RDKafkaErrorCode},
};
use std::sync::Arc;

/// What can be tried again.
pub(super) fn unavailable(error: KafkaError) -> LogError {
    LogError::Unavailable(Some(Arc::new(error)))
}

/// Why a record was not taken.
pub(super) fn of_record(error: &KafkaError, topic: &str, partition: u32, size: usize) -> LogError {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::MessageSizeTooLarge) => LogError::TooLarge {
            size,
            limit: MAX_RECORD_BYTES,
        },
        Some(
            RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownPartition
            | RDKafkaErrorCode::UnknownTopicOrPartition,
        ) => LogError::UnknownPartition {
            topic: topic.into(),
            partition,
        },
        _ => unavailable(error.clone()),
    }
}

/// Runs what blocks where it may.
pub(super) async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, KafkaError> + Send + 'static,
) -> Result<T, LogError> {
    tokio::task::spawn_blocking(call)
        .await
        .map_err(|_| LogError::Closed)?
        .map_err(unavailable)
}

/// A line of librdkafka's own log. It repeats itself while a broker is away, which is told once elsewhere.
pub(super) fn log(level: RDKafkaLogLevel, subject: &str, line: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
            tracing::error!(target: "librdkafka", subject, "{line}");
        }
        _ => tracing::debug!(target: "librdkafka", subject, "{line}"),
    }
}
