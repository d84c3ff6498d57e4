//! Every message by its name, for whoever does not know at compile time which one it is: snapshots, tools, tests.

use super::tokens;
use crate::{SchemaError, model::Schema};
use proc_macro2::TokenStream;
use quote::quote;

/// Emits the table of messages.
///
/// # Errors
/// Never: every message can be named.
pub(super) fn emit(schema: &Schema) -> Result<TokenStream, SchemaError> {
    let entries = schema
        .messages
        .values()
        .filter(|message| message.package.contains('.'))
        .map(|message| {
            let (name, rust) = (&message.full_name, tokens::path(&message.rust));
            quote!(crate::catalogue::Entry::of::<#rust>(#name))
        });
    Ok(quote! {
        /// All messages of the schema by full name, in order of names.
        pub const MESSAGES: &[crate::catalogue::Entry] = &[#(#entries),*];
    })
}
