//! ProtoJSON: `Serialize` and `Deserialize` for every message and enum, made of the traits and functions of `im_schema::json`.

use super::tokens::{ident, path};
use crate::{
    SchemaError,
    model::{Cardinality, Enum, Field, Kind, Message, Oneof, Scalar, Schema},
};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use std::collections::BTreeMap;

/// All impls of the schema.
///
/// # Errors
/// Two fields of a message that have a name in common.
pub(super) fn emit(schema: &Schema) -> Result<TokenStream, SchemaError> {
    let messages = schema
        .messages
        .values()
        .map(|message| emit_message(schema, message))
        .collect::<Result<Vec<_>, _>>()?;
    let enums = schema.enums.values().map(emit_enum);
    Ok(quote! {
        use crate::json;
        #(#messages)*
        #(#enums)*
    })
}

fn emit_message(schema: &Schema, message: &Message) -> Result<TokenStream, SchemaError> {
    let positions = positions(message)?;
    let rust = path(&message.rust);
    let names = message.fields.iter().map(|field| &field.json_name);
    let write = write_fields(schema, message);
    let read = message.fields.iter().enumerate().map(|(position, field)| {
        let read = read_field(schema, message, field);
        quote!(#position => #read,)
    });
    let (name, position) = if message.fields.is_empty() {
        (quote!(_name), quote!(_position))
    } else {
        (quote!(name), quote!(position))
    };
    let read = if message.fields.is_empty() {
        quote!(json::ignore(access))
    } else {
        quote!(match position { #(#read)* _ => json::ignore(access) })
    };
    Ok(quote! {
        impl serde::Serialize for #rust {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                #write
            }
        }

        impl<'de> serde::Deserialize<'de> for #rust {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                json::message(deserializer)
            }
        }

        impl json::Message for #rust {
            const FIELDS: &'static [&'static str] = &[#(#names),*];

            fn position(#name: &str) -> Option<usize> {
                #positions
            }

            fn read<'de, A: serde::de::MapAccess<'de>>(&mut self, #position: usize, access: &mut A) -> Result<(), A::Error> {
                #read
            }
        }
    })
}

