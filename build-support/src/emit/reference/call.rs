//! The page of a call.

use super::{
    Frames, Page, exchange, fields,
    samples::{self, Sample},
    shown::{Style, shown},
    tables::{code, page as join, table},
    words,
};
use crate::{
    SchemaError,
    emit::{
        json_schema::{example, text},
        openapi::errors,
    },
    model::{Access, Effect, Method, Rate, Reason, Schema as Model, Service},
};

pub(super) fn path(method: &Method) -> String {
    format!("calls/{}.md", method.name)
}

pub(super) fn page(
    model: &Model,
    frames: &Frames<'_>,
    service: &Service,
    method: &Method,
) -> Result<Page, SchemaError> {
    let full_name = format!("{}.{}", service.full_name, method.name);
    let (summary, more) = text::split(words(&service.file, &full_name, &method.comment)?);
    let (request, response) = (&model.messages[&method.request], &model.messages[&method.response]);
    let sample = Sample {
        model,
        service,
        method,
        request,
        example: samples::request(model, request)?,
    };
    let frame = frames.of_call(service, method);

    let mut parts = vec![
        format!("# {}", method.name),
        format!("{summary}."),
        more,
        facts(
            service,
            method,
            frame
                .as_ref()
                .map(|one| format!("[`{}`](../{})", one.field.json_name, one.path())),
        ),
        "## Request".to_owned(),
    ];
    let mut told = Vec::new();
    parts.extend(fields::describe(model, request, &mut told));
    parts.push("## Answer".to_owned());
    parts.extend(fields::describe(model, response, &mut told));
    if let Some(example) = example::message(model, response, &[]) {
        parts.push(code("json", &shown(model, response, &example, Style::Json)));
    }
    parts.push("## Errors".to_owned());
    parts.push(table(
        &["reason", "HTTP", "gRPC", "again?", "what happened"],
        errors::of_method(model, method).into_iter().map(error),
    ));
    parts.push("## Samples".to_owned());
    if let Some(route) = method.routes.first() {
        parts.extend(["### curl".to_owned(), sample.curl(route)]);
    }
    parts.extend(["### grpcurl".to_owned(), sample.grpcurl()]);
    parts.push("### WebSocket".to_owned());
    parts.push(match &frame {
        Some(one) => exchange::asked(model, frames, one)?,
        None => "No frame makes this call.".to_owned(),
    });
    if !method.routes.is_empty() {
        parts.extend(["### TypeScript".to_owned(), sample.typescript()]);
    }
    Ok(Page {
        path: path(method),
        markdown: join(parts),
    })
}

/// Where it is, who may call it, how often.
fn facts(service: &Service, method: &Method, frame: Option<String>) -> String {
    let ways = method.routes.iter().enumerate().map(|(index, route)| {
        let name = if index == 0 { "REST" } else { "" };
        vec![
            name.to_owned(),
            format!("`{} {}`", samples::verb(route.verb), route.path),
        ]
    });
    let mut rows: Vec<_> = ways.collect();
    rows.push(vec![
        "gRPC".to_owned(),
        format!("`{}/{}`", service.full_name, method.name),
    ]);
    rows.extend(frame.map(|frame| vec!["frame".to_owned(), frame]));
    rows.push(vec!["who may call".to_owned(), caller(method.access).to_owned()]);
    rows.push(vec!["rate class".to_owned(), rate(method.rate).to_owned()]);
    rows.push(vec!["sent twice".to_owned(), effect(method.call.effect).to_owned()]);
    let (timeout, attempts) = (method.call.timeout_ms, method.call.attempts);
    let again = match attempts {
        0 | 1 => "do not try again by themselves".to_owned(),
        times => format!("try {times} times in all, for reasons that say so"),
    };
    rows.push(vec![
        "clients".to_owned(),
        format!("wait {} for an attempt and {again}", span(timeout)),
    ]);
    if let Some(page) = &method.page {
        let cursor = if page.signed {
            "an opaque token"
        } else {
            "a number that clients may choose"
        };
        let said = format!(
            "`{}` items at most {} ({} if 0); `{}` is {cursor}, the next page's is `{}`",
            page.size, page.max_size, page.default_size, page.cursor, page.next
        );
        rows.push(vec!["in pages".to_owned(), said]);
    }
    table(&["", ""], rows)
}

fn error(reason: &Reason) -> Vec<String> {
    vec![
        format!("[`{0}`](../errors/{0}.md)", reason.name),
        reason.http.to_string(),
        format!("`{}`", reason.code_name),
        if reason.retryable { "yes" } else { "no" }.to_owned(),
        text::unwrap(&reason.comment),
    ]
}

/// A time in seconds if it is whole ones.
fn span(ms: u64) -> String {
    if ms.is_multiple_of(1000) {
        format!("{} s", ms / 1000)
    } else {
        format!("{ms} ms")
    }
}

pub(super) fn caller(access: Access) -> &'static str {
    match access {
        Access::Public => "everybody, without a token",
        Access::User => "users",
        Access::Admin => "admins",
        Access::Internal => "services",
    }
}

pub(super) fn rate(rate: Rate) -> &'static str {
    match rate {
        Rate::Credentials => "`CREDENTIALS`: attempts to get in, few, by address",
        Rate::Read => "`READ`",
        Rate::Write => "`WRITE`",
        Rate::Send => "`SEND`: sending messages",
        Rate::Unlimited => "`UNLIMITED`",
    }
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "changes nothing: it only reads",
        Effect::Repeatable => "leaves what once leaves",
        Effect::Keyed => {
            "does it twice, unless both have the same idempotency key: header `Idempotency-Key`, on gRPC metadata `idempotency-key`; the second \
             then waits for the answer of the first and gets it too"
        }
    }
}
