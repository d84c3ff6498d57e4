//! Collecting and rendering metrics.

use super::process::Usage;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::{thread, time::Duration};

/// From the tenth of a millisecond to ten seconds; fine around 50 ms, which messages must not take longer than.
const SECONDS: [f64; 17] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];
const SIZES: [f64; 12] = [
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 4096.0,
];
/// Recorded values are put into their buckets so often if nobody renders: until then they take room.
const UPKEEP: Duration = Duration::from_secs(5);

/// Renders the metrics of this process; clones are the same.
#[derive(Clone)]
pub struct MetricsHandle {
    recorder: PrometheusHandle,
}

impl MetricsHandle {
    pub(super) fn install() -> Self {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)
            .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_size".into()), &SIZES))
            .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_batch_messages".into()), &SIZES))
            .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_batch_records".into()), &SIZES))
            .expect("there are buckets");
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        // Whoever embeds this process's parts may have set a recorder of its own: then that one stays.
        if metrics::set_global_recorder(recorder).is_ok() {
            let handle = handle.clone();
            // A thread, since the runtime of whoever installs first may end before the process does.
            let upkeep = move || loop {
                thread::sleep(UPKEEP);
                handle.run_upkeep();
            };
            if let Err(error) = thread::Builder::new().name("metrics-upkeep".into()).spawn(upkeep) {
                tracing::warn!(%error, "metrics are tidied up only when they are read");
            }
        }
        Self { recorder: handle }
    }

    /// All metrics and this process's own use of the machine, in Prometheus's text format.
    #[must_use]
    pub fn render(&self) -> String {
        let mut page = self.recorder.render();
        if let Some(usage) = Usage::of_self() {
            usage.render(&mut page);
        }
        page
    }
}
