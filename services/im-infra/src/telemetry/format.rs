//! What every line says beside what it was written for: which service it is of and, where that is recorded, which trace.

use im_schema::trace::TraceContext;
use std::{fmt, sync::OnceLock};
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext,
        format::{FormatEvent, FormatFields, Writer},
    },
    registry::LookupSpan,
};

static SERVICE: OnceLock<&'static str> = OnceLock::new();

/// Lines are of this service from now on; the first call counts.
pub(crate) fn speak_for(service: &'static str) {
    let _ = SERVICE.set(service);
}

/// JSON lines of the format within, with two fields more.
pub(super) struct Json<F>(pub(super) F);

impl<S, N, F> FormatEvent<S, N> for Json<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        let Some(fields) = line.strip_prefix('{') else {
            return out.write_str(&line);
        };
        out.write_char('{')?;
        if let Some(service) = SERVICE.get() {
            write!(out, "\"service\":\"{service}\",")?;
        }
        if let Some(trace) = TraceContext::current() {
            write!(out, "\"trace.id\":\"{:032x}\",", trace.trace_id())?;
        }
        out.write_str(fields)
    }
}

/// Lines for people, which begin with the trace where there is one.
pub(super) struct Human<F>(pub(super) F);

impl<S, N, F> FormatEvent<S, N> for Human<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        if let Some(trace) = TraceContext::current() {
            write!(out, "trace.id={:032x} ", trace.trace_id())?;
        }
        self.0.format_event(context, out, event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use std::{io, sync::Arc};
    use tracing_subscriber::{Layer as _, fmt::MakeWriter, layer::SubscriberExt as _};

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Page {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    const ID: &str = "0af7651916cd43dd8448eb211c80319c";

    /// The lines that two events leave, the second one within a trace.
    async fn lines(json: bool) -> Vec<String> {
        let page = Page::default();
        let layer = tracing_subscriber::fmt::layer()
            .with_writer(page.clone())
            .with_ansi(false);
        let layer = if json {
            layer.json().flatten_event(true).map_event_format(Json).boxed()
        } else {
            layer.map_event_format(Human).boxed()
        };
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        tracing::info!(batch.size = 1, "outside");
        let context = TraceContext::parse(&format!("00-{ID}-b7ad6b7169203331-01"));
        TraceContext::within(context, async { tracing::info!("inside") }).await;
        let text = String::from_utf8(page.0.lock().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn json_lines_name_service_and_trace() {
        speak_for("gateway");
        let lines: Vec<serde_json::Value> = lines(true)
            .await
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(
            (&lines[0]["service"], &lines[0]["message"]),
            (&"gateway".into(), &"outside".into())
        );
        assert_eq!(lines[0].get("trace.id"), None);
        assert_eq!(
            (&lines[1]["service"], &lines[1]["trace.id"]),
            (&"gateway".into(), &ID.into())
        );
    }

    #[tokio::test]
    async fn lines_for_people_name_the_trace() {
        let lines = lines(false).await;
        assert!(
            !lines[0].contains("trace.id") && lines[0].ends_with("outside batch.size=1"),
            "{}",
            lines[0]
        );
        assert!(
            lines[1].starts_with(&format!("trace.id={ID} ")) && lines[1].ends_with("inside"),
            "{}",
            lines[1]
        );
    }
}
