//! Samples in TypeScript for frames: the connection that the package keeps, what is sent on it, and what is heard.

use super::{
    One,
    exchange::{Brought, payload, request},
    samples::import,
    shown::{Style, line, shown},
    tables::code,
};
use crate::{
    SchemaError,
    model::{FrameCause, Message, Schema as Model},
};
use serde_json::{Map, Value, json};

/// Messages have a method of their own, since they are kept until they are stored.
const SEND: &str = "send";
const CONNECT: &str = "const socket = client.connect();";

/// A frame that is sent or heard; `answer` is what comes of it.
pub(super) fn sample(model: &Model, one: &One<'_>, brought: &Brought<'_>) -> Result<String, SchemaError> {
    let none = Map::new();
    let heard = format!("socket.frames.once(\"{}\")", one.field.json_name);
    let text = match brought {
        Brought::Sent => {
            let (import, call) = sending(model, one, &none, "socket")?;
            let call = if one.field.name == SEND {
                format!("{call}.stored")
            } else {
                call
            };
            format!("{import}{CONNECT}\nconst answer = await {call};")
        }
        Brought::Connected | Brought::Stopping => format!("{CONNECT}\nconst answer = await {heard};"),
        Brought::Reply(asked) if asked.field.name != SEND => return sample(model, asked, &Brought::Sent),
        Brought::Reply(asked) => after(model, asked, None, &heard)?,
        Brought::Frame(asked, cause) => after(model, asked, Some(cause), &heard)?,
    };
    Ok(code("ts", &text))
}

/// Listens, has the frame sent that brings what is listened for, and waits.
fn after(model: &Model, asked: &One<'_>, cause: Option<&FrameCause>, heard: &str) -> Result<String, SchemaError> {
    let none = Map::new();
    let from = if cause.is_some_and(|cause| cause.by_another) {
        "bob.connect()"
    } else {
        "socket"
    };
    let (import, call) = sending(model, asked, cause.map_or(&none, |cause| &cause.with), from)?;
    Ok(format!(
        "{import}{CONNECT}\nawait socket.once(\"synced\");\nconst heard = {heard};\n{call};\nconst answer = await heard;"
    ))
}

/// The import that it needs, and the expression that sends a frame.
fn sending(
    model: &Model,
    one: &One<'_>,
    with: &Map<String, Value>,
    from: &str,
) -> Result<(String, String), SchemaError> {
    let value = request(model, one, with)?;
    let Some(message) = payload(model, one) else {
        return Ok((String::new(), String::new()));
    };
    let call = if one.field.name == SEND {
        let [conversation, id, content] =
            ["conversationId", "clientMessageId", "content"].map(|name| argument(model, message, &value, name));
        format!("{from}.send({conversation}, {content}, {id})")
    } else {
        let request = shown(model, message, &value, Style::TypeScript);
        format!("{from}.call(\"{}\", {request})", one.field.json_name)
    };
    Ok((import(model, message, &value), call))
}

/// One member as it is written for itself.
fn argument(model: &Model, message: &Message, value: &Value, name: &str) -> String {
    let Some(member) = value.get(name) else {
        return "undefined".to_owned();
    };
    let alone = line(model, message, &json!({ (name): member }), Style::TypeScript);
    let inner = alone
        .strip_prefix(&format!("{{ {name}: "))
        .and_then(|rest| rest.strip_suffix(" }"));
    inner.unwrap_or(&alone).to_owned()
}
