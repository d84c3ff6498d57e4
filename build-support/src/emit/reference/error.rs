//! The page of a reason.

use super::{
    Frames, Page, call, calls,
    shown::{Style, shown},
    tables::{code, page as join, table},
};
use crate::{
    emit::{
        json_schema::{problem, text},
        openapi::errors,
    },
    model::{Method, Reason, Schema as Model},
};

pub(super) fn path(reason: &Reason) -> String {
    format!("errors/{}.md", reason.name)
}

pub(super) fn page(model: &Model, frames: &Frames<'_>, reason: &Reason) -> Page {
    let mut rows = vec![
        vec!["HTTP status".to_owned(), reason.http.to_string()],
        vec![
            "gRPC code".to_owned(),
            format!("`{}` ({})", reason.code_name, reason.code),
        ],
    ];
    let close = match reason.close {
        0 => "none: the connection goes on".to_owned(),
        code => format!("{code}: the connection ends"),
    };
    rows.push(vec!["WebSocket close code".to_owned(), close]);
    let again = if reason.retryable {
        "yes: the very same request may succeed later"
    } else {
        "no: the very same request will be refused again"
    };
    rows.push(vec!["retryable".to_owned(), again.to_owned()]);

    let mut parts = vec![
        format!("# {}", reason.name),
        format!("**What happened.** {}", text::unwrap(&reason.comment)),
        format!("**What to do.** {}", reason.advice),
        table(&["", ""], rows),
    ];
    if let Some(problem) = problem(model) {
        let shown = shown(model, problem, &errors::problem(reason), Style::Json);
        parts.push("As REST answers it, and as frames and the details of a gRPC status carry it:".to_owned());
        parts.push(code("json", &shown));
    }
    parts.push("## Where it comes from".to_owned());
    parts.extend(sources(model, frames, reason));
    Page {
        path: path(reason),
        markdown: join(parts),
    }
}

fn sources(model: &Model, frames: &Frames<'_>, reason: &Reason) -> Vec<String> {
    let (mut declared, mut layered) = (Vec::new(), Vec::new());
    for (service, method) in calls(model) {
        if !errors::of_method(model, method)
            .iter()
            .any(|given| given.name == reason.name)
        {
            continue;
        }
        let mut link = link(method);
        if let Some(one) = frames.of_call(service, method) {
            link = format!("{link} (frame [`{}`](../{}))", one.field.json_name, one.path());
        }
        if method.reasons.contains(&reason.name) {
            declared.push(link);
        } else {
            layered.push(link);
        }
    }
    let list = |links: &[String]| {
        links
            .iter()
            .map(|link| format!("- {link}"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let mut parts = Vec::new();
    if !declared.is_empty() {
        parts.push("These calls give it:".to_owned());
        parts.push(list(&declared));
    }
    if !layered.is_empty() {
        parts.push("What stands in front of these calls gives it, before they begin:".to_owned());
        parts.push(list(&layered));
    }
    if parts.is_empty() {
        let ends = if reason.close == 0 {
            "No call gives it: it is the answer to a request that reaches none, or to one that would open a WebSocket."
        } else {
            "No call gives it: it ends a WebSocket, or is the answer to the request that would open it."
        };
        parts.push(ends.to_owned());
    }
    parts
}

fn link(method: &Method) -> String {
    format!("[{}](../{})", method.name, call::path(method))
}
