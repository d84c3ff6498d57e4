//! Traces: what happened to one message, or one call, on all its hops.
//!
//! * **Who decides.** A gateway, for what comes in from outside: [`sample`] gives a span for the configured share of it. Everybody behind it goes by what
//!   the message or the call brings along ([`TraceContext`]).
//! * **What it costs.** Nothing is allocated and no span begins where no trace is recorded: [`sample`], [`child`] and [`batch`] look at one flag while there is no
//!   exporter, and without the feature `otlp` [`Span`] has no value at all.
//! * **Batches.** Most hops handle many messages at once. [`batch`] is one span for all of them: it stands in the trace of the first one that is recorded,
//!   is linked to those of the others, and leaves in each of theirs a span of the same name that links back.
//!
//! Spans are named `<service>.<what it does>`, calls by their method. They go to an OTLP collector in the background; while that is away they are dropped, with a
//! warning.

#[cfg(feature = "otlp")]
mod otlp;
#[cfg(not(feature = "otlp"))]
mod without;

#[cfg(feature = "otlp")]
use otlp as engine;
#[cfg(not(feature = "otlp"))]
use without as engine;

pub use engine::Span;
pub use im_schema::trace::TraceContext;

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Whether spans are exported from this process.
static ON: AtomicBool = AtomicBool::new(false);
/// The share of what [`sample`] is asked for, of 2^64; at the edge only.
static SHARE: AtomicU64 = AtomicU64::new(0);

/// How traces are recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceOptions {
    /// URL of an OTLP collector that speaks gRPC, such as `http://127.0.0.1:4317`; empty for no traces at all.
    pub otlp_endpoint: String,
    /// Which share of what comes in at a gateway is recorded: 0 for none, 1 for everything.
    pub sample_ratio: f64,
    /// How long a span waits at most before it is exported.
    pub export_interval: Duration,
}

/// Why no traces can be recorded.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The ratio is no share.
    #[error("sample_ratio is from 0 to 1, not {0}")]
    Ratio(f64),
    /// The endpoint is no URL, or wants something that this program lacks.
    #[error("export traces to {endpoint}")]
    Endpoint {
        /// Which one.
        endpoint: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A collector is configured.
    #[error("this program was built without the feature `otlp`, so it cannot export traces to {endpoint}")]
    NoOtlp {
        /// Which one.
        endpoint: String,
    },
}

/// The export of traces from this process, until [`Traces::stop`].
#[derive(Debug)]
pub struct Traces(Option<engine::Exporter>);

impl Traces {
    /// Begins to export what `service` does, if an endpoint is configured. There is one export in a process: of several that begin, the last
    /// one gets the spans. Must be called on a tokio runtime of more than one thread.
    ///
    /// # Errors
    /// The options make no sense. That the collector can be reached is not looked up.
    pub fn start(options: &TraceOptions, service: &'static str) -> Result<Self, TraceError> {
        crate::telemetry::speak_for(service);
        let ratio = options.sample_ratio;
        if !(0.0..=1.0).contains(&ratio) {
            return Err(TraceError::Ratio(ratio));
        }
        if options.otlp_endpoint.is_empty() {
            return Ok(Self(None));
        }
        let exporter = engine::Exporter::start(options, service)?;
        // rounded up to all of them where the share is 1
        SHARE.store((ratio * u64::MAX as f64) as u64, Relaxed);
        ON.store(true, Relaxed);
        Ok(Self(Some(exporter)))
    }

    /// Exports what is left, for some seconds at most, and ends. What cannot be exported is told in the log.
    pub async fn stop(self) {
        if let Some(exporter) = self.0 {
            ON.store(false, Relaxed);
            exporter.stop().await;
        }
    }
}

/// A span that begins a trace, if this is one of those to be recorded. For what comes in from outside.
#[must_use]
pub fn sample(name: &'static str) -> Option<Span> {
    let share = SHARE.load(Relaxed);
    (ON.load(Relaxed) && share > 0 && rand::random::<u64>() <= share)
        .then(|| Span::begin(name, None, &[]))
        .flatten()
}

/// A span on behalf of `parent`; none where there is none.
#[must_use]
pub fn child(parent: Option<TraceContext>, name: &'static str) -> Option<Span> {
    let parent = parent.filter(|_| ON.load(Relaxed))?;
    Span::begin(name, Some(parent), &[])
}

