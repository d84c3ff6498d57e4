//! One error as every surface says it: REST and WebSocket as JSON, gRPC as a status with details.

use im_schema::{
    failure::{Failure, Violation},
    json,
    parlance::Reason,
    v1::ServerFrame,
};
use snapshots::{hex, pretty};
use std::{fmt::Write as _, time::Duration};

fn everywhere(failure: &Failure) -> String {
    let problem = failure.problem();
    let frame = ServerFrame {
        request_id: 7,
        ..ServerFrame::from(problem.clone())
    };
    let status = failure.to_status();
    let mut text = String::new();
    writeln!(
        text,
        "--- REST {}\n{}",
        failure.spec().http,
        pretty(&json::to_string(&problem))
    )
    .expect("a string takes all");
    writeln!(
        text,
        "--- WebSocket, close code {}\n{}",
        failure.spec().close,
        pretty(&json::to_string(&frame))
    )
    .expect("a string takes all");
    writeln!(
        text,
        "--- gRPC {:?}: {}\n{}",
        status.code(),
        status.message(),
        hex(status.details())
    )
    .expect("a string takes all");
    let back = Failure::from_status(&status);
    assert_eq!(
        (back.reason(), back.message()),
        (failure.reason(), failure.message()),
        "gRPC carries the whole"
    );
    assert_eq!(
        Failure::from_problem(&problem).reason(),
        failure.reason(),
        "a problem carries the whole"
    );
    text
}

#[test]
fn a_refusal() {
    insta::assert_snapshot!(everywhere(&Failure::new(Reason::NotAMember, "")));
}

#[test]
fn broken_rules() {
    let violation = |field: &str, rule, message: &'static str| Violation {
        field: field.to_owned(),
        rule,
        message: message.into(),
    };
    let violations = vec![
        violation(
            "content.text.body",
            "string.max_bytes",
            "must be at most 8192 bytes, is 9000",
        ),
        violation("conversationId", "uint64.gt", "must be above 0"),
    ];
    insta::assert_snapshot!(everywhere(&Failure::violations(violations)));
}

#[test]
fn a_limit_with_a_time_to_wait() {
    let failure = Failure::new(Reason::RateLimited, "").retry_after(Duration::from_millis(1500));
    insta::assert_snapshot!(everywhere(&failure));
}

#[test]
fn an_error_that_ends_the_connection() {
    insta::assert_snapshot!(everywhere(&Failure::new(Reason::TokenExpired, "")));
}

#[test]
fn every_reason_survives_every_surface() {
    for number in 1..1000 {
        if let Ok(reason) = Reason::try_from(number) {
            everywhere(&Failure::new(reason, "why"));
        }
    }
}