/// The field that each name stands for, be it the one in JSON or the one in the schema.
fn positions(message: &Message) -> Result<TokenStream, SchemaError> {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    let mut arms = Vec::new();
    for (position, field) in message.fields.iter().enumerate() {
        let mut names = vec![field.json_name.as_str(), field.name.as_str()];
        names.dedup();
        for name in &names {
            if let Some(other) = owners.insert(name, &field.name) {
                let element = format!("{}.{}", message.full_name, field.name);
                return Err(SchemaError::new(
                    &message.file,
                    element,
                    format!("has the name `{name}` in JSON, as has the field `{other}`"),
                ));
            }
        }
        arms.push(quote!(#(#names)|* => Some(#position),));
    }
    if arms.is_empty() {
        return Ok(quote!(None));
    }
    Ok(quote!(match name { #(#arms)* _ => None }))
}

fn write_fields(schema: &Schema, message: &Message) -> TokenStream {
    if message.fields.is_empty() {
        return quote!(json::Fields::begin(serializer)?.end());
    }
    let mut lines = Vec::new();
    let mut done = vec![false; message.oneofs.len()];
    for field in &message.fields {
        match field.oneof {
            None => lines.push(write_field(schema, field)),
            Some(index) if !done[index] => {
                done[index] = true;
                lines.push(write_oneof(schema, message, index));
            }
            Some(_) => {}
        }
    }
    quote! {
        let mut fields = json::Fields::begin(serializer)?;
        #(#lines)*
        fields.end()
    }
}

fn write_field(schema: &Schema, field: &Field) -> TokenStream {
    let (form, name, rust) = (form(schema, &field.kind), &field.json_name, ident(&field.rust));
    match field.cardinality {
        Cardinality::Implicit => quote!(fields.implicit::<#form, _>(#name, &self.#rust)?;),
        Cardinality::Optional => quote!(fields.optional::<#form, _>(#name, &self.#rust)?;),
        Cardinality::Repeated => quote!(fields.repeated::<#form, _>(#name, &self.#rust)?;),
        Cardinality::Map(_) => quote!(fields.map::<#form, _>(#name, &self.#rust)?;),
    }
}

fn write_oneof(schema: &Schema, message: &Message, index: usize) -> TokenStream {
    let oneof = &message.oneofs[index];
    let (field, rust) = (oneof_field(oneof), path(&oneof.rust));
    let arms = message
        .fields
        .iter()
        .filter(|field| field.oneof == Some(index))
        .map(|field| {
            let (form, name, variant) = (form(schema, &field.kind), &field.json_name, ident(&field.variant));
            quote!(Some(#rust::#variant(value)) => { fields.value::<#form, _>(#name, value)?; })
        });
    quote!(match &self.#field { #(#arms)* None => {} })
}

/// Inside of a sensitive field, the names that a client made up are as sensitive as the values.
fn read_field(schema: &Schema, message: &Message, field: &Field) -> TokenStream {
    let read = read_value(schema, message, field);
    let inside = matches!(field.cardinality, Cardinality::Map(_)) || matches!(field.kind, Kind::Message(_));
    if field.sensitive && inside {
        quote!(#read.map_err(json::conceal))
    } else {
        read
    }
}

fn read_value(schema: &Schema, message: &Message, field: &Field) -> TokenStream {
    let (form, rust) = (form(schema, &field.kind), ident(&field.rust));
    if let Some(index) = field.oneof {
        let oneof = &message.oneofs[index];
        let (into, rust, variant) = (oneof_field(oneof), path(&oneof.rust), ident(&field.variant));
        return quote!(json::member::<#form, _, _, _>(access, &mut self.#into, #rust::#variant));
    }
    match field.cardinality {
        Cardinality::Implicit => quote!(json::implicit::<#form, _, _>(access, &mut self.#rust)),
        Cardinality::Optional => quote!(json::optional::<#form, _, _>(access, &mut self.#rust)),
        Cardinality::Repeated => quote!(json::repeated::<#form, _, _>(access, &mut self.#rust)),
        Cardinality::Map(_) => quote!(json::dictionary::<#form, _, _>(access, &mut self.#rust)),
    }
}

/// The form of one value of this kind.
fn form(schema: &Schema, kind: &Kind) -> TokenStream {
    match kind {
        Kind::Message(_) | Kind::WellKnown(_) => quote!(json::Object),
        Kind::Enum(name) => {
            let rust = path(&schema.enums[name].rust);
            quote!(json::Open<#rust>)
        }
        Kind::Scalar(scalar) => match scalar {
            Scalar::Double | Scalar::Float => quote!(json::Real),
            Scalar::Int32 | Scalar::Uint32 | Scalar::Sint32 | Scalar::Fixed32 | Scalar::Sfixed32 => quote!(json::Int),
            Scalar::Int64 | Scalar::Uint64 | Scalar::Sint64 | Scalar::Fixed64 | Scalar::Sfixed64 => quote!(json::Long),
            Scalar::Bool => quote!(json::Bool),
            Scalar::String => quote!(json::Text),
            Scalar::Bytes => quote!(json::Base64),
        },
    }
}

/// The Rust field of a oneof.
pub(super) fn oneof_field(oneof: &Oneof) -> Ident {
    syn::parse_str(&oneof.name).unwrap_or_else(|_| ident(&format!("r#{}", oneof.name)))
}

fn emit_enum(item: &Enum) -> TokenStream {
    let (rust, name) = (path(&item.rust), &item.name);
    let mut first_names = BTreeMap::new();
    for value in &item.values {
        first_names.entry(value.number).or_insert(&value.name);
    }
    let names = first_names.iter().map(|(number, name)| quote!(#number => Some(#name),));
    let numbers = item.values.iter().map(|value| {
        let (name, number) = (&value.name, value.number);
        quote!(#name => Some(#number),)
    });
    quote! {
        impl json::Enum for #rust {
            const NAME: &'static str = #name;

            fn name(number: i32) -> Option<&'static str> {
                match number { #(#names)* _ => None }
            }

            fn number(name: &str) -> Option<i32> {
                match name { #(#numbers)* _ => None }
            }
        }

        impl serde::Serialize for #rust {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                json::write_enum(*self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for #rust {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                json::read_enum(deserializer)
            }
        }
    }
}