/// A span on behalf of what this task is doing now, if that is recorded.
#[must_use]
pub fn here(name: &'static str) -> Option<Span> {
    if ON.load(Relaxed) {
        child(TraceContext::current(), name)
    } else {
        None
    }
}

/// A span for many things at once, each with the `traceparent` that it brings; none if none of them is recorded. `traceparents` are not looked at while
/// nothing is exported.
#[must_use]
pub fn batch<'a>(name: &'static str, traceparents: impl IntoIterator<Item = &'a str>) -> Option<Batch> {
    if !ON.load(Relaxed) {
        return None;
    }
    batch_of(name, traceparents.into_iter().filter_map(TraceContext::parse))
}

/// As [`batch`], of contexts.
#[must_use]
pub fn batch_of(name: &'static str, contexts: impl IntoIterator<Item = TraceContext>) -> Option<Batch> {
    if !ON.load(Relaxed) {
        return None;
    }
    let mut contexts = contexts.into_iter();
    let first = contexts.next()?;
    let others: Vec<_> = contexts.collect();
    let main = Span::begin(name, Some(first), &others)?;
    let back = [main.context()];
    let twins = others
        .into_iter()
        .filter_map(|other| Span::begin(name, Some(other), &back))
        .collect();
    Some(Batch { main, twins })
}

/// See [`batch`]. Ends when it is dropped.
#[derive(Debug)]
pub struct Batch {
    main: Span,
    // they only have to end with it
    twins: Vec<Span>,
}

impl Batch {
    /// The context of what is done for the batch as a whole.
    #[must_use]
    pub fn context(&self) -> TraceContext {
        self.main.context()
    }

    /// Notes a number, under a name of the vocabulary in [`crate::telemetry`].
    pub fn note(&mut self, name: &'static str, value: u64) {
        for span in std::iter::once(&mut self.main).chain(&mut self.twins) {
            span.note(name, value);
        }
    }

    /// Notes that the work failed, and for which reason of the catalogue.
    pub fn fail(&mut self, reason: &'static str) {
        for span in std::iter::once(&mut self.main).chain(&mut self.twins) {
            span.fail(reason);
        }
    }
}

/// The context to work in on behalf of a span, or of none.
pub trait Recorded {
    /// Its context.
    fn context(&self) -> Option<TraceContext>;
}

impl Recorded for Option<Span> {
    fn context(&self) -> Option<TraceContext> {
        self.as_ref().map(Span::context)
    }
}

impl Recorded for Option<Batch> {
    fn context(&self) -> Option<TraceContext> {
        self.as_ref().map(Batch::context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a gateway, and everybody behind it, asks for each message.
    #[test]
    fn while_nothing_is_exported_nothing_is_looked_at() {
        let untouched = std::iter::from_fn(|| -> Option<&str> { panic!("a message was looked at") });
        assert!(
            sample("gateway.send").is_none() && batch("logic.batch", untouched).is_none() && here("repo.sql").is_none()
        );
        let parent = TraceContext::new(1, 2);
        assert!(child(parent, "gateway.write").is_none() && batch_of("gateway.append", parent).is_none());
        assert!(size_of::<Option<Span>>() <= size_of::<usize>());
    }

    // a process is of one service: "gateway" in all tests of this crate
    #[tokio::test]
    async fn options_that_make_no_sense_are_refused() {
        let options = |endpoint: &str, sample_ratio| TraceOptions {
            otlp_endpoint: endpoint.to_owned(),
            sample_ratio,
            export_interval: Duration::from_secs(1),
        };
        for ratio in [-0.1, 1.1, f64::NAN] {
            let refused = Traces::start(&options("", ratio), "gateway");
            assert!(matches!(refused, Err(TraceError::Ratio(_))), "{ratio}: {refused:?}");
        }
        Traces::start(&options("", 1.0), "gateway").unwrap().stop().await;
        assert!(sample("gateway.send").is_none(), "there is nowhere to export to");
        let refused = Traces::start(&options("no url", 1.0), "gateway").unwrap_err();
        if cfg!(feature = "otlp") {
            assert!(matches!(refused, TraceError::Endpoint { .. }), "{refused:?}");
        } else {
            assert!(matches!(refused, TraceError::NoOtlp { .. }), "{refused:?}");
        }
    }
}
