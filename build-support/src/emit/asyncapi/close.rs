//! The codes with which a connection ends.

use super::ordered::{Node, Object};
use crate::{
    emit::json_schema::text,
    model::{Reason, Schema as Model},
};

/// Reasons that end a connection, by their code.
fn reasons(model: &Model) -> Vec<&Reason> {
    let mut reasons: Vec<_> = model.reasons.iter().filter(|reason| reason.close != 0).collect();
    reasons.sort_by_key(|reason| (reason.close, reason.number));
    reasons
}

/// For programs.
pub(super) fn codes(model: &Model) -> Vec<Node> {
    let code = |reason: &Reason| {
        Object::new()
            .with("code", reason.close)
            .with("reason", reason.name.as_str())
            .with("description", text::unwrap(&reason.comment))
            .with("retryable", reason.retryable)
            .with("advice", reason.advice.as_str())
            .into()
    };
    reasons(model).into_iter().map(code).collect()
}

/// For people: a table in Markdown; empty if no reason ends a connection.
pub(super) fn table(model: &Model) -> String {
    let reasons = reasons(model);
    if reasons.is_empty() {
        return String::new();
    }
    let rows = reasons.iter().map(|reason| {
        let what = text::unwrap(&reason.comment);
        format!("| {} | `{}` | {what} | {} |", reason.close, reason.name, reason.advice)
    });
    let head = "**Close codes.**\n\n| code | reason | what happened | what to do |\n| --- | --- | --- | --- |";
    [head.to_owned()].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}
