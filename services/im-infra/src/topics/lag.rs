//! How far the readers of a topic are behind those who write it.

use crate::log::Log;
use std::{sync::Arc, time::Duration};
use tokio_util::task::AbortOnDropHandle;

/// How often it is asked for.
const EVERY: Duration = Duration::from_secs(10);

/// As long as this is kept, `consumer_lag_records` says how many records of the topic the group has yet to commit: all members of the group say the
/// same. While the log is away it stays what it was.
pub(super) fn report(
    log: Arc<dyn Log>,
    topic: Arc<str>,
    group: Arc<str>,
    label: &'static str,
) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        let gauge = metrics::gauge!("consumer_lag_records", "topic" => label);
        loop {
            match log.lag(&topic, &group).await {
                Ok(records) => gauge.set(records as f64),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::debug!(topic = &*topic, error, "the lag is not known");
                }
            }
            tokio::time::sleep(EVERY).await;
        }
    }))
}
