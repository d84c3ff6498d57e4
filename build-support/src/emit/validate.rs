//! Rules of `buf.validate`, compiled: `Validate` for every message, made of the functions of `im_schema::validate`.

mod field;
mod pattern;
use super::{
    json::oneof_field,
    masks,
    tokens::{ident, path},
};
use crate::{
    SchemaError,
    model::{Cardinality, Field, Kind, Message, Rules, Schema},
};
use field::{Place, checks};
use heck::ToLowerCamelCase;
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeSet;

/// The validators of all messages.
///
/// # Errors
/// A rule that cannot be honoured where it stands.
pub(super) fn emit(schema: &Schema) -> Result<TokenStream, SchemaError> {
    let context = Context {
        schema,
        ruled: ruled(schema),
    };
    let impls = schema
        .messages
        .values()
        .map(|message| context.emit_message(message))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(quote! {
        use crate::{failure::Violation, rpc::Validate, validate};
        #(#impls)*
    })
}

struct Context<'a> {
    schema: &'a Schema,
    /// Messages that have a rule somewhere inside; the others are never visited.
    ruled: BTreeSet<&'a str>,
}

/// Messages that have rules of their own, or a field of such a message.
fn ruled(schema: &Schema) -> BTreeSet<&str> {
    let mut ruled = BTreeSet::new();
    loop {
        let before = ruled.len();
        for message in schema.messages.values() {
            let own = message.oneofs.iter().any(|oneof| oneof.required)
                || message
                    .fields
                    .iter()
                    .any(|field| field.rules != Rules::default() || field.masks.is_some());
            let inner = message
                .fields
                .iter()
                .any(|field| matches!(&field.kind, Kind::Message(name) if ruled.contains(name.as_str())));
            if own || inner {
                ruled.insert(message.full_name.as_str());
            }
        }
        if ruled.len() == before {
            return ruled;
        }
    }
}

