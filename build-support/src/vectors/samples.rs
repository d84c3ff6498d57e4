//! Valid values, as many different ones as a list needs.

use super::{judge, messages, pattern};
use crate::{
    SchemaError,
    model::{Kind, Rules, Scalar, Schema, WellKnown},
};
use serde_json::Value;

/// The valid value number `index` of a kind with rules. Different numbers give different values, except for messages and booleans.
/// `None` if there is none, or not so many.
///
/// # Errors
/// A message inside for which there is no valid value.
pub(super) fn sample(schema: &Schema, kind: &Kind, rules: &Rules, index: usize) -> Result<Option<Value>, SchemaError> {
    let value = match kind {
        Kind::Message(name) => {
            return messages::base(schema, &schema.messages[name]).map(|base| Some(Value::Object(base)));
        }
        Kind::WellKnown(WellKnown::Timestamp) => format!("2026-01-31T12:00:00.{:09}Z", 1 + index).into(),
        Kind::WellKnown(WellKnown::Duration) => format!("{}s", 1 + index).into(),
        Kind::WellKnown(WellKnown::FieldMask) => format!("field{index}").into(),
        Kind::Enum(name) => {
            let numbers = schema.enums[name].values.iter().map(|value| value.number);
            let all = numbers.map(|number| judge::enum_value(&schema.enums[name], number));
            return Ok(valid(schema, kind, rules, all, index));
        }
        Kind::Scalar(Scalar::Bool) => true.into(),
        Kind::Scalar(Scalar::Double | Scalar::Float) => (index as f64 + 0.5).into(),
        Kind::Scalar(Scalar::String) => {
            let texts = texts(rules, index).into_iter().map(Value::from);
            return Ok(valid(schema, kind, rules, texts, 0));
        }
        Kind::Scalar(Scalar::Bytes) => {
            let length = rules
                .len_bytes
                .or(rules.min_bytes)
                .unwrap_or(0)
                .max(u64::from(rules.len_bytes.is_none()));
            base64(length as usize, index).into()
        }
        Kind::Scalar(scalar) => {
            let index = index as i128;
            let low = rules.above.map(|bound| bound.value + i128::from(!bound.inclusive));
            let high = rules.below.map(|bound| bound.value - i128::from(!bound.inclusive));
            let from_below = low.unwrap_or(1).max(1) + index;
            let from_above = high.map(|high| high - index);
            let candidates = [Some(from_below), from_above, low.map(|low| low + index)];
            let numbers = candidates
                .into_iter()
                .flatten()
                .map(|value| judge::number(*scalar, value));
            return Ok(valid(schema, kind, rules, numbers, 0));
        }
    };
    Ok(Some(value))
}

/// The valid one of `values` at `index`, those that are not zero first. Looks no further than it has to.
fn valid(
    schema: &Schema,
    kind: &Kind,
    rules: &Rules,
    values: impl Iterator<Item = Value> + Clone,
    index: usize,
) -> Option<Value> {
    let zero = |value: &Value| judge::is_zero(schema, kind, value);
    let others = values.clone().filter(|value| !zero(value));
    let zeros = values.filter(|value| zero(value) && !rules.required);
    others
        .chain(zeros)
        .filter(|value| judge::judge(schema, kind, rules, value).is_empty())
        .nth(index)
}

/// Texts of which one may be valid.
fn texts(rules: &Rules, index: usize) -> Vec<String> {
    if let Some(text) = rules.one_of.get(index) {
        return vec![text.clone()];
    }
    if rules.uuid {
        return vec![format!("0193b2a4-7c1e-7d3a-9a51-{index:012x}")];
    }
    if let Some(it) = &rules.pattern {
        let mut all = pattern::matching(it);
        let more: Vec<_> = all.iter().flat_map(|text| pattern::nearly(text)).collect();
        all.extend(more);
        all.rotate_left(index);
        return all;
    }
    let prefix = rules.prefix.clone().unwrap_or_default();
    let least = rules.len.or(rules.min_len).or(rules.min_bytes).unwrap_or(1).max(1) as usize;
    let letters = letters(index);
    let width = least.saturating_sub(prefix.len());
    vec![format!("{prefix}{letters:a>width$}"), prefix]
}

/// A number in letters: `a`, `b`, … `z`, `ba`.
fn letters(mut index: usize) -> String {
    let mut text = String::new();
    loop {
        text.insert(0, char::from(b'a' + (index % 26) as u8));
        index /= 26;
        if index == 0 {
            return text;
        }
    }
}

/// Base64, with padding, of `length` bytes that hold `index`.
pub(super) fn base64(length: usize, index: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = vec![0; length];
    for (at, byte) in bytes.iter_mut().rev().enumerate().take(8) {
        *byte = (index >> (8 * at)) as u8;
    }
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = bits >> (18 - 6 * place) & 63;
            text.push(if place > chunk.len() {
                '='
            } else {
                char::from(ALPHABET[digit as usize])
            });
        }
    }
    text
}
