//! Samples of a call, all made of the same example request.

use super::{One, tables::code};
use crate::{
    SchemaError,
    emit::{
        json_schema::example,
        way::{json_path, leaf},
    },
    model::{Access, Body, Effect, Message, Method, Route, Schema as Model, Service, Verb},
};
use heck::ToLowerCamelCase as _;
use serde_json::{Map, Value, json};

/// What a repetition is told by.
const KEY: &str = "0193b2a4-7c1e-7d3a-9a51-0c8f3d2e4b6a";

/// The example request: an object, maybe an empty one.
///
/// # Errors
/// A field that is demanded has no example.
pub(super) fn request(model: &Model, message: &Message) -> Result<Value, SchemaError> {
    if let Some((holder, field)) = example::lacking(model, message) {
        let why = format!("is required and has no example, so that there is no sample of {}", message.full_name);
        return Err(SchemaError::new(&holder.file, format!("{}.{}", holder.full_name, field.name), why));
    }
    Ok(example::message(model, message, &[]).unwrap_or_else(|| json!({})))
}

/// With curl.
pub(super) fn curl(model: &Model, method: &Method, route: &Route, example: &Value) -> String {
    let (target, body) = rest(model, method, route, example);
    let mut lines = vec![format!("curl -sS -X {} \"$PARLANCE{target}\"", verb(route.verb))];
    if method.access != Access::Public {
        lines.push("-H \"Authorization: Bearer $TOKEN\"".to_owned());
    }
    if method.call.effect == Effect::Keyed {
        lines.push(format!("-H \"Idempotency-Key: {KEY}\""));
    }
    if let Some(body) = body {
        lines.push("-H \"Content-Type: application/json\"".to_owned());
        lines.push(format!("-d {}", shell(&json_text(&body))));
    }
    code("sh", &lines.join(" \\\n  "))
}

/// With grpcurl, which learns the messages from the server.
pub(super) fn grpcurl(service: &Service, method: &Method, example: &Value) -> String {
    let mut lines = vec!["grpcurl -plaintext".to_owned()];
    if method.access != Access::Public {
        lines.push("-H \"authorization: Bearer $TOKEN\"".to_owned());
    }
    if method.call.effect == Effect::Keyed {
        lines.push(format!("-H \"idempotency-key: {KEY}\""));
    }
    lines.push(format!("-d {}", shell(&json_text(example))));
    lines.push(format!("\"$PARLANCE_GRPC\" {}/{}", service.full_name, method.name));
    code("sh", &lines.join(" \\\n  "))
}

/// As a frame.
pub(super) fn frame(one: &One<'_>, example: &Value) -> String {
    let frame = json!({"requestId": "1", (one.field.json_name.as_str()): example});
    code("json", &json_text(&frame))
}

/// With the client for TypeScript.
pub(super) fn typescript(service: &Service, method: &Method, example: &Value) -> String {
    let name = service.name.strip_suffix("Service").unwrap_or(&service.name);
    let name = name.to_lower_camel_case();
    let request = if example.as_object().is_some_and(Map::is_empty) {
        "{}".to_owned()
    } else {
        json_text(example)
    };
    let call = format!("const answer = await client.{name}.{}({request});", method.name.to_lower_camel_case());
    code("ts", &call)
}

/// The path with its query, and the body.
fn rest(model: &Model, method: &Method, route: &Route, example: &Value) -> (String, Option<Value>) {
    let request = &model.messages[&method.request];
    let mut rest = example.clone();
    let mut target = route.path.clone();
    for path in &route.parameters {
        let value = take(&mut rest, &json_path(model, request, path)).unwrap_or_default();
        target = target.replace(&format!("{{{path}}}"), &encoded(&plain(&value)));
    }
    let body = match &route.body {
        Body::None => None,
        Body::Field(name) => Some(take(&mut rest, &leaf(model, request, name).json_name).unwrap_or_else(|| json!({}))),
        Body::Whole => Some(std::mem::take(&mut rest)),
    };
    let mut query = Vec::new();
    for path in &route.query {
        let name = json_path(model, request, path);
        match take(&mut rest, &name) {
            None => {}
            Some(Value::Array(items)) => query.extend(items.iter().map(|item| format!("{name}={}", encoded(&plain(item))))),
            Some(one) => query.push(format!("{name}={}", encoded(&plain(&one)))),
        }
    }
    if !query.is_empty() {
        target = format!("{target}?{}", query.join("&"));
    }
    (target, body)
}

/// Takes the value at a path of JSON names out of an object.
fn take(from: &mut Value, path: &str) -> Option<Value> {
    match path.split_once('.') {
        None => from.as_object_mut()?.remove(path),
        Some((first, rest)) => take(from.as_object_mut()?.get_mut(first)?, rest),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Percent-encoded, for paths and queries.
fn encoded(text: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// In one line if it is short.
pub(super) fn json_text(value: &Value) -> String {
    let line = value.to_string();
    if line.len() <= 90 {
        line
    } else {
        serde_json::to_string_pretty(value).expect("a tree has a form in JSON")
    }
}

/// In single quotes, as a shell takes it.
fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

pub(super) fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Get => "GET",
        Verb::Put => "PUT",
        Verb::Post => "POST",
        Verb::Delete => "DELETE",
        Verb::Patch => "PATCH",
    }
}
