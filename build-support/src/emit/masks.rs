//! `masks.rs`: for each message that an update changes in part a typed mask, and how the part is changed.

mod merge;

use super::tokens::{docs, ident, path};
use crate::{
    SchemaError,
    model::{Cardinality, Field, Kind, Message, Schema},
};
use heck::ToUpperCamelCase;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use std::collections::{BTreeMap, BTreeSet};

/// Masks, merges, and on requests the way from `update_mask` to the mask.
///
/// # Errors
/// If the masks of two messages would have the same name.
pub(super) fn emit(schema: &Schema) -> Result<TokenStream, SchemaError> {
    let messages = masked(schema);
    let mut names = BTreeMap::new();
    for message in &messages {
        if let Some(other) = names.insert(name(message), message) {
            let why = format!("its mask would have the name of that of {}", other.full_name);
            return Err(SchemaError::new(&message.file, &message.full_name, why));
        }
    }
    let masks = messages.iter().map(|message| {
        let (mask, merge) = (mask(schema, message), merge::emit(schema, message));
        quote!(#mask #merge)
    });
    let requests = schema.messages.values().filter_map(|message| {
        let field = message.fields.iter().find(|field| field.masks.is_some())?;
        Some(request(schema, message, field))
    });
    Ok(quote!(#(#masks)* #(#requests)*))
}

/// The message whose fields an `update_mask` names.
pub(super) fn target<'a>(schema: &'a Schema, message: &Message, mask: &Field) -> Option<&'a Message> {
    let beside = mask.masks.as_ref()?;
    let field = message.fields.iter().find(|field| field.name == *beside)?;
    match &field.kind {
        Kind::Message(name) => Some(&schema.messages[name]),
        _ => None,
    }
}

/// Messages that masks name fields of, those within them too.
fn masked(schema: &Schema) -> Vec<&Message> {
    let mut todo: Vec<&Message> = schema
        .messages
        .values()
        .flat_map(|message| message.fields.iter().filter_map(|field| target(schema, message, field)))
        .collect();
    let mut found = BTreeMap::new();
    while let Some(message) = todo.pop() {
        if found.insert(&message.full_name, message).is_none() {
            todo.extend(message.fields.iter().filter_map(|field| part(schema, message, field)));
        }
    }
    found.into_values().collect()
}

/// The message in a field, if a mask may name fields within it: a single one that does not lead back to where it stands.
fn part<'a>(schema: &'a Schema, message: &Message, field: &Field) -> Option<&'a Message> {
    let Kind::Message(inner) = &field.kind else { return None };
    let single = field.cardinality == Cardinality::Optional && field.oneof.is_none();
    (single && !reaches(schema, inner, &message.full_name, &mut BTreeSet::new())).then(|| &schema.messages[inner])
}

fn reaches<'a>(schema: &'a Schema, from: &'a str, to: &str, seen: &mut BTreeSet<&'a str>) -> bool {
    from == to
        || seen.insert(from)
            && schema.messages[from].fields.iter().any(|field| match &field.kind {
                Kind::Message(inner) => reaches(schema, inner, to, seen),
                _ => false,
            })
}

/// Whether clients may change a field.
fn is_free(field: &&Field) -> bool {
    !field.output_only && !field.immutable
}

/// Name of a message's mask, e.g. `ProfileMask`; of one within another `OuterInnerMask`.
fn name(message: &Message) -> Ident {
    let within = message
        .full_name
        .strip_prefix(&message.package)
        .unwrap_or(&message.full_name);
    format_ident!("{}Mask", within.replace('.', "_").to_upper_camel_case())
}

fn mask(schema: &Schema, message: &Message) -> TokenStream {
    let name = name(message);
    let doc = format!(" Which fields of a `{}` to change.", message.name);
    let (mut members, mut whole, mut adds, mut paths) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for field in message.fields.iter().filter(is_free) {
        let (docs, rust, path) = (docs(&field.comment), ident(&field.rust), &field.name);
        if let Some(inner) = part(schema, message, field) {
            let inner = self::name(inner);
            members.push(quote!(#docs pub #rust: crate::mask::Part<#inner>,));
            whole.push(quote!(#rust: crate::mask::Part::Whole,));
            adds.push(quote!(if name == #path { self.#rust.add(rest); }));
            paths.push(quote!(self.#rust.paths(&[prefix, #path].concat(), out);));
        } else {
            members.push(quote!(#docs pub #rust: bool,));
            whole.push(quote!(#rust: true,));
            adds.push(quote!(if name == #path && rest.is_none() { self.#rust = true; }));
            paths.push(quote!(if self.#rust { out.push([prefix, #path].concat()); }));
        }
    }
    let shapes = message.fields.iter().map(|field| shape(schema, message, field));
    quote! {
        #[doc = #doc]
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct #name { #(#members)* }

        impl crate::mask::Mask for #name {
            const SHAPES: &'static [crate::mask::Shape] = &[#(#shapes),*];

            fn all() -> Self {
                Self { #(#whole)* }
            }

            fn add(&mut self, path: &str) {
                let (name, rest) = match path.split_once('.') {
                    Some((name, rest)) => (name, Some(rest)),
                    None => (path, None),
                };
                #(#adds)*
            }

            fn paths(&self, prefix: &str, out: &mut Vec<String>) {
                #(#paths)*
            }
        }
    }
}

fn shape(schema: &Schema, message: &Message, field: &Field) -> TokenStream {
    let (name, json_name) = (&field.name, &field.json_name);
    let access = if field.output_only {
        quote!(OutputOnly)
    } else if field.immutable {
        quote!(Immutable)
    } else {
        quote!(Free)
    };
    let fields = part(schema, message, field).map_or_else(
        || quote!(&[]),
        |inner| {
            let inner = self::name(inner);
            quote!(<#inner as crate::mask::Mask>::SHAPES)
        },
    );
    quote!(crate::mask::Shape { name: #name, json_name: #json_name, access: crate::mask::Access::#access, fields: #fields })
}

fn request(schema: &Schema, message: &Message, field: &Field) -> Option<TokenStream> {
    let mask = name(target(schema, message, field)?);
    let (request, rust, json_name) = (path(&message.rust), ident(&field.rust), &field.json_name);
    let doc = format!(
        " Which fields of `{}` to change; all that may be changed if the request does not say.",
        field.masks.as_deref().unwrap_or_default()
    );
    Some(quote! {
        impl #request {
            #[doc = #doc]
            ///
            /// # Errors
            /// `INVALID_ARGUMENT` if the request names a field that does not exist, that only the server sets or that never changes.
            pub fn mask(&self) -> Result<#mask, crate::failure::Failure> {
                crate::mask::read(self.#rust.as_ref(), #json_name)
            }
        }
    })
}
