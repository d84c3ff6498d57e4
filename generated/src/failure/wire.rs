//! How a failure looks to others: a problem in JSON and frames, a status with details on gRPC.

use super::{Failure, Violation};
use crate::{parlance::Reason, v1};
use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    sync::Mutex,
    time::Duration,
};
use tonic::Status;
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

/// The domain in ErrorInfo.
const DOMAIN: &str = "parlance";
/// Where ErrorInfo says which rules are broken, in the order of BadRequest's violations.
const RULES: &str = "rules";

impl Failure {
    /// The failure as the body of a REST answer or the content of an error frame. Its cause stays here.
    #[must_use]
    pub fn problem(&self) -> v1::Problem {
        let spec = self.spec();
        let violations = self.broken_rules().iter().map(|violation| v1::Violation {
            field: violation.field.clone(),
            rule: violation.rule.to_owned(),
            message: violation.message.clone().into_owned(),
            ..Default::default()
        });
        v1::Problem {
            reason: spec.name.to_owned(),
            code: spec.code_name.to_owned(),
            message: self.message().to_owned(),
            retryable: spec.retryable,
            advice: spec.advice.to_owned(),
            violations: violations.collect(),
            retry_after_ms: self.wait().map_or(0, millis),
            ..Default::default()
        }
    }

    /// What a problem says. A reason that this side's catalogue does not have becomes `INTERNAL`, with its name in the message.
    #[must_use]
    pub fn from_problem(problem: &v1::Problem) -> Self {
        let mut failure = named(&problem.reason, &problem.message);
        let violations = problem.violations.iter().map(|violation| Violation {
            field: violation.field.clone(),
            rule: kept(&violation.rule),
            message: Cow::Owned(violation.message.clone()),
        });
        failure.0.violations = violations.collect();
        if problem.retry_after_ms > 0 {
            failure = failure.retry_after(Duration::from_millis(problem.retry_after_ms));
        }
        failure
    }

    /// The failure on gRPC: a status with ErrorInfo, BadRequest and RetryInfo, as far as there is something to say.
    #[must_use]
    pub fn to_status(&self) -> Status {
        let spec = self.spec();
        let violations = self.broken_rules();
        let mut metadata = HashMap::new();
        if !violations.is_empty() {
            let rules: Vec<&str> = violations.iter().map(|violation| violation.rule).collect();
            metadata.insert(RULES.to_owned(), rules.join(","));
        }
        let mut details = ErrorDetails::with_error_info(spec.name, DOMAIN, metadata);
        if !violations.is_empty() {
            let fields = violations
                .iter()
                .map(|violation| FieldViolation::new(&violation.field, &*violation.message));
            details.set_bad_request(fields.collect::<Vec<_>>());
        }
        if let Some(wait) = self.wait() {
            details.set_retry_info(Some(wait));
        }
        Status::with_error_details(spec.code, self.message(), details)
    }

    /// What a status says. One without ErrorInfo, as a proxy or tonic itself makes it, becomes the reason that is nearest to its code; what it
    /// says, be it an address or the name of a library, is for the log.
    #[must_use]
    pub fn from_status(status: &Status) -> Self {
        let details = status.get_error_details();
        let Some(info) = details.error_info().filter(|info| info.domain == DOMAIN) else {
            return Self::new(nearest(status.code()), "").because(status.clone());
        };
        let mut failure = named(&info.reason, status.message());
        let mut rules = info
            .metadata
            .get(RULES)
            .map(String::as_str)
            .unwrap_or_default()
            .split(',');
        if let Some(bad) = details.bad_request() {
            let violations = bad.field_violations.iter().map(|violation| Violation {
                field: violation.field.clone(),
                rule: kept(rules.next().unwrap_or_default()),
                message: Cow::Owned(violation.description.clone()),
            });
            failure.0.violations = violations.collect();
        }
        if let Some(wait) = details.retry_info().and_then(|info| info.retry_delay) {
            failure = failure.retry_after(wait);
        }
        failure
    }
}

/// Whole milliseconds, rounded up: who comes back too early is refused again.
fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

fn named(reason: &str, message: &str) -> Failure {
    match Reason::from_str_name(reason) {
        Some(reason) if reason != Reason::Unspecified => Failure::new(reason, message.to_owned()),
        _ => Failure::internal(format!("{reason}: {message}")),
    }
}

fn nearest(code: tonic::Code) -> Reason {
    use tonic::Code;
    match code {
        Code::InvalidArgument | Code::FailedPrecondition => Reason::InvalidArgument,
        Code::OutOfRange | Code::ResourceExhausted => Reason::TooLarge,
        Code::Unauthenticated => Reason::Unauthenticated,
        Code::PermissionDenied => Reason::PermissionDenied,
        Code::Unimplemented => Reason::NoSuchRoute,
        Code::DeadlineExceeded | Code::Cancelled => Reason::DeadlineExceeded,
        Code::Unavailable | Code::Aborted => Reason::Unavailable,
        Code::Ok | Code::Unknown | Code::NotFound | Code::AlreadyExists | Code::Internal | Code::DataLoss => {
            Reason::Internal
        }
    }
}

/// The name of a rule that came over the wire. Rules are few, so their names are kept for good; a peer that makes names up runs into
/// the bound, past which a name is only `rule`.
fn kept(rule: &str) -> &'static str {
    const BOUND: usize = 256;
    const LONGEST: usize = 64;
    static KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut kept = KEPT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match kept.get(rule) {
        Some(known) => known,
        None if kept.len() < BOUND && rule.len() <= LONGEST => {
            let new: &'static str = Box::leak(rule.into());
            kept.insert(new);
            new
        }
        None => "rule",
    }
}
