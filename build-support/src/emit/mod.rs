//! From the model to Rust: one emitter, one file.

pub mod asyncapi;
mod catalogue;
mod errors;
mod frames;
pub(crate) mod ids;
mod json;
mod json_schema;
mod masks;
mod messages;
pub mod openapi;
mod pages;
mod print;
pub mod reference;
mod rest;
mod services;
mod tokens;
mod topics;
pub mod typescript;
mod validate;
mod way;

use crate::{SchemaError, model::Schema};
use proc_macro2::TokenStream;

/// Makes one file of the schema.
#[derive(Debug, Clone, Copy)]
pub struct Emitter {
    /// Name of the file in the output folder; the emitter stands in the file of this name beside this one.
    pub file: &'static str,
    /// What the file holds, for whoever opens it.
    pub about: &'static str,
    /// Makes its content.
    pub emit: fn(&Schema) -> Result<TokenStream, SchemaError>,
}

/// All of them.
pub const EMITTERS: &[Emitter] = &[
    Emitter::new(
        "catalogue.rs",
        catalogue::emit,
        "Every message by its full name, for code that does not know at compile time which one it has.",
    ),
    Emitter::new(
        "errors.rs",
        errors::emit,
        "The catalogue of errors, and for each method an enum of just the reasons that it declares.",
    ),
    Emitter::new(
        "frames.rs",
        frames::emit,
        "WebSocket frames: their table, what they are called in JSON, and the way from a frame to its method and back.",
    ),
    Emitter::new(
        "ids.rs",
        ids::emit,
        "Newtypes of ids, and for each field that holds one an accessor that says which.",
    ),
    Emitter::new(
        "json.rs",
        json::emit,
        "ProtoJSON: for each message which fields are written under which names, and how they are read.",
    ),
    Emitter::new(
        "masks.rs",
        masks::emit,
        "Masks: for each message that an update changes in part which of its fields it changes, and how.",
    ),
    Emitter::new(
        "messages.rs",
        messages::emit,
        "Messages and enums as prost makes them, services as tonic makes them, in modules like the packages.",
    ),
    Emitter::new(
        "pages.rs",
        pages::emit,
        "Lists: where the request says size and cursor, and where the answer has items and the next cursor.",
    ),
    Emitter::new(
        "rest.rs",
        rest::emit,
        "Routes: for each method how a request of HTTP becomes its message, and one router a service.",
    ),
    Emitter::new(
        "services.rs",
        services::emit,
        "Services: for each one the trait of its implementations, the client of its callers, and what stands between.",
    ),
    Emitter::new(
        "topics.rs",
        topics::emit,
        "Log topics and which message goes through which.",
    ),
    Emitter::new(
        "validate.rs",
        validate::emit,
        "Validators: for each message the rules that it has to follow, compiled.",
    ),
];

impl Emitter {
    const fn new(
        file: &'static str,
        emit: fn(&Schema) -> Result<TokenStream, SchemaError>,
        about: &'static str,
    ) -> Self {
        Self { file, about, emit }
    }

    /// The formatted source, under a header that says what it is and where it comes from.
    ///
    /// # Errors
    /// What the emitter cannot honour.
    pub fn source(&self, schema: &Schema) -> Result<String, SchemaError> {
        let tokens = (self.emit)(schema)?;
        let file =
            syn::parse2(tokens).map_err(|error| SchemaError::new(self.file, "", format!("is no Rust: {error}")))?;
        Ok(print::print(self, &schema.files, &file))
    }
}
