//! The log's metrics.

use metrics::{Counter, Gauge, Histogram};

/// Handles, looked up once: install the recorder before the log is opened.
#[derive(Debug, Clone)]
pub(super) struct Meters {
    /// Seconds from the call of an append to its answer.
    pub(super) append_seconds: Histogram,
    /// Records appended, durable or in memory.
    pub(super) append_records: Counter,
    /// Bytes of these records.
    pub(super) append_bytes: Counter,
    /// Records of one write to disk.
    pub(super) batch_records: Histogram,
    /// Seconds that the disk took to make a batch durable.
    pub(super) sync_seconds: Histogram,
    /// Records that memory topics dropped before a group had committed them.
    pub(super) dropped_records: Counter,
    /// Records that damage has taken from a reader.
    pub(super) lost_records: Counter,
    /// Bytes of all segments.
    pub(super) disk_bytes: Gauge,
    /// Batches that could not be written.
    pub(super) failures: Counter,
}

impl Meters {
    pub(super) fn new() -> Self {
        Self {
            append_seconds: metrics::histogram!("log_append_seconds"),
            append_records: metrics::counter!("log_append_records"),
            append_bytes: metrics::counter!("log_append_bytes"),
            batch_records: metrics::histogram!("log_batch_records"),
            sync_seconds: metrics::histogram!("log_sync_seconds"),
            dropped_records: metrics::counter!("log_dropped_records"),
            lost_records: metrics::counter!("log_lost_records"),
            disk_bytes: metrics::gauge!("log_disk_bytes"),
            failures: metrics::counter!("log_write_failures"),
        }
    }
}
