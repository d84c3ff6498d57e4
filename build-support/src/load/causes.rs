//! What brings a frame of the server: an event, or a frame of a client with members that differ from its example.

use super::options::Fields as _;
use crate::model::{Cause, Frame, FrameCause, Kind, Message, Schema};
use prost_reflect::DynamicMessage;
use serde_json::{Map, Value};

/// Numbers of `parlance.Cause.Event`.
const CONNECTED: i32 = 1;
const STOPPING: i32 = 2;

/// What is said of a frame.
pub(super) fn frame(said: &DynamicMessage) -> Result<Frame, String> {
    let text = |name: String| (!name.is_empty()).then_some(name);
    let cause = match said.value("cause").as_message() {
        Some(cause) if said.has_field_by_name("cause") => Some(load(cause)?),
        _ => None,
    };
    Ok(Frame {
        rpc: text(said.string("rpc")),
        reply: text(said.string("reply")),
        cause,
    })
}

fn load(said: &DynamicMessage) -> Result<Cause, String> {
    let cause = FrameCause {
        frame: said.string("frame"),
        with: members(said, "with")?,
        by_another: said.flag("by_another"),
        answers: said.flag("answers"),
        gives: members(said, "gives")?,
    };
    let nothing_else = cause.frame.is_empty()
        && cause.with.is_empty()
        && !cause.by_another
        && !cause.answers
        && cause.gives.is_empty();
    match said.number_of_enum("event") {
        CONNECTED if nothing_else => Ok(Cause::Connected),
        STOPPING if nothing_else => Ok(Cause::Stopping),
        0 if cause.frame.is_empty() => Err("the cause names neither an event nor a frame".into()),
        0 if cause.by_another && cause.answers => Err("what another user has sent is not answered here".into()),
        0 => Ok(Cause::Frame(cause)),
        _ => Err("the cause is an event, so what belongs to a frame does not fit".into()),
    }
}

fn members(said: &DynamicMessage, name: &str) -> Result<Map<String, Value>, String> {
    let text = said.string(name);
    if text.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_str(&text).map_err(|error| format!("`{name}` of the cause is no object in JSON: {error}"))
}

/// The frame named exists, and what differs from an example is a member of its message.
pub(super) fn check(
    schema: &Schema,
    client: &Message,
    payload: &Message,
    frame: &str,
    cause: &Cause,
) -> Result<(), String> {
    let mut frames = client.fields.iter();
    if let Some(asked) = frames.find(|field| field.frame.as_ref().and_then(|it| it.reply.as_deref()) == Some(frame)) {
        return Err(format!("it is the reply of `{}`, so that is its cause", asked.name));
    }
    let Cause::Frame(cause) = cause else { return Ok(()) };
    let named = client
        .fields
        .iter()
        .find(|field| field.frame.is_some() && field.name == cause.frame);
    let Some(Kind::Message(request)) = named.map(|field| &field.kind) else {
        return Err(format!("{} has no frame `{}`", client.name, cause.frame));
    };
    for (members, message) in [(&cause.with, &schema.messages[request]), (&cause.gives, payload)] {
        let lacks = |name: &&String| message.fields.iter().all(|field| field.json_name != **name);
        if let Some(name) = members.keys().find(lacks) {
            return Err(format!("{} has no member `{name}`", message.name));
        }
    }
    Ok(())
}
