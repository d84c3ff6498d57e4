//! WebSocket frames: what goes from client to server and back.

use super::{causes, options::Fields as _};
use crate::{
    SchemaError,
    model::{Access, Field, Frame, Kind, Message, Schema, Socket},
};
use prost_reflect::{DynamicMessage, MessageDescriptor};
use std::collections::BTreeSet;

/// Name of the message whose oneof holds what clients send.
pub(crate) const CLIENT: &str = "ClientFrame";
/// Name of the message whose oneof holds what the server sends.
pub(crate) const SERVER: &str = "ServerFrame";

/// Where the frames of a message are sent.
pub(super) fn socket(message: &MessageDescriptor, said: &DynamicMessage) -> Result<Socket, SchemaError> {
    let wrong = |why: String| SchemaError::new(message.parent_file().name(), message.full_name(), why);
    if message.name() != CLIENT {
        return Err(wrong(format!("(parlance.socket) belongs to {CLIENT}")));
    }
    let (path, text, binary) = (said.string("path"), said.string("text"), said.string("binary"));
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if !path.starts_with('/') || !path.chars().all(plain) {
        return Err(wrong(format!(
            "the socket's path `{path}` is not made of plain segments"
        )));
    }
    for name in [&text, &binary] {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) {
            return Err(wrong(format!(
                "the subprotocol `{name}` is not made of letters, digits, dots, dashes and underscores"
            )));
        }
    }
    if text == binary {
        return Err(wrong(format!("both subprotocols are called `{text}`")));
    }
    Ok(Socket { path, text, binary })
}

/// All frames lead to methods and replies that exist and fit, and the socket has its path for itself.
pub(super) fn check(schema: &Schema) -> Result<(), SchemaError> {
    let methods = schema.services.iter().flat_map(|service| &service.methods);
    let mut routes = methods.flat_map(|method| method.routes.iter().map(move |route| (method, route)));
    for (message, socket) in schema
        .messages
        .values()
        .filter_map(|it| Some((it, it.socket.as_ref()?)))
    {
        if let Some((method, _)) = routes.find(|(_, route)| route.path == socket.path) {
            let why = format!(
                "the socket's path `{}` is a route of {} already",
                socket.path, method.name
            );
            return Err(SchemaError::new(&message.file, &message.full_name, why));
        }
    }
    for message in schema
        .messages
        .values()
        .filter(|message| message.fields.iter().any(|field| field.frame.is_some()))
    {
        let wrong = |why: String| SchemaError::new(&message.file, &message.full_name, why);
        if message.name != CLIENT && message.name != SERVER {
            return Err(wrong(format!("frames stand in messages named {CLIENT} and {SERVER}")));
        }
        if message.oneofs.len() != 1 || message.oneofs[0].name != "body" {
            return Err(wrong("frames stand in one oneof named `body`".into()));
        }
        if let Some(other) = schema.messages.values().find(|other| {
            other.name == message.name
                && other.package != message.package
                && other.fields.iter().any(|field| field.frame.is_some())
        }) {
            return Err(wrong(format!("the frames of {} are there already", other.full_name)));
        }
        let other = if message.name == CLIENT { SERVER } else { CLIENT };
        let Some(other) = schema.messages.get(&format!("{}.{other}", message.package)) else {
            return Err(wrong(format!("there is no {other} beside it")));
        };
        let mut payloads = BTreeSet::new();
        for field in message.fields.iter().filter(|field| field.oneof.is_some()) {
            let element = format!("{}.{}", message.full_name, field.name);
            let wrong = |why: String| SchemaError::new(&message.file, &element, why);
            let Some(frame) = &field.frame else {
                return Err(wrong(
                    "the other fields are frames, so this one needs (parlance.frame) too".into(),
                ));
            };
            let Kind::Message(payload) = &field.kind else {
                return Err(wrong("a frame has to be a message".into()));
            };
            if !payloads.insert(payload) {
                return Err(wrong(format!("{payload} is another frame already")));
            }
            if message.name == CLIENT {
                client(schema, other, frame, payload).map_err(wrong)?;
            } else if frame.rpc.is_some() || frame.reply.is_some() {
                return Err(wrong("`rpc` and `reply` are for frames of clients".into()));
            } else if let Some(cause) = &frame.cause {
                let payload = &schema.messages[payload];
                causes::check(schema, other, payload, &field.name, cause).map_err(wrong)?;
            }
        }
    }
    Ok(())
}

fn client(schema: &Schema, server: &Message, frame: &Frame, payload: &str) -> Result<(), String> {
    if frame.cause.is_some() {
        return Err("`cause` is for frames of the server".into());
    }
    let reply = frame
        .reply
        .as_ref()
        .map(|reply| reply_field(server, reply))
        .transpose()?;
    let Some(rpc) = &frame.rpc else { return Ok(()) };
    let Some((service, method)) = schema.method(rpc) else {
        return Err(format!("there is no method `{rpc}`"));
    };
    if method.access == Access::Internal {
        return Err(format!("`{rpc}` is internal, so no frame may lead to it"));
    }
    if method.request != payload {
        return Err(format!(
            "`{}` of {} takes {}",
            method.name, service.name, method.request
        ));
    }
    match reply.map(|field| &field.kind) {
        None => Err(format!("`{rpc}` answers, so the frame needs a reply")),
        Some(Kind::Message(answer)) if *answer == method.response => Ok(()),
        Some(_) => Err(format!("`{rpc}` answers with {}", method.response)),
    }
}

fn reply_field<'a>(server: &'a Message, reply: &str) -> Result<&'a Field, String> {
    let mut frames = server.fields.iter().filter(|field| field.oneof.is_some());
    frames
        .find(|field| field.name == reply)
        .ok_or_else(|| format!("{SERVER} has no frame `{reply}`"))
}
