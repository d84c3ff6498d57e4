//! Where in a request a parameter goes: through messages that may yet have to be made, and through variants of oneofs.

use crate::emit::{
    tokens::{ident, path},
    way::{json_path, way},
};
use crate::model::{Field, Kind, Message, Oneof, Schema};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

/// Makes the binding of one leaf from the field, its path in JSON and its place.
type Leaf<'a> = &'a dyn Fn(&Field, &str, TokenStream) -> TokenStream;

/// The statements that bind `parameter` in `request`.
pub(super) fn assign(schema: &Schema, message: &Message, parameter: &str, leaf: Leaf<'_>) -> TokenStream {
    let way: Vec<_> = way(schema, message, parameter).collect();
    let json_name = json_path(schema, message, parameter);
    step(schema, message, &quote!(request), &way, &json_name, leaf)
}

fn step(
    schema: &Schema,
    message: &Message,
    place: &TokenStream,
    way: &[&Field],
    json_name: &str,
    leaf: Leaf<'_>,
) -> TokenStream {
    let [field, rest @ ..] = way else {
        return TokenStream::new();
    };
    let inner = match &field.kind {
        Kind::Message(inner) => Some(&schema.messages[inner]),
        _ => None,
    };
    let oneof = field.oneof.map(|index| &message.oneofs[index]);
    match (inner, oneof) {
        (None, None) => {
            let rust = ident(&field.rust);
            leaf(field, json_name, quote!(&mut #place.#rust))
        }
        (Some(inner), None) => {
            let rust = ident(&field.rust);
            step(
                schema,
                inner,
                &quote!(#place.#rust.get_or_insert_default()),
                rest,
                json_name,
                leaf,
            )
        }
        (inner, Some(oneof)) => {
            let (name, variant) = (oneof_field(oneof), variant(oneof, field));
            let set = match inner {
                Some(inner) => step(schema, inner, &quote!(chosen), rest, json_name, leaf),
                None => leaf(field, json_name, quote!(chosen)),
            };
            quote! {
                let another = #place.#name.as_ref().is_some_and(|chosen| !matches!(chosen, #variant(_)));
                if bind.exclusive(#json_name, another) {
                    let oneof = #place.#name.get_or_insert_with(|| #variant(Default::default()));
                    if let #variant(chosen) = oneof {
                        #set
                    }
                }
            }
        }
    }
}

fn oneof_field(oneof: &Oneof) -> TokenStream {
    let name = match syn::parse_str::<syn::Ident>(&oneof.name) {
        Ok(name) => name,
        Err(_) => format_ident!("r#{}", oneof.name),
    };
    quote!(#name)
}

fn variant(oneof: &Oneof, field: &Field) -> TokenStream {
    let (rust, variant) = (path(&oneof.rust), ident(&field.variant));
    quote!(#rust::#variant)
}
