//! A failure survives each way to a client.

use im_schema::{
    errors::{CATALOGUE, MarkReadError, SendMessageError},
    failure::{Failure, Violation},
    parlance::Reason,
    v1,
};
use std::{error::Error, time::Duration};

fn broken() -> Failure {
    let violation = |field: &str, rule, message: &'static str| Violation {
        field: field.into(),
        rule,
        message: message.into(),
    };
    Failure::violations(vec![
        violation("content.text.body", "string.max_bytes", "must have at most 8192 bytes"),
        violation("userIds[3]", "uint64.gt", "must be greater than 0"),
    ])
}

#[test]
fn every_reason_survives_both_forms() {
    for &reason in CATALOGUE {
        let failure = Failure::new(reason, "what happened").retry_after(Duration::from_millis(250));
        let status = failure.to_status();
        assert_eq!(status.code(), reason.spec().code);
        for back in [Failure::from_status(&status), Failure::from_problem(&failure.problem())] {
            assert_eq!(
                (back.reason(), back.message(), back.wait()),
                (reason, "what happened", failure.wait())
            );
        }
    }
}

#[test]
fn violations_survive_both_forms() {
    let failure = broken();
    assert_eq!(
        Failure::from_status(&failure.to_status()).broken_rules(),
        failure.broken_rules()
    );
    assert_eq!(
        Failure::from_problem(&failure.problem()).broken_rules(),
        failure.broken_rules()
    );
}

#[test]
fn a_problem_says_what_the_catalogue_says() {
    let problem = Failure::rate_limited("")
        .retry_after(Duration::from_micros(1_000_001))
        .problem();
    assert_eq!(
        (problem.reason.as_str(), problem.code.as_str()),
        ("RATE_LIMITED", "RESOURCE_EXHAUSTED")
    );
    assert!(problem.retryable && !problem.advice.is_empty());
    assert_eq!(problem.message, "The caller sends more than its class allows");
    assert_eq!(problem.retry_after_ms, 1001, "rounded up");
}

#[test]
fn what_this_side_does_not_know_becomes_a_fault() {
    let newer = v1::Problem {
        reason: "TOO_EARLY".into(),
        message: "tomorrow".into(),
        ..v1::Problem::default()
    };
    let failure = Failure::from_problem(&newer);
    assert_eq!(
        (failure.reason(), failure.message()),
        (Reason::Internal, "TOO_EARLY: tomorrow")
    );
    let plain = Failure::from_status(&tonic::Status::unavailable("connection refused"));
    let said = (plain.reason(), plain.message());
    assert_eq!(said, (Reason::Unavailable, Reason::Unavailable.spec().summary));
    let cause = plain.source().expect("what the status says is for the log").to_string();
    assert!(cause.contains("connection refused"), "{cause}");
}

#[test]
fn a_method_gives_only_its_own_reasons() {
    let own: SendMessageError = Failure::not_a_member("no").into();
    assert!(matches!(&own, SendMessageError::NotAMember(message) if message == "no"));
    assert_eq!(own.to_string(), "NOT_A_MEMBER: no");

    let foreign: MarkReadError = Failure::conflicting_duplicate("twice").into();
    let failure = Failure::from(foreign);
    assert_eq!(failure.reason(), Reason::Internal);
    let cause = failure.source().expect("the foreign reason is the cause").to_string();
    assert_eq!(cause, "CONFLICTING_DUPLICATE: twice");

    for away in [
        Failure::unavailable("away"),
        Failure::deadline_exceeded("late"),
        Failure::rate_limited("much"),
    ] {
        let reason = away.reason();
        let error: MarkReadError = away.into();
        assert!(matches!(error, MarkReadError::Unavailable(_)));
        assert_eq!(Failure::from(error).reason(), reason);
    }
    let smuggled = Failure::from(MarkReadError::Unavailable(Failure::not_a_group("no")));
    assert_eq!(smuggled.reason(), Reason::Unavailable);
}

#[test]
fn secrets_stay_out_of_debug() {
    let request = v1::LogInRequest {
        name: "ada".into(),
        password: "correct horse".into(),
        device_id: "laptop".into(),
        ..Default::default()
    };
    let text = format!("{request:?}");
    assert!(
        text.contains("ada") && text.contains("laptop") && !text.contains("horse"),
        "{text}"
    );
}
