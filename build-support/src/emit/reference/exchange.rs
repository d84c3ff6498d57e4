//! What goes over a WebSocket for a frame, line by line: what is sent, and what comes back.

use super::{
    Frames, One, samples,
    shown::{Style, line},
    tables::code,
};
use crate::{
    SchemaError,
    emit::{json_schema::problem, openapi::errors},
    model::{Cause, FrameCause, Kind, Message, Schema as Model},
};
use serde_json::{Map, Value, json};

/// The id of the request in a sample.
const REQUEST_ID: &str = "1";

/// What brings a frame to a client.
pub(super) enum Brought<'a> {
    /// Nothing does: clients send it.
    Sent,
    /// It is the reply of this one.
    Reply(One<'a>),
    Connected,
    Stopping,
    /// A frame that is sent before.
    Frame(One<'a>, &'a FrameCause),
}

impl<'a> Brought<'a> {
    /// # Errors
    /// A frame of the server of which nothing is known.
    pub(super) fn of(frames: &Frames<'a>, one: &One<'a>) -> Result<Self, SchemaError> {
        if one.client {
            return Ok(Self::Sent);
        }
        let asks = |asked: &One<'_>| asked.client && asked.frame.reply.as_deref() == Some(&one.field.name);
        if let Some(asked) = frames.all().find(asks) {
            return Ok(Self::Reply(asked));
        }
        let unknown = |why: &str| {
            let element = format!("{}.{}", one.whole.full_name, one.field.name);
            SchemaError::new(&one.whole.file, element, why)
        };
        match &one.frame.cause {
            Some(Cause::Connected) => Ok(Self::Connected),
            Some(Cause::Stopping) => Ok(Self::Stopping),
            Some(Cause::Frame(cause)) => {
                let asked = frames.of_client(&cause.frame);
                asked
                    .map(|asked| Self::Frame(asked, cause))
                    .ok_or_else(|| unknown("is brought by no frame"))
            }
            None => Err(unknown(
                "is the reply of no frame, so its (parlance.frame) needs a `cause`: what makes the server send it",
            )),
        }
    }
}

/// The exchange in which a frame stands.
pub(super) fn of(
    model: &Model,
    frames: &Frames<'_>,
    one: &One<'_>,
    brought: &Brought<'_>,
) -> Result<String, SchemaError> {
    let none = Map::new();
    let lines = match brought {
        Brought::Sent => return asked(model, frames, one),
        Brought::Reply(asked) => vec![sent(model, asked, &none, ">")?, comes(model, one, &none, true)?],
        Brought::Connected => vec![
            "-- the connection is there".to_owned(),
            comes(model, one, &none, false)?,
        ],
        Brought::Stopping => vec![
            "-- the server is told to end".to_owned(),
            comes(model, one, &none, false)?,
        ],
        Brought::Frame(asked, cause) => {
            let from = if cause.by_another { "bob>" } else { ">" };
            vec![
                sent(model, asked, &cause.with, from)?,
                comes(model, one, &cause.gives, cause.answers)?,
            ]
        }
    };
    Ok(code("text", &lines.join("\n")))
}

/// A frame of a client, its reply, and what it brings besides to whoever sends it.
pub(super) fn asked(model: &Model, frames: &Frames<'_>, one: &One<'_>) -> Result<String, SchemaError> {
    let none = Map::new();
    let mut lines = vec![sent(model, one, &none, ">")?];
    let reply = one.frame.reply.as_deref().and_then(|reply| frames.of_server(reply));
    if let Some(reply) = reply {
        lines.push(comes(model, &reply, &none, true)?);
    }
    for brought in frames.all() {
        if let Some(Cause::Frame(cause)) = &brought.frame.cause
            && cause.frame == one.field.name
            && cause.with.is_empty()
            && !cause.by_another
        {
            lines.push(comes(model, &brought, &cause.gives, cause.answers)?);
        }
    }
    Ok(code("text", &lines.join("\n")))
}

/// The example request of a frame, with what differs from it.
///
/// # Errors
/// See [`samples::request`].
pub(super) fn request(model: &Model, one: &One<'_>, with: &Map<String, Value>) -> Result<Value, SchemaError> {
    let Some(message) = payload(model, one) else {
        return Ok(json!({}));
    };
    let mut request = samples::request(model, message)?;
    for (name, value) in with {
        request[name] = value.clone();
    }
    Ok(request)
}

/// The message that a frame carries.
pub(super) fn payload<'a>(model: &'a Model, one: &One<'_>) -> Option<&'a Message> {
    one.payload().and_then(|name| model.messages.get(name))
}

fn sent(model: &Model, one: &One<'_>, with: &Map<String, Value>, from: &str) -> Result<String, SchemaError> {
    let frame = json!({"requestId": REQUEST_ID, (one.field.json_name.as_str()): request(model, one, with)?});
    Ok(format!("{from} {}", line(model, one.whole, &frame, Style::Json)))
}

fn comes(model: &Model, one: &One<'_>, gives: &Map<String, Value>, answers: bool) -> Result<String, SchemaError> {
    let mut body = request(model, one, gives)?;
    if let Some(message) = payload(model, one) {
        explain(model, message, gives, &mut body);
    }
    let mut frame = json!({(one.field.json_name.as_str()): body});
    if answers {
        frame["requestId"] = json!(REQUEST_ID);
    }
    Ok(format!("< {}", line(model, one.whole, &frame, Style::Json)))
}

/// A problem of which only the reason is given gets what the catalogue says of it.
fn explain(model: &Model, message: &Message, gives: &Map<String, Value>, body: &mut Value) {
    let Some(problem) = problem(model) else { return };
    let catalogued = |given: &Value| {
        let name = given.get("reason")?.as_str()?;
        let reason = model.reasons.iter().find(|reason| reason.name == name)?;
        Some(errors::problem(reason))
    };
    if message.full_name == problem.full_name {
        if let Some(said) = catalogued(&Value::Object(gives.clone())) {
            *body = said;
        }
        return;
    }
    for field in &message.fields {
        let carries = matches!(&field.kind, Kind::Message(name) if *name == problem.full_name);
        if let Some(said) = carries
            .then(|| gives.get(&field.json_name).and_then(catalogued))
            .flatten()
        {
            body[field.json_name.as_str()] = said;
        }
    }
}
