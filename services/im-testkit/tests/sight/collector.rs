//! A collector that speaks OTLP and remembers what it was told.

use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::any_value::Value,
    trace::v1::{Span, status::StatusCode},
};
use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock, Mutex},
};
use tonic::{Request, Response, Status, transport::Server};

/// The address of the one collector of this process, which its tests use one after the other.
pub(crate) static ADDRESS: LazyLock<String> = LazyLock::new(serve);

static TOLD: LazyLock<Arc<Mutex<Vec<Seen>>>> = LazyLock::new(Arc::default);

/// A span with the name of its service.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) service: String,
    pub(crate) span: Span,
}

/// All spans so far; they are forgotten.
pub(crate) fn take() -> Vec<Seen> {
    std::mem::take(&mut TOLD.lock().unwrap())
}

/// On a thread and a runtime of its own: it outlives every test.
fn serve() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let incoming = tonic::transport::server::TcpIncoming::from(listener);
            let service = TraceServiceServer::new(Collector);
            Server::builder()
                .add_service(service)
                .serve_with_incoming(incoming)
                .await
                .unwrap();
        });
    });
    address
}

struct Collector;

#[async_trait::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut told = TOLD.lock().unwrap();
        for resource in request.into_inner().resource_spans {
            let attributes = resource.resource.unwrap_or_default().attributes;
            let name = attributes.iter().find(|attribute| attribute.key == "service.name");
            let service = match name.and_then(|name| name.value.clone()?.value) {
                Some(Value::StringValue(name)) => name,
                other => panic!("no name of a service: {other:?}"),
            };
            let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            told.extend(spans.map(|span| Seen {
                service: service.clone(),
                span,
            }));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// The spans of one trace.
pub(crate) struct Trace(pub(crate) Vec<Span>);

impl Trace {
    /// The trace that this span belongs to.
    pub(crate) fn of(span: &Span, all: &[Seen]) -> Self {
        let own = all.iter().filter(|seen| seen.span.trace_id == span.trace_id);
        Self(own.map(|seen| seen.span.clone()).collect())
    }

    /// Each hop once, as `name <- name of its parent`.
    pub(crate) fn hops(&self) -> BTreeSet<String> {
        let hop = |span: &Span| {
            let parent = self.0.iter().find(|other| other.span_id == span.parent_span_id);
            match parent {
                Some(parent) => format!("{} <- {}", span.name, parent.name),
                None if span.parent_span_id.is_empty() => span.name.clone(),
                None => format!("{} <- a stranger", span.name),
            }
        };
        self.0.iter().map(hop).collect()
    }

    /// The names of the hops.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        self.0.iter().map(|span| span.name.as_str()).collect()
    }
}

/// A number that a span notes.
pub(crate) fn note(span: &Span, key: &str) -> Option<u64> {
    let attribute = span.attributes.iter().find(|attribute| attribute.key == key)?;
    match attribute.value.clone()?.value? {
        Value::IntValue(number) => number.try_into().ok(),
        _ => None,
    }
}

/// Whether a span says that its work failed.
pub(crate) fn failed(span: &Span) -> bool {
    span.status
        .as_ref()
        .is_some_and(|status| status.code() == StatusCode::Error)
}
