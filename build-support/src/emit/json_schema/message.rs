//! Messages and enums.

use super::{field::Fields, names::Names, text};
use crate::model::{Cardinality, Enum, Field, Kind, Message, Oneof, Rules, Schema as Model};
use regex::Regex;
use utoipa::openapi::{
    RefOr, Schema,
    extensions::ExtensionsBuilder,
    schema::{AdditionalProperties, AllOfBuilder, AnyOfBuilder, ObjectBuilder, OneOfBuilder, SchemaType, Type},
};

/// Stands for the schema `false`, which the builders cannot say; [`super::say_false`] puts it in.
fn never() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::AnyValue)
        .extensions(Some(ExtensionsBuilder::new().add("never", true).build()))
}

/// A message without the fields `without`, closed if no others are allowed. Each oneof becomes a union whose members exclude each other.
pub(in crate::emit) fn message(
    model: &Model,
    names: &Names,
    message: &Message,
    without: &[String],
    closed: bool,
) -> RefOr<Schema> {
    let fields = Fields { model, names };
    let mut object = ObjectBuilder::new();
    for field in message.fields.iter().filter(|field| !without.contains(&field.name)) {
        object = object.property(&field.json_name, fields.of(field));
        if is_required(field) {
            object = object.required(&field.json_name);
        }
    }
    if closed {
        object = object.additional_properties(Some(AdditionalProperties::FreeForm(false)));
    }
    let comment = Some(text::unwrap(&message.comment)).filter(|comment| !comment.is_empty());
    if message.oneofs.is_empty() {
        return object.description(comment).into();
    }
    let all = AllOfBuilder::new().description(comment).item(object);
    message
        .oneofs
        .iter()
        .enumerate()
        .fold(all, |all, (index, oneof)| all.item(union(message, index, oneof)))
        .into()
}

/// One member each, without its siblings; and none, if the oneof may be empty.
fn union(message: &Message, index: usize, oneof: &Oneof) -> OneOfBuilder {
    let members: Vec<_> = message
        .fields
        .iter()
        .filter(|field| field.oneof == Some(index))
        .collect();
    let comment = Some(text::unwrap(&oneof.comment)).filter(|comment| !comment.is_empty());
    let mut union = OneOfBuilder::new().description(comment);
    for member in &members {
        let siblings = members.iter().filter(|sibling| sibling.number != member.number);
        let only = ObjectBuilder::new()
            .title(Some(&member.json_name))
            .required(&member.json_name);
        union = union.item(siblings.fold(only, |only, sibling| only.property(&sibling.json_name, never())));
    }
    if !oneof.required {
        let none = ObjectBuilder::new().title(Some("none"));
        union = union.item(
            members
                .iter()
                .fold(none, |none, member| none.property(&member.json_name, never())),
        );
    }
    union
}

/// An enum: a newer server may know more values, and tells those by number to clients that ask for an older form.
pub(in crate::emit) fn open(kind: &Enum) -> RefOr<Schema> {
    let known = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(kind.values.iter().map(|value| value.name.as_str())));
    let unknown = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .description(Some("A value that this document does not know yet."));
    let meanings = kind
        .values
        .iter()
        .map(|value| format!("- `{}`: {}", value.name, text::unwrap(&value.comment)));
    let description = format!(
        "{}\n\n{}",
        text::unwrap(&kind.comment),
        meanings.collect::<Vec<_>>().join("\n")
    );
    AnyOfBuilder::new()
        .description(Some(description))
        .item(known)
        .item(unknown)
        .into()
}

/// Whether a request without the field breaks a rule. Members of oneofs are demanded by their union.
pub(in crate::emit) fn is_required(field: &Field) -> bool {
    let rules = &field.rules;
    if field.oneof.is_some() {
        return false;
    }
    rules.required
        || match field.cardinality {
            Cardinality::Implicit => zero_breaks(&field.kind, rules),
            Cardinality::Repeated => rules.min_items.is_some_and(|least| least > 0),
            Cardinality::Optional | Cardinality::Map(_) => false,
        }
}

/// Whether the zero value, which stands for an absent field, breaks a rule.
fn zero_breaks(kind: &Kind, rules: &Rules) -> bool {
    let some = |least: Option<u64>| least.is_some_and(|least| least > 0);
    match kind {
        Kind::Enum(_) => rules.enum_not_in.contains(&0) || !rules.enum_in.is_empty() && !rules.enum_in.contains(&0),
        Kind::Scalar(_) => {
            some(rules.len)
                || some(rules.min_len)
                || some(rules.min_bytes)
                || some(rules.len_bytes)
                || rules.uuid
                || rules.prefix.as_ref().is_some_and(|prefix| !prefix.is_empty())
                || !rules.one_of.is_empty() && !rules.one_of.iter().any(String::is_empty)
                || rules
                    .pattern
                    .as_ref()
                    .is_some_and(|pattern| Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match("")))
                || rules
                    .above
                    .is_some_and(|bound| bound.value > 0 || bound.value == 0 && !bound.inclusive)
                || rules
                    .below
                    .is_some_and(|bound| bound.value < 0 || bound.value == 0 && !bound.inclusive)
        }
        Kind::Message(_) | Kind::WellKnown(_) => false,
    }
}
