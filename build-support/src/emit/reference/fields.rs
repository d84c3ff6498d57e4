//! The fields of messages with their types and rules, in words.

use super::tables::table;
use crate::{
    emit::json_schema::{is_required, text},
    model::{Bound, Cardinality, Enum, Field, Kind, Message, Rules, Scalar, Schema as Model, WellKnown},
};

/// A message's fields, then the types that they are made of, each once: those in `told` have been described before.
pub(super) fn describe(model: &Model, message: &Message, told: &mut Vec<String>) -> Vec<String> {
    told.push(message.full_name.clone());
    let mut parts = vec![fields(model, message)];
    let mut waiting = made_of(message);
    while !waiting.is_empty() {
        let name = waiting.remove(0);
        if told.contains(&name) {
            continue;
        }
        match (model.messages.get(&name), model.enums.get(&name)) {
            (Some(inner), _) => {
                parts.push(format!("**{}.** {}", inner.name, text::unwrap(&inner.comment)));
                parts.push(fields(model, inner));
                waiting.extend(made_of(inner));
            }
            (None, Some(inner)) => parts.push(values(inner)),
            (None, None) => {}
        }
        told.push(name);
    }
    parts
}

/// Messages and enums that the fields of a message hold.
fn made_of(message: &Message) -> Vec<String> {
    let kinds = message.fields.iter().map(|field| &field.kind);
    kinds
        .filter_map(|kind| match kind {
            Kind::Message(name) | Kind::Enum(name) => Some(name.clone()),
            Kind::Scalar(_) | Kind::WellKnown(_) => None,
        })
        .collect()
}

fn fields(model: &Model, message: &Message) -> String {
    if message.fields.is_empty() {
        return format!("`{}` has no fields.", message.name);
    }
    let rows = message.fields.iter().map(|field| {
        vec![
            format!("`{}`", field.json_name),
            kind(model, field),
            rules(model, message, field).join(", "),
            text::unwrap(&field.comment),
        ]
    });
    table(&[&format!("`{}`", message.name), "type", "rules", "what it is"], rows)
}

fn values(inner: &Enum) -> String {
    let rows = inner
        .values
        .iter()
        .map(|value| vec![format!("`{}`", value.name), text::unwrap(&value.comment)]);
    table(&[&format!("`{}`", inner.name), "meaning"], rows)
}

fn kind(model: &Model, field: &Field) -> String {
    let one = match &field.kind {
        Kind::Message(name) => model.messages[name].name.clone(),
        Kind::Enum(name) => model.enums[name].name.clone(),
        Kind::WellKnown(WellKnown::Timestamp) => "time".to_owned(),
        Kind::WellKnown(WellKnown::Duration) => "duration".to_owned(),
        Kind::WellKnown(WellKnown::FieldMask) => "field mask".to_owned(),
        Kind::Scalar(scalar) => self::scalar(*scalar).to_owned(),
    };
    match field.cardinality {
        Cardinality::Implicit | Cardinality::Optional => one,
        Cardinality::Repeated => format!("list of {one}"),
        Cardinality::Map(key) => format!("map from {} to {one}", scalar(key)),
    }
}

fn scalar(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Double | Scalar::Float => "number",
        Scalar::Int32 | Scalar::Sint32 | Scalar::Sfixed32 => "int32",
        Scalar::Uint32 | Scalar::Fixed32 => "uint32",
        Scalar::Int64 | Scalar::Sint64 | Scalar::Sfixed64 => "int64, as a string",
        Scalar::Uint64 | Scalar::Fixed64 => "uint64, as a string",
        Scalar::Bool => "bool",
        Scalar::String => "string",
        Scalar::Bytes => "bytes, in base64",
    }
}

/// All that is demanded of a field.
fn rules(model: &Model, message: &Message, field: &Field) -> Vec<String> {
    let mut said = Vec::new();
    if is_required(field) {
        said.push("required".to_owned());
    }
    if let Some(oneof) = field.oneof.and_then(|index| message.oneofs.get(index)) {
        let least = if oneof.required { "exactly" } else { "at most" };
        said.push(format!("{least} one of `{}`", oneof.name));
    }
    said.extend(of_value(model, &field.kind, &field.rules));
    let Rules {
        min_items,
        max_items,
        unique,
        items,
        ..
    } = &field.rules;
    said.extend(range(*min_items, *max_items, "item"));
    if *unique {
        said.push("no two equal".to_owned());
    }
    if let Some(items) = items {
        let each = of_value(model, &field.kind, items);
        if !each.is_empty() {
            said.push(format!("each {}", each.join(", ")));
        }
    }
    if field.output_only {
        said.push("set by the server".to_owned());
    }
    if field.immutable {
        said.push("never changed".to_owned());
    }
    if field.sensitive {
        said.push("never logged".to_owned());
    }
    said
}

fn of_value(model: &Model, kind: &Kind, rules: &Rules) -> Vec<String> {
    let mut said = Vec::new();
    let bound = |bound: &Bound, inclusive: &str, exclusive: &str| {
        let word = if bound.inclusive { inclusive } else { exclusive };
        format!("{word} {}", bound.value)
    };
    said.extend(rules.above.as_ref().map(|it| bound(it, "at least", "above")));
    said.extend(rules.below.as_ref().map(|it| bound(it, "at most", "below")));
    said.extend(range(rules.len, rules.len, "character"));
    said.extend(range(rules.min_len, rules.max_len, "character"));
    said.extend(range(rules.len_bytes, rules.len_bytes, "byte"));
    said.extend(range(rules.min_bytes, rules.max_bytes, "byte"));
    said.extend(rules.pattern.as_ref().map(|pattern| format!("matches `{pattern}`")));
    said.extend(rules.prefix.as_ref().map(|prefix| format!("begins with `{prefix}`")));
    if !rules.one_of.is_empty() {
        said.push(format!("one of {}", quoted(rules.one_of.iter().map(String::as_str))));
    }
    if rules.uuid {
        said.push("a UUID".to_owned());
    }
    if rules.defined_only {
        said.push("a value of the table".to_owned());
    }
    if let Kind::Enum(name) = kind {
        let named = |numbers: &[i32]| {
            let values = model.enums[name].values.iter();
            quoted(
                values
                    .filter(|value| numbers.contains(&value.number))
                    .map(|value| value.name.as_str()),
            )
        };
        if !rules.enum_in.is_empty() {
            said.push(format!("one of {}", named(&rules.enum_in)));
        }
        if !rules.enum_not_in.is_empty() {
            said.push(format!("not {}", named(&rules.enum_not_in)));
        }
    }
    said
}

fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn range(least: Option<u64>, most: Option<u64>, unit: &str) -> Option<String> {
    let units = |n: u64| if n == 1 { unit.to_owned() } else { format!("{unit}s") };
    match (least, most) {
        (None, None) => None,
        (Some(least), Some(most)) if least == most => Some(format!("exactly {least} {}", units(least))),
        (Some(least), Some(most)) => Some(format!("{least} to {most} {}", units(most))),
        (Some(least), None) => Some(format!("at least {least} {}", units(least))),
        (None, Some(most)) => Some(format!("at most {most} {}", units(most))),
    }
}
