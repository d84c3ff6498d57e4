//! The WebSocket: its channel, its frames as messages, what answers what.

use super::{
    Parts, close,
    ordered::{Object, reference},
};
use crate::{
    SchemaError,
    emit::json_schema::{Fields, Names, Reached, example, text},
    load::frames::{CLIENT, SERVER},
    model::{Access, Field, Frame, Kind, Message, Rate, Schema as Model, Socket as Said},
};
use serde_json::json;
use utoipa::openapi::{
    RefOr, Schema,
    schema::{AdditionalProperties, ObjectBuilder, Type},
};

/// Name of the channel.
pub(super) const CHANNEL: &str = "socket";

/// The two frame messages and what the schema says of their socket.
pub(super) struct Socket<'a> {
    client: &'a Message,
    server: &'a Message,
    said: &'a Said,
}

impl<'a> Socket<'a> {
    /// The socket of a schema that has frames.
    ///
    /// # Errors
    /// The frames have no path and no subprotocols.
    pub(super) fn of_model(model: &'a Model) -> Result<Option<Self>, SchemaError> {
        let find = |name: &str| {
            let mut messages = model.messages.values();
            messages.find(|message| message.name == name && frames(message).next().is_some())
        };
        let (Some(client), Some(server)) = (find(CLIENT), find(SERVER)) else {
            return Ok(None);
        };
        let Some(said) = &client.socket else {
            let why = "has frames, but no (parlance.socket) that says where they can be sent";
            return Err(SchemaError::new(&client.file, &client.full_name, why));
        };
        Ok(Some(Self { client, server, said }))
    }

    pub(super) fn reach(&self, model: &Model, reached: &mut Reached) {
        for (field, _) in frames(self.client) {
            reached.send_field(model, field);
        }
        for (field, _) in frames(self.server) {
            reached.receive_field(model, field);
        }
    }

    pub(super) fn describe(&self, model: &Model, names: &Names, parts: &mut Parts) {
        parts.tag("client", "What clients send.");
        parts.tag("server", "What the server sends.");
        parts.server("gateway", server());
        parts.security = security();
        let request_id = Object::new()
            .with(
                "description",
                "Chosen by the client, repeated in every frame that answers it.",
            )
            .with("location", "$message.payload#/requestId");
        parts.correlations = Object::new().with("requestId", request_id);

        let mut messages = Vec::new();
        for (side, whole) in [(CLIENT, self.client), (SERVER, self.server)] {
            for (field, _) in frames(whole) {
                let name = name(side, field);
                let message = message(model, names, side, whole, field);
                messages.push(parts.message(&name, message));
            }
        }
        parts.channel(CHANNEL, self.channel(model, messages));
        for (field, frame) in frames(self.client) {
            parts.operation(&name(CLIENT, field), self.received(model, field, frame));
        }
        let answers: Vec<_> = frames(self.client)
            .filter_map(|(_, frame)| frame.reply.as_deref())
            .collect();
        for (field, _) in frames(self.server).filter(|(field, _)| !answers.contains(&field.name.as_str())) {
            let (summary, description) = text::split(&field.comment);
            let operation = Object::new()
                .with("action", "send")
                .with("channel", reference(format_args!("channels/{CHANNEL}")))
                .with("summary", summary)
                .maybe("description", Some(description))
                .with("tags", vec![Object::new().with("name", "server")])
                .with("messages", vec![in_channel(SERVER, field)]);
            parts.operation(&name(SERVER, field), operation);
        }
    }

    fn channel(&self, model: &Model, messages: Vec<(String, Object)>) -> Object {
        let Said { path, text, binary } = self.said;
        let description = [
            "The upgrade needs an access token: in the header `Authorization`, or, from browsers, as one more entry `bearer.<token>` of \
             `Sec-WebSocket-Protocol`. What is refused before the upgrade is an HTTP answer with a `Problem`."
                .to_owned(),
            close::table(model),
        ];
        let description = description
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>();
        let protocols = json!({
            "type": "string",
            "description": "What the client offers: one or both, the preferred one first. The server takes the first that it knows.",
            "pattern": format!("(^|[ ,])({}|{})($|[ ,])", escape(text), escape(binary)),
            "examples": [text, format!("{binary}, {text}"), format!("{text}, bearer.eyJhbGciOi…")],
        });
        let authorization =
            json!({"type": "string", "description": "`Bearer` and an access token.", "pattern": "^[Bb]earer .+$"});
        let headers = json!({
            "type": "object",
            "properties": {"Authorization": authorization, "Sec-WebSocket-Protocol": protocols},
            "required": ["Sec-WebSocket-Protocol"],
        });
        let ws = Object::new()
            .with("method", "GET")
            .with("headers", headers)
            .with("bindingVersion", "0.1.0");
        Object::new()
            .with("address", path.as_str())
            .with("title", "WebSocket")
            .with(
                "summary",
                "Frames between a client and the server, both ways at any time.",
            )
            .with("description", description.join("\n\n"))
            .with("servers", vec![reference("servers/gateway")])
            .with("messages", messages.into_iter().collect::<Object>())
            .with("bindings", Object::new().with("ws", ws))
            .with("x-subprotocols", subprotocols(text, binary))
            .with("x-close-codes", close::codes(model))
    }

