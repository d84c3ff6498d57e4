//! Which trace a piece of work belongs to, as W3C Trace Context has it, and how that travels: along with a task here, as `traceparent` in the
//! metadata of gRPC, as a field of the messages in the log.
//!
//! There is a context only where somebody has decided to record the trace; everywhere else there is none, and nothing is spent.

use std::fmt;

/// Name of the metadata, and of the header, that carries a context.
pub const TRACEPARENT: &str = "traceparent";

/// A place in a trace that is recorded: what happens next happens on behalf of this span.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
}

tokio::task_local! {
    static CURRENT: TraceContext;
}

impl TraceContext {
    /// A span of a trace; `None` if one of the ids is 0, which names nothing.
    #[must_use]
    pub fn new(trace_id: u128, span_id: u64) -> Option<Self> {
        (trace_id != 0 && span_id != 0).then_some(Self { trace_id, span_id })
    }

    /// Reads a `traceparent`. `None` for an empty one, for one that says that the trace is not recorded, and for what is none: that is no
    /// reason to fail.
    #[must_use]
    pub fn parse(traceparent: &str) -> Option<Self> {
        // the common case costs one comparison
        if traceparent.is_empty() {
            return None;
        }
        let mut parts = traceparent.split('-');
        let version = hex(parts.next()?, 2)? as u8;
        let (trace_id, span_id) = (hex(parts.next()?, 32)?, hex(parts.next()?, 16)? as u64);
        let flags = hex(parts.next()?, 2)? as u8;
        // later versions may have more parts, this one has not
        let whole = version != 0xff && (version != 0 || parts.next().is_none());
        (whole && flags & 1 == 1)
            .then(|| Self::new(trace_id, span_id))
            .flatten()
    }

    /// The trace, 32 hexadecimal digits when written as such.
    #[must_use]
    pub fn trace_id(self) -> u128 {
        self.trace_id
    }

    /// The span in it, 16 hexadecimal digits when written as such.
    #[must_use]
    pub fn span_id(self) -> u64 {
        self.span_id
    }

    /// The context of the work that is being done now, if its trace is recorded.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|current| *current).ok()
    }

    /// Does work on behalf of `context`; without one as it is. A task that the work spawns is not part of it.
    pub async fn within<T>(context: Option<Self>, work: impl Future<Output = T>) -> T {
        match context {
            Some(context) => CURRENT.scope(context, work).await,
            None => work.await,
        }
    }
}

/// `digits` lower-case hexadecimal digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let well_formed = text.len() == digits && text.bytes().all(lower);
    well_formed.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

/// As a `traceparent`.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-01", self.trace_id, self.span_id)
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_traceparent_is_read_as_it_is_written() {
        let context = TraceContext::parse(EXAMPLE).unwrap();
        assert_eq!(context.trace_id(), 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c);
        assert_eq!(
            (context.span_id(), context.to_string().as_str()),
            (0xb7ad_6b71_6920_3331, EXAMPLE)
        );
        let later = EXAMPLE.replacen("00", "cc", 1) + "-what-comes";
        assert_eq!(TraceContext::parse(&later), Some(context));
    }

    #[test]
    fn what_is_not_recorded_or_no_traceparent_is_none() {
        let changed = |from: &str, to: &str| EXAMPLE.replacen(from, to, 1);
        for text in [
            String::new(),
            changed("-01", "-00"),
            changed("00-", "ff-"),
            changed("0af7651916cd43dd8448eb211c80319c", "00000000000000000000000000000000"),
            changed("b7ad6b7169203331", "0000000000000000"),
            changed("0af7", "0AF7"),
            changed("0af7", "0af"),
            changed("0af7", "+af7"),
            EXAMPLE.to_owned() + "-more",
            EXAMPLE[..52].to_owned(),
        ] {
            assert_eq!(TraceContext::parse(&text), None, "{text}");
        }
    }

    #[tokio::test]
    async fn work_knows_its_context_and_nobody_elses() {
        let context = TraceContext::parse(EXAMPLE);
        let look = || async { TraceContext::current() };
        assert_eq!(TraceContext::within(context, look()).await, context);
        assert_eq!(TraceContext::within(None, look()).await, None);
        assert_eq!(
            TraceContext::within(context, TraceContext::within(None, look())).await,
            context
        );
        assert_eq!(look().await, None);
    }

    #[tokio::test]
    async fn grpc_carries_it_as_metadata() {
        let context = TraceContext::parse(EXAMPLE);
        let carried = |work| TraceContext::within(work, async { crate::grpc::request(&Default::default(), ()) });
        let request = carried(context).await.unwrap();
        assert_eq!(request.metadata().get(TRACEPARENT).unwrap(), EXAMPLE);
        assert_eq!(crate::grpc::accept(request).unwrap().0.trace, context);
        let request = carried(None).await.unwrap();
        assert!(request.metadata().get(TRACEPARENT).is_none());
        assert_eq!(crate::grpc::accept(request).unwrap().0.trace, None);
    }
}
