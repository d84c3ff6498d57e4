//! Every message by its name, for whoever does not know at compile time which one it is: snapshots, tools, tests.

use super::tokens;
use crate::{
    SchemaError,
    model::{Cardinality, Field, Kind, Message, Schema},
};
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
    let insides = schema.messages.values().filter_map(inside);
    Ok(quote! {
        /// Where sensitive fields are, by full name of the message, in order of names.
        const INSIDES: &[(&str, &[(&str, crate::catalogue::Inside)])] = &[#(#insides),*];

        /// All messages of the schema by full name, in order of names.
        pub const MESSAGES: &[crate::catalogue::Entry] = &[#(#entries),*];
    })
}

/// The fields of a message that are sensitive or lead to some that may be.
fn inside(message: &Message) -> Option<TokenStream> {
    let fields: Vec<_> = message.fields.iter().filter_map(field).collect();
    let name = &message.full_name;
    (!fields.is_empty()).then(|| quote!((#name, &[#(#fields),*])))
}

fn field(field: &Field) -> Option<TokenStream> {
    let inside = match (&field.kind, field.cardinality) {
        _ if field.sensitive => quote!(Sensitive),
        (Kind::Message(name), cardinality) => {
            let by_key = matches!(cardinality, Cardinality::Map(_));
            quote!(Message { name: #name, by_key: #by_key })
        }
        _ => return None,
    };
    let name = &field.json_name;
    Some(quote!((#name, crate::catalogue::Inside::#inside)))
}
