//! `ids.rs`: a newtype for each kind of id, and accessors for the fields that hold them.

use super::tokens::{ident, path};
use crate::{
    SchemaError,
    model::{Cardinality, Field, Message, Schema},
};
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeSet;

/// Emits the newtypes and accessors.
pub(super) fn emit(schema: &Schema) -> Result<TokenStream, SchemaError> {
    let fields = schema.messages.values().flat_map(|message| &message.fields);
    let names: BTreeSet<&str> = fields.filter_map(|field| field.id.as_deref()).collect();
    let newtypes = names.into_iter().map(newtype);
    let accessors = schema.messages.values().filter_map(accessors);
    Ok(quote!(#(#newtypes)* #(#accessors)*))
}

/// Name of the accessor of an id field: `user_id` -> `user`, `user_ids` -> `users`, `recipients` -> `recipient_ids`.
pub(crate) fn accessor(field: &Field) -> String {
    let repeated = field.cardinality == Cardinality::Repeated;
    match (field.name.strip_suffix("_ids"), field.name.strip_suffix("_id")) {
        (Some(stem), _) if repeated => format!("{stem}s"),
        (_, Some(stem)) if !repeated => stem.to_owned(),
        _ if repeated => format!("{}_ids", field.name.strip_suffix('s').unwrap_or(&field.name)),
        _ => format!("{}_id", field.name),
    }
}

fn newtype(name: &str) -> TokenStream {
    let doc = format!(" A `{name}` of the schema: a 64-bit number, a string in JSON; 0 stands for none.");
    let name = ident(name);
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct #name(pub u64);

        impl ::std::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl ::std::fmt::Display for #name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl ::std::str::FromStr for #name {
            type Err = ::std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<u64> for #name {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }

        impl From<#name> for u64 {
            fn from(id: #name) -> Self {
                id.0
            }
        }
    }
}

fn accessors(message: &Message) -> Option<TokenStream> {
    let mut fields = message.fields.iter().filter(|field| field.id.is_some()).peekable();
    fields.peek()?;
    let owner = path(&message.rust);
    let accessors = fields.map(|field| {
        let name = ident(&accessor(field));
        let member = ident(&field.rust);
        let newtype = ident(field.id.as_deref().unwrap_or_default());
        let doc = format!(" `{}` as what it is.", field.name);
        match field.cardinality {
            Cardinality::Repeated => quote! {
                #[doc = #doc]
                pub fn #name(&self) -> impl ExactSizeIterator<Item = #newtype> + '_ {
                    self.#member.iter().copied().map(#newtype)
                }
            },
            Cardinality::Optional => quote! {
                #[doc = #doc]
                #[must_use]
                pub fn #name(&self) -> Option<#newtype> {
                    self.#member.map(#newtype)
                }
            },
            Cardinality::Implicit | Cardinality::Map(_) => quote! {
                #[doc = #doc]
                #[must_use]
                pub fn #name(&self) -> #newtype {
                    #newtype(self.#member)
                }
            },
        }
    });
    Some(quote!(impl #owner { #(#accessors)* }))
}
