//! From the model to Rust: one emitter, one file.

mod tokens;

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
pub const EMITTERS: &[Emitter] = &[];

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
