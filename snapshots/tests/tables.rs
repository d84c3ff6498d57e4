//! The tables that operators and other teams rely on.

use im_schema::{frames::FRAMES, parlance::Reason, rest::ROUTES, services::METHODS, topics::TOPICS};
use std::fmt::Write as _;

#[test]
fn routes() {
    let mut lines: Vec<String> = ROUTES.iter().map(|route| format!("{route:?}")).collect();
    lines.sort();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn topics() {
    let lines: Vec<String> = TOPICS.iter().map(|topic| format!("{topic:#?}")).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn policies() {
    let mut text = String::new();
    for method in METHODS {
        let reasons: Vec<_> = method.reasons.iter().map(|reason| reason.spec().name).collect();
        writeln!(
            text,
            "{:<62} {:<8} {:<11} {:<10} {:>2} × {:<4} {}",
            method.path,
            format!("{:?}", method.access),
            format!("{:?}", method.rate),
            format!("{:?}", method.effect),
            method.attempts,
            format!("{:?}", method.timeout),
            reasons.join(" ")
        )
        .expect("a string takes all");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn frames() {
    let lines: Vec<String> = FRAMES.iter().map(|frame| format!("{frame:?}")).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn errors() {
    let mut text = String::new();
    for number in 1..1000 {
        let Ok(reason) = Reason::try_from(number) else { continue };
        let spec = reason.spec();
        writeln!(
            text,
            "{number:>3} {:<24} {:<20} http {} close {:<4} retryable {:<5} {} | {}",
            spec.name, spec.code_name, spec.http, spec.close, spec.retryable, spec.summary, spec.advice
        )
        .expect("a string takes all");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn default_configuration() {
    insta::assert_snapshot!(include_str!("../../deploy/parlance.toml"));
}
