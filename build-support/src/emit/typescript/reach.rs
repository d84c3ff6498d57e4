//! What clients can reach, and what it is called: one flat list of names.

use crate::{
    SchemaError,
    emit::json_schema::problem,
    load::frames::{CLIENT, SERVER},
    model::{Access, Enum, Kind, Message, Method, Schema, Service},
};
use std::collections::{BTreeMap, BTreeSet};

/// Names that the package has already.
const TAKEN: &[&str] = &[
    "Backoff",
    "Base64",
    "Call",
    "CallError",
    "CallOptions",
    "Double",
    "Duration",
    "ErrorOf",
    "FetchLike",
    "FieldMask",
    "FrameCalls",
    "Http",
    "HttpOptions",
    "Id",
    "Int64",
    "LocalReason",
    "Messages",
    "OneOf",
    "OpenEnum",
    "Outgoing",
    "OutgoingState",
    "Pager",
    "Parlance",
    "ParlanceError",
    "ParlanceOptions",
    "ParlanceSocket",
    "Reason",
    "Result",
    "ServerFrames",
    "Services",
    "Session",
    "SocketConstructor",
    "SocketEvents",
    "SocketLike",
    "SocketOptions",
    "SocketState",
    "Timestamp",
    "TokenSource",
    "TokenStore",
    "Uint64",
    "Unknown",
    "UnknownName",
];

/// Everything that clients send or receive.
pub(super) struct Reach<'a> {
    /// Messages by name in TypeScript.
    pub(super) messages: BTreeMap<&'a str, &'a Message>,
    /// Enums by name in TypeScript.
    pub(super) enums: BTreeMap<&'a str, &'a Enum>,
    /// Names of the newtypes of ids.
    pub(super) ids: BTreeSet<&'a str>,
    /// `ClientFrame` and `ServerFrame`, if there are frames.
    pub(super) frames: Option<(&'a Message, &'a Message)>,
    sent: BTreeSet<&'a str>,
}

impl<'a> Reach<'a> {
    /// Follows calls, frames and errors.
    ///
    /// # Errors
    /// Two things of one name.
    pub(super) fn of(schema: &'a Schema) -> Result<Self, SchemaError> {
        let (mut sent, mut received) = (BTreeSet::new(), BTreeSet::new());
        for (_, method) in methods(schema) {
            follow(schema, &method.request, &mut sent);
            follow(schema, &method.response, &mut received);
        }
        let frames = frames(schema);
        if let Some((client, server)) = frames {
            follow(schema, &client.full_name, &mut sent);
            follow(schema, &server.full_name, &mut received);
        }
        if let Some(problem) = problem(schema) {
            follow(schema, &problem.full_name, &mut received);
        }
        let mut reach = Self {
            messages: BTreeMap::new(),
            enums: BTreeMap::new(),
            ids: BTreeSet::new(),
            frames,
            sent: sent.clone(),
        };
        for name in sent.union(&received) {
            reach.add(schema, name)?;
        }
        for id in &reach.ids {
            if let Some(message) = reach.messages.get(id) {
                return Err(taken(&message.file, &message.full_name, id, "an id"));
            }
            if let Some(found) = reach.enums.get(id) {
                return Err(taken(&found.file, &found.full_name, id, "an id"));
            }
        }
        Ok(reach)
    }

    fn add(&mut self, schema: &'a Schema, full_name: &'a str) -> Result<(), SchemaError> {
        let (file, name) = match (schema.messages.get(full_name), schema.enums.get(full_name)) {
            (Some(message), _) => (&message.file, message.name.as_str()),
            (None, Some(found)) => (&found.file, found.name.as_str()),
            (None, None) => return Ok(()),
        };
        let other = self.messages.get(name).map(|other| &other.full_name);
        if let Some(other) = other.or_else(|| self.enums.get(name).map(|other| &other.full_name)) {
            return Err(taken(file, full_name, name, other));
        }
        if TAKEN.contains(&name) {
            return Err(taken(file, full_name, name, "something that the package is made of"));
        }
        if let Some(message) = schema.messages.get(full_name) {
            self.ids
                .extend(message.fields.iter().filter_map(|field| field.id.as_deref()));
            self.messages.insert(name, message);
        } else {
            self.enums.insert(name, &schema.enums[full_name]);
        }
        Ok(())
    }

    /// Whether clients only receive a message. It is complete then: no field that has a zero value is missing.
    pub(super) fn only_received(&self, message: &Message) -> bool {
        !self.sent.contains(message.full_name.as_str())
    }
}

fn taken(file: &str, full_name: &str, name: &str, other: &str) -> SchemaError {
    let why = format!("in TypeScript all names are in one place, and `{name}` is {other} already");
    SchemaError::new(file, full_name, why)
}

/// Calls that clients may make over HTTP.
pub(super) fn methods(schema: &Schema) -> impl Iterator<Item = (&Service, &Method)> {
    let all = schema.services.iter();
    let all = all.flat_map(|service| service.methods.iter().map(move |method| (service, method)));
    all.filter(|(_, method)| method.access != Access::Internal && !method.routes.is_empty())
}

fn frames(schema: &Schema) -> Option<(&Message, &Message)> {
    let find = |name: &str| {
        let mut found = schema.messages.values().filter(|message| message.name == name);
        found.find(|message| message.fields.iter().any(|field| field.frame.is_some()))
    };
    Some((find(CLIENT)?, find(SERVER)?))
}

fn follow<'a>(schema: &'a Schema, full_name: &'a str, reached: &mut BTreeSet<&'a str>) {
    if !reached.insert(full_name) {
        return;
    }
    let Some(message) = schema.messages.get(full_name) else {
        return;
    };
    for field in &message.fields {
        match &field.kind {
            Kind::Message(name) | Kind::Enum(name) => follow(schema, name, reached),
            Kind::Scalar(_) | Kind::WellKnown(_) => {}
        }
    }
}
