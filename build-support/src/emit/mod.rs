//! From the model to Rust: one emitter, one file.

pub mod openapi;
mod rest;
mod json;
pub(crate) mod ids;
mod catalogue;
mod errors;
mod frames;
mod messages;
mod services;
mod topics;
mod tokens;
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
    Emitter { file: "catalogue.rs", emit: catalogue::emit },
    Emitter { file: "errors.rs", emit: errors::emit },
    Emitter { file: "frames.rs", emit: frames::emit },
    Emitter { file: "messages.rs", emit: messages::emit },
    Emitter { file: "services.rs", emit: services::emit },
    Emitter { file: "topics.rs", emit: topics::emit },
    Emitter { file: "ids.rs", emit: ids::emit },
    Emitter { file: "json.rs", emit: json::emit },
    Emitter { file: "rest.rs", emit: rest::emit },
    Emitter { file: "validate.rs", emit: validate::emit },
];

impl Emitter {
    /// The formatted source.
    ///
    /// # Errors
    /// What the emitter cannot honour.
    pub fn source(&self, schema: &Schema) -> Result<String, SchemaError> {
        let tokens = (self.emit)(schema)?;
        let file = syn::parse2(tokens).map_err(|error| SchemaError::new(self.file, "", format!("is no Rust: {error}")))?;
        Ok(prettyplease::unparse(&file))
    }
}
