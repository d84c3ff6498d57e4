//! Looking into a partition without a group.

use super::core::Core;
use super::partition::{Partition, Peek};
use crate::log::{LogError, Record};
use std::io;
use std::sync::Arc;

/// Records from `from` on, as many as come at once; what is deleted or damaged is passed over.
pub(super) async fn records(
    core: &Core,
    partition: &Arc<Partition>,
    mut from: u64,
    max_bytes: usize,
) -> Result<Vec<Record>, LogError> {
    loop {
        let store = Arc::clone(&core.store);
        let its = Arc::clone(partition);
        let reading = match partition.peek(from, max_bytes) {
            Peek::Nothing => return Ok(Vec::new()),
            Peek::Records(records) => return Ok(records),
            Peek::Lost { end: next } | Peek::Dropped { start: next } => {
                from = next;
                continue;
            }
            Peek::Active { segment, positions } => {
                tokio::task::spawn_blocking(move || store.read_active(&its, segment, from, &positions, max_bytes))
            }
            Peek::Sealed { segment } => {
                tokio::task::spawn_blocking(move || store.read_sealed(&its, segment, from, max_bytes))
            }
        };
        match reading.await.map_err(|_| LogError::Closed)? {
            // the record at this offset is damaged
            Ok(records) if records.is_empty() => from += 1,
            Ok(records) => return Ok(records),
            // retention has taken the segment meanwhile
            Err(error) if error.kind() == io::ErrorKind::NotFound && from < partition.offsets.lock().start => {}
            Err(error) => return Err(LogError::Unavailable(Some(Arc::new(error)))),
        }
    }
}
