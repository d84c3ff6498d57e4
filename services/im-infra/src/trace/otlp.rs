//! Spans by OpenTelemetry, exported over gRPC.

use super::{TraceContext, TraceError, TraceOptions};
use opentelemetry::{
    Context, KeyValue,
    trace::{
        Link, Span as _, SpanContext, SpanId, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
        Tracer as _, TracerProvider as _,
    },
};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider, Span as SdkSpan},
};
use parking_lot::RwLock;
use std::time::Duration;

/// How long one export may take, and what is left at the end.
const PATIENCE: Duration = Duration::from_secs(5);

static TRACER: RwLock<Option<SdkTracer>> = RwLock::new(None);

/// Work whose trace is recorded. Ends when it is dropped.
#[derive(Debug)]
pub struct Span(Box<Recorded>);

/// On the heap: where nothing is recorded, which is almost everywhere, the place for a span is that of a pointer.
#[derive(Debug)]
struct Recorded {
    span: SdkSpan,
    context: TraceContext,
}

impl Span {
    pub(super) fn begin(name: &'static str, parent: Option<TraceContext>, links: &[TraceContext]) -> Option<Self> {
        let tracer = TRACER.read().clone()?;
        let parent = parent.map_or_else(Context::new, |parent| {
            Context::new().with_remote_span_context(remote(parent))
        });
        let links = links.iter().map(|link| Link::with_context(remote(*link))).collect();
        let builder = tracer.span_builder(name).with_links(links);
        let span = tracer.build_with_context(builder, &parent);
        let own = span.span_context();
        let context = TraceContext::new(
            u128::from_be_bytes(own.trace_id().to_bytes()),
            u64::from_be_bytes(own.span_id().to_bytes()),
        )?;
        Some(Self(Box::new(Recorded { span, context })))
    }

    /// The context of what is done on its behalf.
    #[must_use]
    pub fn context(&self) -> TraceContext {
        self.0.context
    }

    /// Notes a number, under a name of the vocabulary in [`crate::telemetry`].
    pub fn note(&mut self, name: &'static str, value: u64) {
        // OTLP has no unsigned numbers; ids have 63 bits
        self.0
            .span
            .set_attribute(KeyValue::new(name, i64::try_from(value).unwrap_or(i64::MAX)));
    }

    /// Notes that the work failed, and for which reason of the catalogue.
    pub fn fail(&mut self, reason: &'static str) {
        self.0.span.set_status(Status::error(reason));
    }
}

fn remote(context: TraceContext) -> SpanContext {
    SpanContext::new(
        TraceId::from(context.trace_id()),
        SpanId::from(context.span_id()),
        TraceFlags::SAMPLED,
        true,
        TraceState::NONE,
    )
}

#[derive(Debug)]
pub(super) struct Exporter(SdkTracerProvider);

impl Exporter {
    pub(super) fn start(options: &TraceOptions, service: &'static str) -> Result<Self, TraceError> {
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(&options.otlp_endpoint)
            .with_timeout(PATIENCE)
            .build()
            .map_err(|error| TraceError::Endpoint {
                endpoint: options.otlp_endpoint.clone(),
                source: error.into(),
            })?;
        let batches = BatchConfigBuilder::default().with_scheduled_delay(options.export_interval);
        let processor = BatchSpanProcessor::builder(exporter)
            .with_batch_config(batches.build())
            .build();
        let provider = SdkTracerProvider::builder()
            // whoever decides has decided before a span begins
            .with_sampler(Sampler::AlwaysOn)
            .with_resource(Resource::builder_empty().with_service_name(service).build())
            .with_span_processor(processor)
            .build();
        *TRACER.write() = Some(provider.tracer("parlance"));
        Ok(Self(provider))
    }

    pub(super) async fn stop(self) {
        TRACER.write().take();
        // it waits for a thread of its own
        let ended = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(PATIENCE)).await;
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the last spans are not exported"
            ),
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the export of spans did not end"
            ),
        }
    }
}