    fn received(&self, model: &Model, field: &Field, frame: &Frame) -> Object {
        let (summary, description) = text::split(&field.comment);
        let answer = frame
            .reply
            .as_ref()
            .and_then(|reply| self.server.fields.iter().find(|field| field.name == *reply));
        let reply = answer.map(|answer| {
            let error = frames(self.server).find(|(field, _)| field.name == "error");
            let answers = [Some(answer), error.map(|(field, _)| field)];
            Object::new()
                .with("channel", reference(format_args!("channels/{CHANNEL}")))
                .with(
                    "messages",
                    answers
                        .into_iter()
                        .flatten()
                        .map(|field| in_channel(SERVER, field))
                        .collect::<Vec<_>>(),
                )
        });
        Object::new()
            .with("action", "receive")
            .with("channel", reference(format_args!("channels/{CHANNEL}")))
            .with("summary", summary)
            .maybe("description", Some(description))
            .with("tags", vec![Object::new().with("name", "client")])
            .with("messages", vec![in_channel(CLIENT, field)])
            .maybe("reply", reply)
            .maybe("x-call", frame.rpc.as_deref().and_then(|rpc| call(model, rpc)))
    }
}

/// The frames of a message, in order.
fn frames(message: &Message) -> impl Iterator<Item = (&Field, &Frame)> {
    let frames = message.fields.iter();
    frames.filter_map(|field| Some((field, field.frame.as_ref()?)))
}

/// Clients and server have frames of the same name, so messages begin with whose they are.
fn name(side: &str, field: &Field) -> String {
    let side = if side == CLIENT { "client" } else { "server" };
    let mut json_name = field.json_name.chars();
    let first = json_name.next().map(|first| first.to_ascii_uppercase());
    format!("{side}{}{}", first.into_iter().collect::<String>(), json_name.as_str())
}

fn in_channel(side: &str, field: &Field) -> Object {
    reference(format_args!("channels/{CHANNEL}/messages/{}", name(side, field)))
}

fn message(model: &Model, names: &Names, side: &str, whole: &Message, field: &Field) -> Object {
    let (summary, description) = text::split(&field.comment);
    let payload = match &field.kind {
        Kind::Message(name) => model.messages.get(name),
        _ => None,
    };
    let carried = payload.and_then(|payload| example::message(model, payload, &[]));
    let example = json!({"requestId": "1", (field.json_name.as_str()): carried.unwrap_or_else(|| json!({}))});
    let side_name = if side == CLIENT { "client" } else { "server" };
    Object::new()
        .with("name", name(side, field))
        .with("title", field.json_name.as_str())
        .with("summary", summary)
        .maybe("description", Some(description))
        .with("contentType", "application/json")
        .with("tags", vec![Object::new().with("name", side_name)])
        .with("correlationId", reference("components/correlationIds/requestId"))
        .with("payload", payload_schema(model, names, side, whole, field))
        .with(
            "examples",
            vec![Object::new().with("name", name(side, field)).with("payload", example)],
        )
}

/// A frame with this one body.
fn payload_schema(model: &Model, names: &Names, side: &str, whole: &Message, body: &Field) -> RefOr<Schema> {
    let fields = Fields { model, names };
    let mut object = ObjectBuilder::new().schema_type(Type::Object);
    for field in whole
        .fields
        .iter()
        .filter(|field| field.oneof.is_none() || field.number == body.number)
    {
        object = object.property(&field.json_name, fields.of(field));
    }
    object = object.required(&body.json_name);
    if side == CLIENT {
        // the server refuses what it does not know; clients must not
        object = object.additional_properties(Some(AdditionalProperties::FreeForm(false)));
    }
    object.into()
}

/// The method that handles a frame, and what may come of it.
fn call(model: &Model, rpc: &str) -> Option<Object> {
    let (_, method) = model.method(rpc)?;
    let caller = match method.access {
        Access::Public => "PUBLIC",
        Access::User => "USER",
        Access::Admin => "ADMIN",
        Access::Internal => "INTERNAL",
    };
    let rate = match method.rate {
        Rate::Credentials => "CREDENTIALS",
        Rate::Read => "READ",
        Rate::Write => "WRITE",
        Rate::Send => "SEND",
        Rate::Unlimited => "UNLIMITED",
    };
    let reasons: Vec<_> = method.reasons.iter().map(String::as_str).collect();
    Some(
        Object::new()
            .with("method", rpc)
            .with("caller", caller)
            .with("rate", rate)
            .maybe("reasons", Some(reasons)),
    )
}

fn subprotocols(text: &str, binary: &str) -> Vec<Object> {
    let one = |name: &str, kind: &str, content: &str, framing: &str| {
        Object::new()
            .with("name", name)
            .with("messages", kind)
            .with("contentType", content)
            .with("framing", framing)
    };
    vec![
        one(text, "text", "application/json", "ProtoJSON, one frame a line"),
        one(
            binary,
            "binary",
            "application/x-protobuf",
            "protobuf, each frame after its length as a varint",
        ),
    ]
}

fn server() -> Object {
    let host = Object::new()
        .with("default", "127.0.0.1:7700")
        .with("description", "Where the gateway listens.");
    Object::new()
        .with("host", "{host}")
        .with("protocol", "ws")
        .with("description", "The gateway. Behind TLS the protocol is `wss`.")
        .with("variables", Object::new().with("host", host))
        .with(
            "security",
            vec![
                reference("components/securitySchemes/user"),
                reference("components/securitySchemes/browser"),
            ],
        )
}

fn security() -> Object {
    let user = Object::new()
        .with("type", "http")
        .with("scheme", "bearer")
        .with("bearerFormat", "JWT")
        .with(
            "description",
            "The access token of a user, from registering, logging in or refreshing.",
        );
    let browser = Object::new()
        .with("type", "httpApiKey")
        .with("name", "Sec-WebSocket-Protocol")
        .with("in", "header")
        .with(
            "description",
            "For browsers, which cannot set headers: an entry `bearer.<access token>`.",
        );
    Object::new().with("user", user).with("browser", browser)
}

/// A subprotocol's name in a regular expression.
fn escape(name: &str) -> String {
    name.replace('.', "\\.")
}
