//! From the model to Rust: one emitter, one file.

pub mod asyncapi;
mod catalogue;
mod errors;
mod frames;
pub(crate) mod ids;
mod json;
mod json_schema;
mod messages;
pub mod openapi;
pub mod reference;
mod rest;
mod services;
mod tokens;
mod topics;
mod validate;
mod way;

use crate::{SchemaError, model::Schema};
use proc_macro2::TokenStream;

/// Makes one file of the schema.
#[derive(Debug, Clone, Copy)]
pub struct Emitter {
    /// Name of the file in the output folder.
    pub file: &'static str,
    /// Makes its content.
    pub emit: fn(&Schema) -> Result<TokenStream, SchemaError>,
}

/// All of them.
pub const EMITTERS: &[Emitter] = &[
    Emitter::new("catalogue.rs", catalogue::emit),
    Emitter::new("errors.rs", errors::emit),
    Emitter::new("frames.rs", frames::emit),
    Emitter::new("ids.rs", ids::emit),
    Emitter::new("json.rs", json::emit),
    Emitter::new("messages.rs", messages::emit),
    Emitter::new("rest.rs", rest::emit),
    Emitter::new("services.rs", services::emit),
    Emitter::new("topics.rs", topics::emit),
    Emitter::new("validate.rs", validate::emit),
];

impl Emitter {
    const fn new(file: &'static str, emit: fn(&Schema) -> Result<TokenStream, SchemaError>) -> Self {
        Self { file, emit }
    }

    /// The formatted source.
    ///
    /// # Errors
    /// What the emitter cannot honour.
    pub fn source(&self, schema: &Schema) -> Result<String, SchemaError> {
        let tokens = (self.emit)(schema)?;
        let file =
            syn::parse2(tokens).map_err(|error| SchemaError::new(self.file, "", format!("is no Rust: {error}")))?;
        Ok(prettyplease::unparse(&file))
    }
}
