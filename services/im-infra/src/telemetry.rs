//! What operators see: log lines and metrics.
//!
//! # Vocabulary
//! Spans and log lines name things with these fields and no others for the same thing. Values are identifiers, counts and times,
//! never content and never a secret.
//!
//! | field | what it is |
//! | --- | --- |
//! | `rpc.service`, `rpc.method` | the call that is being handled |
//! | `transport` | `rest`, `ws`, `grpc` or `local` |
//! | `request.id` | one request, on all its hops |
//! | `user.id`, `device.id`, `session.id`, `connection.id` | who is calling, from what |
//! | `conversation.id`, `message.id`, `client_message.id`, `sequence` | which message |
//! | `log.topic`, `log.partition`, `log.offset`, `log.group` | where in the log |
//! | `service`, `instance.id` | which service, which process of it; the former is in every JSON line |
//! | `trace.id` | the trace that the work belongs to, in every line of it where it is recorded |
//! | `batch.size` | how many were handled at once |
//! | `reason` | a reason of the error catalogue, or why something is done |
//! | `error` | the whole chain of an error, its causes behind colons |
//! | `duration_ms` | how long it took, in milliseconds |
//! | `setting`, `value` | a key of the configuration that changes while the process runs, and what it is now |
//! | `task`, `stage` | which task, which stage of a shutdown |
//!
//! Messages are lower case without a full stop. Metrics begin with the part of the platform that they are of (`gateway_`, `pipeline_`, `log_`), and end with
//! their unit: `_seconds`, `_bytes`, `_total` for what only grows; `_size`, `_batch_messages` or `_batch_records` for how many were in a batch, which like
//! `_seconds` are histograms. Their names are pinned by a snapshot.

mod format;
mod level;
mod metrics;
pub mod process;

pub(crate) use format::speak_for;
pub use level::{Level, LevelHandle};
pub use metrics::MetricsHandle;

use serde::{Deserialize, Serialize};
use std::{io::IsTerminal as _, sync::OnceLock};
use tracing_subscriber::{
    EnvFilter, Layer, Registry, fmt, fmt::format::FmtSpan, layer::SubscriberExt, reload, util::SubscriberInitExt,
};

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people at a terminal.
    #[default]
    Human,
    /// One JSON object a line, for collectors.
    Json,
}

/// The telemetry of this process.
#[derive(Clone)]
pub struct Telemetry {
    /// Changes what is logged while the process runs.
    pub level: LevelHandle,
    /// Renders the metrics.
    pub metrics: MetricsHandle,
}

static INSTALLED: OnceLock<Telemetry> = OnceLock::new();

/// Starts logging to standard error and collecting metrics. There is one telemetry in a process: a second call, as
/// tests make, returns the first one's and sets its level; the format stays.
pub fn install(format: LogFormat, level: &Level) -> Telemetry {
    let mut first = false;
    let telemetry = INSTALLED.get_or_init(|| {
        first = true;
        Telemetry {
            level: log(format, level),
            metrics: MetricsHandle::install(),
        }
    });
    if !first {
        telemetry.level.set(level);
    }
    telemetry.clone()
}

/// The telemetry of this process, if it was installed.
#[must_use]
pub fn installed() -> Option<&'static Telemetry> {
    INSTALLED.get()
}

fn log(format: LogFormat, level: &Level) -> LevelHandle {
    let (filter, handle) = reload::Layer::<EnvFilter, Registry>::new(level.filter());
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        // colours are for people at a terminal, not for files
        .with_ansi(std::io::stderr().is_terminal())
        .with_span_events(FmtSpan::NONE)
        .with_target(true);
    let lines = match format {
        LogFormat::Human => lines.map_event_format(format::Human).boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .map_event_format(format::Json)
            .boxed(),
    };
    // Whoever embeds this process's parts may have set a subscriber of its own: then that one stays.
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
    LevelHandle::new(handle, level.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installing_twice_is_one_telemetry() {
        let first = install(LogFormat::Human, &Level::default());
        let second = install(LogFormat::Json, &"debug,hyper=warn".parse().unwrap());
        ::metrics::counter!("parlance_test_total").increment(3);
        ::metrics::histogram!("parlance_test_seconds", "route" => "/v1").record(0.004);
        ::metrics::histogram!("parlance_test_batch_size").record(7.0);
        for telemetry in [first, second] {
            let page = telemetry.metrics.render();
            for line in [
                "parlance_test_total 3",
                "parlance_test_seconds_bucket{route=\"/v1\",le=\"0.005\"} 1",
                "parlance_test_seconds_bucket{route=\"/v1\",le=\"0.0025\"} 0",
                "parlance_test_batch_size_bucket{le=\"8\"} 1",
                "# TYPE process_resident_memory_bytes gauge",
            ] {
                assert!(page.lines().any(|found| found == line), "{line} is missing in\n{page}");
            }
            assert_eq!(telemetry.level.get().to_string(), "debug,hyper=warn");
        }
    }
}
