//! `messages.ts`: ids, enums and messages as types.

use super::{
    reach::Reach,
    write::{docs, import_types, short_value, text, union},
};
use crate::{
    emit::json_schema::{closes, is_required},
    model::{Cardinality, Enum, Field, Kind, Message, Oneof, Rules, Scalar, Schema, WellKnown},
};

const WIRE: [&str; 11] = [
    "AtMostOneOf",
    "Base64",
    "Double",
    "Duration",
    "FieldMask",
    "Id",
    "Int64",
    "OneOf",
    "OpenEnum",
    "Timestamp",
    "Uint64",
];

pub(super) fn emit(schema: &Schema, reach: &Reach<'_>) -> String {
    let mut body = String::new();
    for id in &reach.ids {
        body += &format!(
            "\n/** A number in decimal digits that names one thing; `{id}(\"123\")` makes one of text. */\n\
             export type {id} = Id<\"{id}\">;\nexport const {id} = idOf(\"{id}\");\n"
        );
    }
    for (name, found) in &reach.enums {
        body += &enumeration(name, found);
    }
    for (name, message) in &reach.messages {
        body += &interface(schema, reach, name, message);
    }
    let all: String = reach
        .messages
        .keys()
        .map(|name| format!("  {name}: {name};\n"))
        .collect();
    body += &format!("\n/** All messages by name. */\nexport interface Messages {{\n{all}}}\n");
    let used = WIRE.into_iter().filter(|name| mentions(&body, name));
    let types = import_types(used, "../runtime/wire.js");
    let ids = if reach.ids.is_empty() {
        ""
    } else {
        "import { idOf } from \"../runtime/wire.js\";\n"
    };
    format!("{types}{ids}{body}")
}

/// Whether a name stands in code as a whole.
fn mentions(code: &str, name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let code = code.lines().filter(|line| !line.trim_start().starts_with(['/', '*']));
    code.into_iter().any(|line| {
        line.match_indices(name)
            .any(|(at, _)| !line[..at].ends_with(word) && !line[at + name.len()..].starts_with(word))
    })
}

fn enumeration(name: &str, found: &Enum) -> String {
    let values = found.values.iter().map(|value| {
        let short = short_value(&found.name, &value.name);
        format!("{}  {short}: {},\n", docs("  ", &value.comment), text(&value.name))
    });
    let values: String = values.collect();
    let comment = docs("", &found.comment);
    format!(
        "\n{comment}export const {name} = {{\n{values}}} as const;\n{comment}export type {name} = OpenEnum<typeof {name}>;\n"
    )
}

fn interface(schema: &Schema, reach: &Reach<'_>, name: &str, message: &Message) -> String {
    let full = reach.only_received(message);
    let own = message.fields.iter().filter(|field| field.oneof.is_none());
    let own: String = own.map(|field| member(schema, field, full)).collect();
    let comment = docs("", &message.comment);
    if message.oneofs.is_empty() {
        return format!("\n{comment}export interface {name} {{\n{own}}}\n");
    }
    let mut parts = Vec::new();
    if !own.is_empty() {
        parts.push(format!("{{\n{own}}}"));
    }
    parts.extend((0..message.oneofs.len()).map(|index| exclusive(schema, message, index)));
    format!("\n{comment}export type {name} = {};\n", parts.join(" & "))
}

/// The members of a oneof: exactly one of them, or at most one.
fn exclusive(schema: &Schema, message: &Message, index: usize) -> String {
    let members = message.fields.iter().filter(|field| field.oneof == Some(index));
    let members: String = members
        .map(|field| {
            format!(
                "{}  {}: {};\n",
                docs("  ", &field.comment),
                field.json_name,
                value(schema, field, &field.rules)
            )
        })
        .collect();
    let Oneof { required, .. } = message.oneofs[index];
    let of = if required { "OneOf" } else { "AtMostOneOf" };
    format!("{of}<{{\n{members}}}>")
}

fn member(schema: &Schema, field: &Field, full: bool) -> String {
    let there = is_required(field) || full && field.cardinality != Cardinality::Optional;
    let mark = if there { "" } else { "?" };
    format!(
        "{}  {}{mark}: {};\n",
        docs("  ", &field.comment),
        field.json_name,
        many(schema, field)
    )
}

fn many(schema: &Schema, field: &Field) -> String {
    let none = Rules::default();
    match field.cardinality {
        Cardinality::Implicit | Cardinality::Optional => value(schema, field, &field.rules),
        Cardinality::Repeated => {
            let item = value(schema, field, field.rules.items.as_deref().unwrap_or(&none));
            if item.contains(' ') {
                format!("({item})[]")
            } else {
                format!("{item}[]")
            }
        }
        Cardinality::Map(_) => format!("Record<string, {}>", value(schema, field, &none)),
    }
}

fn value(schema: &Schema, field: &Field, rules: &Rules) -> String {
    match &field.kind {
        Kind::Message(name) => schema.messages[name].name.clone(),
        Kind::Enum(name) if closes(rules) => allowed(&schema.enums[name], rules),
        Kind::Enum(name) => schema.enums[name].name.clone(),
        Kind::WellKnown(WellKnown::Timestamp) => "Timestamp".into(),
        Kind::WellKnown(WellKnown::Duration) => "Duration".into(),
        Kind::WellKnown(WellKnown::FieldMask) => "FieldMask".into(),
        Kind::Scalar(scalar) => match (&field.id, scalar) {
            (Some(id), _) => id.clone(),
            (None, _) if !rules.one_of.is_empty() => union(rules.one_of.iter().map(String::as_str)),
            (None, Scalar::Bool) => "boolean".into(),
            (None, Scalar::String) => "string".into(),
            (None, Scalar::Bytes) => "Base64".into(),
            (None, Scalar::Double | Scalar::Float) => "Double".into(),
            (None, Scalar::Uint64 | Scalar::Fixed64) => "Uint64".into(),
            (None, Scalar::Int64 | Scalar::Sint64 | Scalar::Sfixed64) => "Int64".into(),
            (None, _) => "number".into(),
        },
    }
}

/// The values of an enum that a rule allows; no others are sent.
fn allowed(found: &Enum, rules: &Rules) -> String {
    let allowed = found.values.iter().filter(|value| {
        (rules.enum_in.is_empty() || rules.enum_in.contains(&value.number))
            && !rules.enum_not_in.contains(&value.number)
    });
    union(allowed.map(|value| value.name.as_str()))
}
