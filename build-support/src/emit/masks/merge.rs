//! How part of a message is changed: one statement a field, nothing is looked up at run time.

use super::{is_free, name, part};
use crate::{
    emit::{
        json::oneof_field,
        tokens::{ident, path},
    },
    model::{Field, Message, Schema},
};
use proc_macro2::TokenStream;
use quote::quote;

pub(super) fn emit(schema: &Schema, message: &Message) -> TokenStream {
    let (rust, mask) = (path(&message.rust), name(message));
    let merges: Vec<_> = message
        .fields
        .iter()
        .filter(is_free)
        .map(|field| merge(schema, message, field))
        .collect();
    let clears = message.fields.iter().filter_map(|field| clear(schema, message, field));
    let has_oneofs = message.fields.iter().filter(is_free).any(|field| field.oneof.is_some());
    let mutable = has_oneofs.then(|| quote!(mut));
    quote! {
        impl crate::mask::Masked for #rust {
            type Mask = #mask;

            fn merge(&mut self, #mutable source: Self, mask: &#mask) {
                #(#merges)*
            }

            fn clear_output_only(&mut self) {
                #(#clears)*
            }
        }
    }
}

fn merge(schema: &Schema, message: &Message, field: &Field) -> TokenStream {
    let rust = ident(&field.rust);
    if let Some(index) = field.oneof {
        let (oneof, is_it) = member(message, field, index);
        return quote! {
            if mask.#rust {
                if matches!(source.#oneof, #is_it) {
                    self.#oneof = source.#oneof.take();
                } else if matches!(self.#oneof, #is_it) {
                    self.#oneof = None;
                }
            }
        };
    }
    if part(schema, message, field).is_some() {
        return quote!(crate::mask::merge(&mut self.#rust, source.#rust, &mask.#rust););
    }
    quote!(if mask.#rust { self.#rust = source.#rust; })
}

fn clear(schema: &Schema, message: &Message, field: &Field) -> Option<TokenStream> {
    let rust = ident(&field.rust);
    if !field.output_only {
        return part(schema, message, field).map(|_| {
            quote! {
                if let Some(inner) = &mut self.#rust {
                    inner.clear_output_only();
                }
            }
        });
    }
    Some(match field.oneof {
        Some(index) => {
            let (oneof, is_it) = member(message, field, index);
            quote!(if matches!(self.#oneof, #is_it) { self.#oneof = None; })
        }
        None => quote!(self.#rust = Default::default();),
    })
}

/// The Rust field of a oneof, and the pattern of one of its members.
fn member(message: &Message, field: &Field, index: usize) -> (TokenStream, TokenStream) {
    let oneof = &message.oneofs[index];
    let (place, rust, variant) = (oneof_field(oneof), path(&oneof.rust), ident(&field.variant));
    (quote!(#place), quote!(Some(#rust::#variant(_))))
}