impl Context<'_> {
    fn emit_message(&self, message: &Message) -> Result<TokenStream, SchemaError> {
        let rust = path(&message.rust);
        if !self.ruled.contains(message.full_name.as_str()) {
            return Ok(quote!(impl Validate for #rust { fn check(&self, _out: &mut Vec<Violation>) {} }));
        }
        let mut parts = Vec::new();
        let mut done = vec![false; message.oneofs.len()];
        for field in &message.fields {
            match field.oneof {
                None => parts.push(self.emit_field(message, field)?),
                Some(index) if !done[index] => {
                    done[index] = true;
                    parts.push(self.emit_oneof(message, index)?);
                }
                Some(_) => {}
            }
        }
        Ok(quote! {
            impl Validate for #rust {
                fn check(&self, out: &mut Vec<Violation>) {
                    #(#parts)*
                }
            }
        })
    }

    fn emit_oneof(&self, message: &Message, index: usize) -> Result<TokenStream, SchemaError> {
        let oneof = &message.oneofs[index];
        let members: Vec<_> = message
            .fields
            .iter()
            .filter(|field| field.oneof == Some(index))
            .collect();
        let (field, rust) = (oneof_field(oneof), path(&oneof.rust));
        let mut arms = Vec::new();
        for member in &members {
            let variant = ident(&member.variant);
            if member.rules.required {
                return Err(refuse(
                    message,
                    member,
                    "a field of a oneof cannot be required; the oneof can",
                ));
            }
            let checks = self.value_checks(message, member)?;
            if !checks.is_empty() {
                arms.push(quote!(Some(#rust::#variant(value)) => { #checks }));
            }
        }
        if oneof.required {
            let names: Vec<_> = members.iter().map(|member| member.json_name.as_str()).collect();
            let text = format!("must have one of {}", names.join(", "));
            let name = oneof.name.to_lower_camel_case();
            arms.push(quote!(None => { validate::broken(out, #name, "required", #text); }));
        }
        if arms.is_empty() {
            return Ok(quote!());
        }
        let covers_all = oneof.required && arms.len() == members.len() + 1;
        let rest = if covers_all { quote!() } else { quote!(_ => {}) };
        Ok(quote!(match &self.#field { #(#arms)* #rest }))
    }

    fn emit_field(&self, message: &Message, field: &Field) -> Result<TokenStream, SchemaError> {
        let (rust, name, rules) = (ident(&field.rust), &field.json_name, &field.rules);
        let missing = quote!(validate::broken(out, #name, "required", "must be set"));
        match field.cardinality {
            Cardinality::Optional => {
                let checks = self.value_checks(message, field)?;
                Ok(match (rules.required, checks.is_empty()) {
                    (false, true) => quote!(),
                    (false, false) => quote!(if let Some(value) = &self.#rust { #checks }),
                    (true, true) => quote!(if self.#rust.is_none() { #missing; }),
                    (true, false) => quote!(match &self.#rust { Some(value) => { #checks } None => { #missing; } }),
                })
            }
            Cardinality::Implicit => {
                let checks = self.value_checks(message, field)?;
                let bound = if checks.is_empty() {
                    quote!()
                } else {
                    quote!(let value = &self.#rust; #checks)
                };
                if !rules.required {
                    return Ok(if bound.is_empty() { bound } else { quote!({ #bound }) });
                }
                let zero = field::is_zero(&field.kind, &quote!(self.#rust));
                let otherwise = (!bound.is_empty()).then(|| quote!(else { #bound }));
                Ok(quote!(if #zero { #missing; } #otherwise))
            }
            Cardinality::Repeated => self.emit_repeated(message, field),
            Cardinality::Map(_) => self.emit_map(message, field),
        }
    }

    fn emit_repeated(&self, message: &Message, field: &Field) -> Result<TokenStream, SchemaError> {
        let (rust, name, rules) = (ident(&field.rust), &field.json_name, &field.rules);
        let mut parts = Vec::new();
        if rules.required {
            parts.push(quote!(validate::require(out, #name, "required", !self.#rust.is_empty(), "must not be empty");));
        }
        if let Some(least) = rules.min_items {
            let least = least as usize;
            parts.push(quote!(validate::at_least(out, #name, "repeated.min_items", "item", self.#rust.len(), #least);));
        }
        let mut each = Vec::new();
        if rules.unique {
            let key = field::key(&field.kind).ok_or_else(|| refuse(message, field, "only scalars can be unique"))?;
            each.push(quote!(validate::unique(out, #name, self.#rust.iter()#key);));
        }
        let default = Rules::default();
        let item_rules = rules.items.as_deref().unwrap_or(&default);
        let checks = self.checks(message, field, item_rules, "")?;
        if !checks.is_empty() {
            each.push(quote! {
                for (index, value) in self.#rust.iter().enumerate() {
                    let from = out.len();
                    #checks
                    validate::at(out, from, #name, index);
                }
            });
        }
        match rules.max_items {
            None => parts.extend(each),
            // Nothing is said of the items of a list that is too long: there may be any number of them.
            Some(most) => {
                let most = most as usize;
                parts.push(
                    quote!(validate::at_most(out, #name, "repeated.max_items", "item", self.#rust.len(), #most);),
                );
                if !each.is_empty() {
                    parts.push(quote!(if self.#rust.len() <= #most { #(#each)* }));
                }
            }
        }
        Ok(quote!(#(#parts)*))
    }

    fn emit_map(&self, message: &Message, field: &Field) -> Result<TokenStream, SchemaError> {
        let (rust, name) = (ident(&field.rust), &field.json_name);
        let required = field
            .rules
            .required
            .then(|| quote!(validate::require(out, #name, "required", !self.#rust.is_empty(), "must not be empty");));
        let others = Rules {
            required: false,
            ..field.rules.clone()
        };
        if others != Rules::default() {
            return Err(refuse(message, field, "a map can only be required"));
        }
        let checks = self.checks(message, field, &Rules::default(), "")?;
        let values = (!checks.is_empty()).then(|| {
            quote! {
                for (key, value) in &self.#rust {
                    let from = out.len();
                    #checks
                    validate::at_key(out, from, #name, key);
                }
            }
        });
        let values = values.map(|values| concealed(field, name, values));
        Ok(quote!(#required #values))
    }

    /// Checks of one `value` (a reference) of a field that is not repeated.
    fn value_checks(&self, message: &Message, field: &Field) -> Result<TokenStream, SchemaError> {
        if let Some(target) = masks::target(self.schema, message, field) {
            let (target, name) = (path(&target.rust), &field.json_name);
            return Ok(quote!(crate::mask::check::<<#target as crate::mask::Masked>::Mask>(Some(value), #name, out);));
        }
        self.checks(message, field, &field.rules, &field.json_name)
    }

    fn checks(&self, message: &Message, field: &Field, rules: &Rules, name: &str) -> Result<TokenStream, SchemaError> {
        if let Kind::Message(inner) = &field.kind {
            if !self.ruled.contains(inner.as_str()) {
                return Ok(quote!());
            }
            if name.is_empty() {
                return Ok(concealed(field, name, quote!(value.check(out);)));
            }
            let checks = quote!(let from = out.len(); value.check(out); validate::under(out, from, #name););
            return Ok(concealed(field, name, checks));
        }
        checks(&Place {
            schema: self.schema,
            name,
            kind: &field.kind,
            rules,
            sensitive: field.sensitive,
        })
        .map_err(|reason| refuse(message, field, &reason))
    }
}

/// Inside of a sensitive field everything is: a message's fields, a map's keys.
fn concealed(field: &Field, name: &str, checks: TokenStream) -> TokenStream {
    if !field.sensitive {
        return checks;
    }
    quote! {
        let before = out.len();
        #checks
        validate::conceal(out, before, #name);
    }
}

fn refuse(message: &Message, field: &Field, reason: &str) -> SchemaError {
    SchemaError::new(&message.file, format!("{}.{}", message.full_name, field.name), reason)
}
