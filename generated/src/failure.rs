//! What every transport makes of an error: one [`Failure`], whose [`Reason`] is of the schema's catalogue.

mod wire;

use crate::parlance::Reason;
use std::{borrow::Cow, error::Error, fmt, sync::Arc, time::Duration};

/// What a [`Reason`] means on each surface, from its option in the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorSpec {
    /// The reason's name, e.g. `NOT_A_MEMBER`.
    pub name: &'static str,
    /// The gRPC status code.
    pub code: tonic::Code,
    /// The gRPC status code's name, e.g. `PERMISSION_DENIED`.
    pub code_name: &'static str,
    /// The HTTP status.
    pub http: u16,
    /// The WebSocket close code, or 0 where the error never ends a connection.
    pub close: u16,
    /// Whether the very same request may succeed later.
    pub retryable: bool,
    /// What the client should do.
    pub advice: &'static str,
    /// What happened, in general: the first sentence of the reason's comment.
    pub summary: &'static str,
}

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field in JSON, e.g. `content.text.body` or `userIds[3]`.
    pub field: String,
    /// Which rule, e.g. `string.max_bytes`.
    pub rule: &'static str,
    /// What is wrong, for a developer to read.
    pub message: Cow<'static, str>,
}

/// Why a call did not succeed. Small to move; its cause is for the log and never leaves the process.
#[derive(Clone)]
pub struct Failure(Box<Inner>);

#[derive(Clone)]
struct Inner {
    reason: Reason,
    message: Cow<'static, str>,
    violations: Vec<Violation>,
    retry_after: Option<Duration>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A failure with a message for the developer of a client. An empty message becomes the reason's summary.
    pub fn new(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        let mut message = message.into();
        if message.is_empty() {
            message = Cow::Borrowed(reason.spec().summary);
        }
        Self(Box::new(Inner {
            reason,
            message,
            violations: Vec::new(),
            retry_after: None,
            cause: None,
        }))
    }

    /// The request breaks these rules.
    #[must_use]
    pub fn violations(violations: Vec<Violation>) -> Self {
        let message = match violations.as_slice() {
            [only] => format!("{}: {}", only.field, only.message),
            many => format!("{} fields break a rule", many.len()),
        };
        let mut failure = Self::new(Reason::InvalidArgument, message);
        failure.0.violations = violations;
        failure
    }

    /// A fault of the server that an error caused.
    #[must_use]
    pub fn fault(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::new(Reason::Internal, "").because(cause)
    }

    /// Adds what caused it, for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Arc<dyn Error + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Adds an error that caused it, for the log.
    #[must_use]
    pub fn because(self, cause: impl Error + Send + Sync + 'static) -> Self {
        let cause: Arc<dyn Error + Send + Sync> = Arc::new(cause);
        self.caused_by(cause)
    }

    /// Adds how long to wait before trying again.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// The reason, as in the catalogue.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// What the reason means on each surface.
    #[must_use]
    pub fn spec(&self) -> &'static ErrorSpec {
        self.0.reason.spec()
    }

    /// What happened, for a developer to read.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Every rule that the request breaks.
    #[must_use]
    pub fn broken_rules(&self) -> &[Violation] {
        &self.0.violations
    }

    /// How long to wait before trying again, if known.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What happened, taken out.
    #[must_use]
    pub fn into_message(self) -> Cow<'static, str> {
        self.0.message
    }

    /// As a fault of the server: one with another reason becomes the cause, since its reason is nothing for whoever asked.
    #[must_use]
    pub fn as_internal(self) -> Self {
        if self.reason() == Reason::Internal {
            self
        } else {
            Self::new(Reason::Internal, "").because(self)
        }
    }

    /// As something that is away for now: `UNAVAILABLE`, `DEADLINE_EXCEEDED` and `RATE_LIMITED` stay as they are, another one becomes the
    /// cause of an `UNAVAILABLE`.
    #[must_use]
    pub fn as_unavailable(self) -> Self {
        match self.reason() {
            Reason::Unavailable | Reason::DeadlineExceeded | Reason::RateLimited => self,
            _ => Self::new(Reason::Unavailable, "").because(self),
        }
    }

    /// What caused it.
    #[must_use]
    pub fn cause(&self) -> Option<&Arc<dyn Error + Send + Sync>> {
        self.0.cause.as_ref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.spec().name, self.0.message)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("reason", &self.spec().name)
            .field("message", &self.0.message)
            .field("violations", &self.0.violations)
            .field("cause", &self.0.cause)
            .finish_non_exhaustive()
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.cause.as_ref().map(|cause| cause.as_ref() as _)
    }
}
