//! AsyncAPI 3.1: the frames of the WebSocket in both directions and the topics of the log, as one JSON document whose bytes depend on nothing
//! but the schema and the version. Seen from the server, as the specification wants it: it receives what clients send.

mod close;
mod ordered;
mod socket;
mod topics;

use super::json_schema::{Dialect, Names, Reached, message, open, say_false};
use crate::{SchemaError, model::Schema as Model};
use ordered::{Node, Object};
use socket::Socket;
use std::collections::BTreeMap;

const DESCRIPTION: &str = include_str!("asyncapi/conventions.md");

/// The document: pretty JSON that ends with a newline.
///
/// # Errors
/// Frames without the path and the subprotocols of their socket, or names that the document would have twice.
pub fn asyncapi(model: &Model) -> Result<String, SchemaError> {
    let socket = Socket::of_model(model)?;
    topics::check(model)?;
    let names = names(model, socket.as_ref());
    let mut parts = Parts::default();
    if let Some(socket) = &socket {
        socket.describe(model, &names, &mut parts);
    }
    topics::describe(model, &names, &mut parts);
    let info = Object::new()
        .with("title", "Parlance events")
        .with("version", env!("CARGO_PKG_VERSION"))
        .with("description", DESCRIPTION.trim_end())
        .with("contact", Object::new().with("name", "The operator of the server"))
        .with(
            "license",
            Object::new()
                .with("name", "Apache License 2.0")
                .with("url", "https://www.apache.org/licenses/LICENSE-2.0"),
        )
        .maybe("tags", Some(parts.tags));
    let components = Object::new()
        .maybe("schemas", Some(schemas(model, &names)))
        .maybe("messages", Some(parts.messages))
        .maybe("securitySchemes", Some(parts.security))
        .maybe("correlationIds", Some(parts.correlations));
    let document = Object::new()
        .with("asyncapi", "3.1.0")
        .with("info", info)
        .with("defaultContentType", "application/json")
        .maybe("servers", Some(parts.servers))
        .with("channels", parts.channels)
        .with("operations", parts.operations)
        .maybe("components", Some(components));
    let json =
        serde_json::to_string_pretty(&document).expect("a document that was built has no key that is not a string");
    Ok(say_false(&json) + "\n")
}

/// Names of the document's schemas, by full names of the messages and enums that they describe.
///
/// # Errors
/// Those of [`asyncapi`].
pub fn component_names(model: &Model) -> Result<BTreeMap<String, String>, SchemaError> {
    let names = names(model, Socket::of_model(model)?.as_ref());
    let all = names.components().into_iter();
    Ok(all
        .map(|(component, full_name)| (full_name.to_owned(), component.to_owned()))
        .collect())
}

/// Names everything that frames and topics are made of.
fn names(model: &Model, socket: Option<&Socket<'_>>) -> Names {
    let mut reached = Reached::default();
    if let Some(socket) = socket {
        socket.reach(model, &mut reached);
    }
    for (payload, _) in model.topics() {
        reached.receive(model, &payload.full_name);
    }
    Names::new(model, reached, Dialect::Draft07)
}

/// What the parts of the system add to the document.
#[derive(Default)]
struct Parts {
    tags: Vec<Node>,
    servers: Object,
    channels: Object,
    operations: Object,
    messages: Object,
    security: Object,
    correlations: Object,
}

impl Parts {
    /// Adds a message and, for its channel, the reference to it.
    fn message(&mut self, name: &str, message: Object) -> (String, Object) {
        self.messages = std::mem::take(&mut self.messages).with(name, message);
        (
            name.to_owned(),
            ordered::reference(format_args!("components/messages/{name}")),
        )
    }

    fn operation(&mut self, name: &str, operation: Object) {
        self.operations = std::mem::take(&mut self.operations).with(name, operation);
    }

    fn channel(&mut self, name: &str, channel: Object) {
        self.channels = std::mem::take(&mut self.channels).with(name, channel);
    }

    fn server(&mut self, name: &str, server: Object) {
        self.servers = std::mem::take(&mut self.servers).with(name, server);
    }

    fn tag(&mut self, name: &str, description: &str) {
        let tag = Object::new().with("name", name).with("description", description);
        self.tags.push(tag.into());
    }
}

fn schemas(model: &Model, names: &Names) -> Object {
    let mut schemas = Object::new();
    for (name, full_name) in names.components() {
        schemas = match (model.messages.get(full_name), model.enums.get(full_name)) {
            (Some(it), _) => schemas.with(name, message(model, names, it, &[], names.only_sent(full_name))),
            (None, Some(it)) => schemas.with(name, open(it)),
            (None, None) => schemas,
        };
    }
    schemas
}
