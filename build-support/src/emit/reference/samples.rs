//! Samples of a call, all made of the same example request.

use super::{
    shown::{Style, shown},
    tables::code,
};
use crate::{
    SchemaError,
    emit::{
        json_schema::example,
        way::{json_path, leaf},
    },
    model::{Access, Body, Effect, Kind, Message, Method, Route, Schema as Model, Service, Verb},
};
use heck::ToLowerCamelCase as _;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a repetition is told by.
const KEY: &str = "0193b2a4-7c1e-7d3a-9a51-0c8f3d2e4b6a";

/// The example request: an object, maybe an empty one.
///
/// # Errors
/// A field that is demanded has no example.
pub(super) fn request(model: &Model, message: &Message) -> Result<Value, SchemaError> {
    if let Some((holder, field)) = example::lacking(model, message) {
        let why = format!(
            "is required and has no example, so that there is no sample of {}",
            message.full_name
        );
        return Err(SchemaError::new(
            &holder.file,
            format!("{}.{}", holder.full_name, field.name),
            why,
        ));
    }
    Ok(example::message(model, message, &[]).unwrap_or_else(|| json!({})))
}

/// A call with its example request.
pub(super) struct Sample<'a> {
    pub(super) model: &'a Model,
    pub(super) service: &'a Service,
    pub(super) method: &'a Method,
    pub(super) request: &'a Message,
    pub(super) example: Value,
}

impl Sample<'_> {
    /// With curl.
    pub(super) fn curl(&self, route: &Route) -> String {
        let (target, body) = self.rest(route);
        let mut lines = vec![format!("curl -sS -X {} \"$PARLANCE{target}\"", verb(route.verb))];
        self.headers(["Authorization", "Idempotency-Key"], &mut lines);
        if let Some(body) = body {
            lines.push("-H \"Content-Type: application/json\"".to_owned());
            lines.push(format!("-d {}", shell(&body)));
        }
        code("sh", &lines.join(" \\\n  "))
    }

    /// With grpcurl, which learns the messages from the server.
    pub(super) fn grpcurl(&self) -> String {
        let mut lines = vec!["grpcurl -plaintext".to_owned()];
        self.headers(["authorization", "idempotency-key"], &mut lines);
        let request = shown(self.model, self.request, &self.example, Style::Grpcurl);
        lines.push(format!("-d {}", shell(&request)));
        let (service, method) = (&self.service.full_name, &self.method.name);
        lines.push(format!("\"$PARLANCE_GRPC\" {service}/{method}"));
        code("sh", &lines.join(" \\\n  "))
    }

    /// With the client for TypeScript.
    pub(super) fn typescript(&self) -> String {
        let service = self.service.name.strip_suffix("Service").unwrap_or(&self.service.name);
        let (service, method) = (service.to_lower_camel_case(), self.method.name.to_lower_camel_case());
        let request = shown(self.model, self.request, &self.example, Style::TypeScript);
        let import = import(self.model, self.request, &self.example);
        let call = format!("const answer = await client.{service}.{method}({request});");
        code("ts", &format!("{import}{call}"))
    }

    fn headers(&self, [authorization, key]: [&str; 2], lines: &mut Vec<String>) {
        if self.method.access != Access::Public {
            lines.push(format!("-H \"{authorization}: Bearer $TOKEN\""));
        }
        if self.method.call.effect == Effect::Keyed {
            lines.push(format!("-H \"{key}: {KEY}\""));
        }
    }

    /// The path with its query, and the body.
    fn rest(&self, route: &Route) -> (String, Option<String>) {
        let (model, request) = (self.model, self.request);
        let mut rest = self.example.clone();
        let mut target = route.path.clone();
        for path in &route.parameters {
            let value = take(&mut rest, &json_path(model, request, path)).unwrap_or_default();
            target = target.replace(&format!("{{{path}}}"), &encoded(&plain(&value)));
        }
        let body = match &route.body {
            Body::None => None,
            Body::Whole => Some(shown(model, request, &std::mem::take(&mut rest), Style::Json)),
            Body::Field(name) => {
                let field = leaf(model, request, name);
                let value = take(&mut rest, &field.json_name).unwrap_or_else(|| json!({}));
                Some(match &field.kind {
                    Kind::Message(name) => shown(model, &model.messages[name], &value, Style::Json),
                    _ => value.to_string(),
                })
            }
        };
        let mut query = Vec::new();
        for path in &route.query {
            let name = json_path(model, request, path);
            let values = match take(&mut rest, &name) {
                None => Vec::new(),
                Some(Value::Array(items)) => items,
                Some(one) => vec![one],
            };
            query.extend(values.iter().map(|value| format!("{name}={}", encoded(&plain(value)))));
        }
        if !query.is_empty() {
            target = format!("{target}?{}", query.join("&"));
        }
        (target, body)
    }
}

/// The line that makes the newtypes of ids known which an example has; empty if it has none.
pub(super) fn import(model: &Model, message: &Message, example: &Value) -> String {
    let ids = ids(model, message, example);
    if ids.is_empty() {
        return String::new();
    }
    let ids = ids.into_iter().collect::<Vec<_>>().join(", ");
    format!("import {{ {ids} }} from \"@parlance/client\";\n\n")
}

/// The types of the ids that an example has.
fn ids<'a>(model: &'a Model, message: &'a Message, example: &Value) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    for field in &message.fields {
        let Some(value) = example.get(&field.json_name) else {
            continue;
        };
        found.extend(field.id.as_deref());
        if let Kind::Message(name) = &field.kind {
            let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            found.extend(values.iter().flat_map(|value| ids(model, &model.messages[name], value)));
        }
    }
    found
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
        .map(|byte| {
            if unreserved(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
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
