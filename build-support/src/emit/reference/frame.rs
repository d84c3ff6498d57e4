//! The page of a frame.

use super::{
    Frames, One, Page, call, connection, exchange, fields,
    tables::{page as join, table},
    words,
};
use crate::{
    SchemaError,
    emit::json_schema::text,
    model::{Cause, Schema as Model, Socket},
};

pub(super) fn page(model: &Model, frames: &Frames<'_>, one: &One<'_>) -> Result<Page, SchemaError> {
    let element = format!("{}.{}", one.whole.full_name, one.field.name);
    let (summary, more) = text::split(words(&one.whole.file, &element, &one.field.comment)?);
    let payload = one.payload().and_then(|name| model.messages.get(name));
    let mut parts = vec![
        format!("# Frame `{}`", one.field.json_name),
        format!("{summary}."),
        more,
        facts(model, frames, one),
    ];
    if let Some(payload) = payload {
        parts.push("## Fields".to_owned());
        parts.extend(fields::describe(model, payload, &mut Vec::new()));
        let brought = exchange::Brought::of(frames, one)?;
        parts.extend(["## Samples".to_owned(), "### WebSocket".to_owned()]);
        parts.push(exchange::of(model, frames, one, &brought)?);
        parts.extend(["### TypeScript".to_owned(), connection::sample(model, one, &brought)?]);
    }
    Ok(Page {
        path: one.path(),
        markdown: join(parts),
    })
}

fn facts(model: &Model, frames: &Frames<'_>, one: &One<'_>) -> String {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
    row(
        "from",
        if one.client {
            "client to server"
        } else {
            "server to client"
        }
        .to_owned(),
    );
    if let Some(Socket { path, text, binary }) = frames.client.and_then(|client| client.socket.as_ref()) {
        row("socket", format!("`{path}`, subprotocol `{text}` or `{binary}`"));
    }
    row("number in protobuf", one.field.number.to_string());
    let called = one.frame.rpc.as_deref().and_then(|rpc| model.method(rpc));
    if let Some((_, method)) = called {
        row(
            "makes the call",
            format!("[{}](../{})", method.name, call::path(method)),
        );
        row("who may send it", call::caller(method.access).to_owned());
        row("rate class", call::rate(method.rate).to_owned());
    }
    if let Some(reply) = one.frame.reply.as_deref().and_then(|reply| frames.of_server(reply)) {
        let error = frames.of_server("error").map(|error| format!(", or {}", error.link()));
        row("answered by", format!("{}{}", reply.link(), error.unwrap_or_default()));
    }
    let answers = frames
        .all()
        .filter(|asked| !one.client && asked.frame.reply.as_deref() == Some(&one.field.name))
        .map(|asked| asked.link());
    let answers = answers.collect::<Vec<_>>().join(", ");
    if !answers.is_empty() {
        row("answers", answers);
    }
    if let Some(cause) = &one.frame.cause {
        row("comes", comes(frames, cause));
    }
    table(&["", ""], rows)
}

/// When a frame of the server comes, in words.
fn comes(frames: &Frames<'_>, cause: &Cause) -> String {
    match cause {
        Cause::Connected => "when the connection is there".to_owned(),
        Cause::Stopping => "when the server is told to end".to_owned(),
        Cause::Frame(cause) => {
            let by = if cause.by_another { " of another user" } else { "" };
            let number = if cause.answers {
                ", and repeats its request id"
            } else {
                ""
            };
            let link = frames.of_client(&cause.frame).map(|asked| asked.link());
            format!("e.g. after {}{by}{number}", link.unwrap_or_default())
        }
    }
}
