//! The checks of one value.

use super::pattern;
use crate::{
    emit::tokens::path,
    model::{Bound, Enum, Kind, Rules, Scalar, Schema},
};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// A value and the rules for it.
pub(super) struct Place<'a> {
    pub(super) schema: &'a Schema,
    /// Name in JSON; empty for an item, whose place is added afterwards.
    pub(super) name: &'a str,
    pub(super) kind: &'a Kind,
    pub(super) rules: &'a Rules,
    /// What is said of a broken rule must not repeat the value.
    pub(super) sensitive: bool,
}

/// Statements that check `value`, a reference, and note what is broken in `out`.
pub(super) fn checks(place: &Place<'_>) -> Result<TokenStream, String> {
    match place.kind {
        Kind::Scalar(Scalar::String) => text_checks(place),
        Kind::Scalar(Scalar::Bytes) => Ok(bytes_checks(place)),
        Kind::Scalar(scalar) => number_checks(place, *scalar),
        Kind::Enum(name) => enum_checks(place, &place.schema.enums[name]),
        Kind::Message(_) | Kind::WellKnown(_) => Ok(quote!()),
    }
}

/// Whether a value that tracks no presence is as good as absent.
pub(super) fn is_zero(kind: &Kind, value: &TokenStream) -> TokenStream {
    match kind {
        Kind::Scalar(Scalar::String | Scalar::Bytes) => quote!(#value.is_empty()),
        Kind::Scalar(Scalar::Bool) => quote!(!#value),
        Kind::Scalar(Scalar::Double | Scalar::Float) => quote!(#value == 0.0),
        _ => quote!(#value == 0),
    }
}

/// What makes items comparable, as a call on their iterator; `None` for those that are not scalars.
pub(super) fn key(kind: &Kind) -> Option<TokenStream> {
    match kind {
        Kind::Scalar(Scalar::Double | Scalar::Float) => Some(quote!(.map(|item| item.to_bits()))),
        Kind::Scalar(_) | Kind::Enum(_) => Some(quote!()),
        Kind::Message(_) | Kind::WellKnown(_) => None,
    }
}

fn text_checks(place: &Place<'_>) -> Result<TokenStream, String> {
    let (name, rules) = (place.name, place.rules);
    let mut out = Vec::new();
    if let Some(wanted) = rules.len {
        let wanted = wanted as usize;
        out.push(quote!(validate::exactly(out, #name, "string.len", "character", value.chars().count(), #wanted);));
    }
    if let Some(least) = rules.min_len {
        let least = least as usize;
        out.push(quote!(validate::min_chars(out, #name, "string.min_len", value, #least);));
    }
    if let Some(most) = rules.max_len {
        let most = most as usize;
        out.push(quote!(validate::max_chars(out, #name, "string.max_len", value, #most);));
    }
    out.extend(size_checks(place, "string"));
    if let Some(prefix) = &rules.prefix {
        let text = format!("must begin with {prefix}");
        out.push(quote!(validate::require(out, #name, "string.prefix", value.starts_with(#prefix), #text);));
    }
    if !rules.one_of.is_empty() {
        let (allowed, text) = (&rules.one_of, format!("must be one of {}", rules.one_of.join(", ")));
        out.push(quote!(validate::require(out, #name, "string.in", [#(#allowed),*].contains(&value.as_str()), #text);));
    }
    if rules.uuid {
        out.push(quote! {
            validate::require(out, #name, "string.uuid", validate::steps(value, validate::UUID), "must be a UUID");
        });
    }
    if let Some(pattern) = &rules.pattern {
        let (matches, text) = (pattern::matcher(pattern)?, format!("must match {pattern}"));
        out.push(quote!(validate::require(out, #name, "string.pattern", #matches, #text);));
    }
    Ok(quote!(#(#out)*))
}

fn bytes_checks(place: &Place<'_>) -> TokenStream {
    let (name, rules) = (place.name, place.rules);
    let exact = rules.len_bytes.map(|wanted| {
        let wanted = wanted as usize;
        quote!(validate::exactly(out, #name, "bytes.len", "byte", value.len(), #wanted);)
    });
    let size = size_checks(place, "bytes");
    quote!(#exact #(#size)*)
}

/// Bounds of the number of bytes, which strings and bytes call differently.
fn size_checks(place: &Place<'_>, family: &str) -> Vec<TokenStream> {
    let (name, rules) = (place.name, place.rules);
    let unit = if family == "bytes" { "len" } else { "bytes" };
    let mut out = Vec::new();
    if let Some(least) = rules.min_bytes {
        let (least, rule) = (least as usize, format!("{family}.min_{unit}"));
        out.push(quote!(validate::at_least(out, #name, #rule, "byte", value.len(), #least);));
    }
    if let Some(most) = rules.max_bytes {
        let (most, rule) = (most as usize, format!("{family}.max_{unit}"));
        out.push(quote!(validate::at_most(out, #name, #rule, "byte", value.len(), #most);));
    }
    out
}

fn number_checks(place: &Place<'_>, scalar: Scalar) -> Result<TokenStream, String> {
    let rules = place.rules;
    if rules.above.is_none() && rules.below.is_none() {
        return Ok(quote!());
    }
    let family = match scalar {
        Scalar::Int32 => "int32",
        Scalar::Int64 => "int64",
        Scalar::Uint32 => "uint32",
        Scalar::Uint64 => "uint64",
        Scalar::Sint32 => "sint32",
        Scalar::Sint64 => "sint64",
        Scalar::Fixed32 => "fixed32",
        Scalar::Fixed64 => "fixed64",
        Scalar::Sfixed32 => "sfixed32",
        Scalar::Sfixed64 => "sfixed64",
        _ => return Err("only integers have bounds".to_owned()),
    };
    let name = place.name;
    let check = |bound: Bound, exclusive: TokenStream, inclusive: TokenStream, short: &str| {
        let (function, rule) = match bound.inclusive {
            true => (inclusive, format!("{family}.{short}e")),
            false => (exclusive, format!("{family}.{short}")),
        };
        let value = Literal::i128_unsuffixed(bound.value);
        if place.sensitive {
            let (holds, than) = match (short, bound.inclusive) {
                ("gt", true) => (quote!(>=), "at least"),
                ("gt", false) => (quote!(>), "greater than"),
                (_, true) => (quote!(<=), "at most"),
                (_, false) => (quote!(<), "less than"),
            };
            let text = format!("must be {than} {}", bound.value);
            return quote!(validate::require(out, #name, #rule, *value #holds #value, #text););
        }
        quote!(validate::#function(out, #name, #rule, *value, #value);)
    };
    let above = rules.above.map(|bound| check(bound, quote!(gt), quote!(gte), "gt"));
    let below = rules.below.map(|bound| check(bound, quote!(lt), quote!(lte), "lt"));
    Ok(quote!(#above #below))
}

fn enum_checks(place: &Place<'_>, item: &Enum) -> Result<TokenStream, String> {
    let (name, rules) = (place.name, place.rules);
    let mut out = Vec::new();
    if rules.defined_only {
        let rust = path(&item.rust);
        out.push(if place.sensitive {
            let text = format!("must be a value of {}", item.name);
            quote! {
                let is_defined = <#rust as crate::json::Enum>::name(*value).is_some();
                validate::require(out, #name, "enum.defined_only", is_defined, #text);
            }
        } else {
            quote!(validate::defined::<#rust>(out, #name, *value);)
        });
    }
    if !rules.enum_in.is_empty() {
        let (numbers, text) = (
            &rules.enum_in,
            format!("must be one of {}", names(item, &rules.enum_in)),
        );
        out.push(quote!(validate::require(out, #name, "enum.in", [#(#numbers),*].contains(value), #text);));
    }
    if !rules.enum_not_in.is_empty() {
        let (numbers, text) = (
            &rules.enum_not_in,
            format!("must not be {}", names(item, &rules.enum_not_in)),
        );
        out.push(quote!(validate::require(out, #name, "enum.not_in", ![#(#numbers),*].contains(value), #text);));
    }
    Ok(quote!(#(#out)*))
}

/// Names of an enum's numbers, the number itself where it has no name.
fn names(item: &Enum, numbers: &[i32]) -> String {
    let name = |number: &i32| {
        let value = item.values.iter().find(|value| value.number == *number);
        value.map_or_else(|| number.to_string(), |value| value.name.clone())
    };
    numbers.iter().map(name).collect::<Vec<_>>().join(", ")
}
