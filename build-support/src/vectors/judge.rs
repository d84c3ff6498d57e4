//! Which rules one value breaks. Written for clarity, not speed: it is what the compiled validators are compared with.

use crate::model::{Bound, Enum, Kind, Rules, Scalar, Schema};
use regex::Regex;
use serde_json::Value;
use std::{cell::RefCell, collections::HashMap};

/// The rules that `value`, in canonical JSON, breaks.
pub(super) fn judge(schema: &Schema, kind: &Kind, rules: &Rules, value: &Value) -> Vec<String> {
    match (kind, value) {
        (Kind::Scalar(Scalar::String), Value::String(text)) => of_text(rules, text),
        (Kind::Scalar(Scalar::Bytes), Value::String(base64)) => of_bytes(rules, base64),
        (Kind::Scalar(scalar), value) => {
            integer(value).map_or_else(Vec::new, |number| of_number(rules, *scalar, number))
        }
        (Kind::Enum(name), value) => of_enum(rules, &schema.enums[name], value),
        (Kind::Message(_) | Kind::WellKnown(_), _) => Vec::new(),
    }
}

/// Whether `value` is what an absent field without presence stands for.
pub(super) fn is_zero(schema: &Schema, kind: &Kind, value: &Value) -> bool {
    match (kind, value) {
        (Kind::Enum(name), value) => number_of(&schema.enums[name], value) == Some(0),
        (_, Value::Bool(flag)) => !flag,
        (Kind::Scalar(Scalar::String | Scalar::Bytes), Value::String(text)) => text.is_empty(),
        (Kind::Scalar(_), value) => integer(value) == Some(0) || value.as_f64() == Some(0.0),
        _ => false,
    }
}

/// The zero value in JSON.
pub(super) fn zero(schema: &Schema, kind: &Kind) -> Value {
    match kind {
        Kind::Scalar(Scalar::String | Scalar::Bytes) => "".into(),
        Kind::Scalar(Scalar::Bool) => false.into(),
        Kind::Scalar(Scalar::Double | Scalar::Float) => 0.0.into(),
        Kind::Scalar(scalar) => number(*scalar, 0),
        Kind::Enum(name) => enum_value(&schema.enums[name], 0),
        Kind::Message(_) | Kind::WellKnown(_) => Value::Null,
    }
}

/// An integer as JSON writes it.
pub(super) fn number(scalar: Scalar, value: i128) -> Value {
    match scalar {
        Scalar::Int32 | Scalar::Sint32 | Scalar::Sfixed32 | Scalar::Uint32 | Scalar::Fixed32 => (value as i64).into(),
        _ => value.to_string().into(),
    }
}

/// An enum's value as JSON writes it: the first name of its number, else the number.
pub(super) fn enum_value(item: &Enum, number: i32) -> Value {
    let value = item.values.iter().find(|value| value.number == number);
    value.map_or_else(|| number.into(), |value| value.name.as_str().into())
}

fn number_of(item: &Enum, value: &Value) -> Option<i32> {
    match value {
        Value::String(name) => item
            .values
            .iter()
            .find(|value| value.name == *name)
            .map(|value| value.number),
        value => i32::try_from(value.as_i64()?).ok(),
    }
}

fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_i64().map(i128::from),
    }
}

fn of_text(rules: &Rules, text: &str) -> Vec<String> {
    let (chars, bytes) = (text.chars().count() as u64, text.len() as u64);
    told([
        (rules.len.is_some_and(|wanted| chars != wanted), "string.len"),
        (rules.min_len.is_some_and(|least| chars < least), "string.min_len"),
        (rules.max_len.is_some_and(|most| chars > most), "string.max_len"),
        (rules.min_bytes.is_some_and(|least| bytes < least), "string.min_bytes"),
        (rules.max_bytes.is_some_and(|most| bytes > most), "string.max_bytes"),
        (
            rules
                .prefix
                .as_ref()
                .is_some_and(|prefix| !text.starts_with(prefix.as_str())),
            "string.prefix",
        ),
        (
            !rules.one_of.is_empty() && !rules.one_of.iter().any(|allowed| allowed == text),
            "string.in",
        ),
        (rules.uuid && !is_uuid(text), "string.uuid"),
        (
            rules.pattern.as_ref().is_some_and(|pattern| !matches(pattern, text)),
            "string.pattern",
        ),
    ])
}

/// Whether a pattern is found in a text. A pattern is compiled once, since it is asked about many texts.
fn matches(pattern: &str, text: &str) -> bool {
    thread_local! {
        static COMPILED: RefCell<HashMap<String, Option<Regex>>> = RefCell::default();
    }
    COMPILED.with_borrow_mut(|compiled| {
        let regex = compiled
            .entry(pattern.to_owned())
            .or_insert_with(|| Regex::new(pattern).ok());
        regex.as_ref().is_some_and(|regex| regex.is_match(text))
    })
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn of_bytes(rules: &Rules, base64: &str) -> Vec<String> {
    let length = base64.trim_end_matches('=').len() as u64 * 3 / 4;
    told([
        (rules.len_bytes.is_some_and(|wanted| length != wanted), "bytes.len"),
        (rules.min_bytes.is_some_and(|least| length < least), "bytes.min_len"),
        (rules.max_bytes.is_some_and(|most| length > most), "bytes.max_len"),
    ])
}

fn of_number(rules: &Rules, scalar: Scalar, value: i128) -> Vec<String> {
    let family = format!("{scalar:?}").to_lowercase();
    let broken = |bound: Option<Bound>, breaks: fn(i128, i128) -> bool, short: &str| {
        let bound = bound?;
        let broken = breaks(value, bound.value) || (value == bound.value && !bound.inclusive);
        broken.then(|| format!("{family}.{short}{}", if bound.inclusive { "e" } else { "" }))
    };
    let above = broken(rules.above, |value, bound| value < bound, "gt");
    let below = broken(rules.below, |value, bound| value > bound, "lt");
    above.into_iter().chain(below).collect()
}

fn of_enum(rules: &Rules, item: &Enum, value: &Value) -> Vec<String> {
    let Some(number) = number_of(item, value) else {
        return Vec::new();
    };
    let defined = item.values.iter().any(|value| value.number == number);
    told([
        (rules.defined_only && !defined, "enum.defined_only"),
        (!rules.enum_in.is_empty() && !rules.enum_in.contains(&number), "enum.in"),
        (rules.enum_not_in.contains(&number), "enum.not_in"),
    ])
}

fn told<const N: usize>(checks: [(bool, &str); N]) -> Vec<String> {
    let broken = checks.into_iter().filter(|(broken, _)| *broken);
    broken.map(|(_, rule)| rule.to_owned()).collect()
}
