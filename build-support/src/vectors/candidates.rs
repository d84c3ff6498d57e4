//! Values around the boundary of each rule of one value: just inside, on it, just outside.

use super::{judge, pattern, samples};
use crate::model::{Enum, Kind, Rules, Scalar, Schema};
use serde_json::Value;

/// Values with what they are, for people. Whether they are valid is for [`judge`] to say.
pub(super) fn candidates(schema: &Schema, kind: &Kind, rules: &Rules) -> Vec<(String, Value)> {
    let mut all = match kind {
        Kind::Scalar(Scalar::String) => texts(rules),
        Kind::Scalar(Scalar::Bytes) => blobs(rules),
        Kind::Scalar(Scalar::Bool) => Vec::new(),
        Kind::Scalar(Scalar::Double) => floats(rules, 5e-324, f64::MAX),
        Kind::Scalar(Scalar::Float) => floats(rules, 1e-45, 3.402_823_466_385_288_6e38),
        Kind::Scalar(scalar) => numbers(rules, *scalar),
        Kind::Enum(name) => enums(rules, &schema.enums[name]),
        Kind::Message(_) | Kind::WellKnown(_) => Vec::new(),
    };
    if !all.is_empty() || rules.required && !matches!(kind, Kind::Message(_) | Kind::WellKnown(_)) {
        all.push(("the zero value".to_owned(), judge::zero(schema, kind)));
    }
    let mut seen = Vec::new();
    // By their text: as numbers, both zeros would be one.
    all.retain(|(_, value)| {
        let text = value.to_string();
        let new = !seen.contains(&text);
        seen.push(text);
        new
    });
    all
}

/// One less, as many, one more.
fn around(limits: impl IntoIterator<Item = Option<u64>>) -> Vec<usize> {
    let limits = limits.into_iter().flatten();
    let mut all: Vec<_> = limits
        .flat_map(|limit| [limit.saturating_sub(1), limit, limit + 1])
        .map(|count| count as usize)
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn texts(rules: &Rules) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for count in around([rules.len, rules.min_len, rules.max_len]) {
        for character in ['a', 'é', '☃', '𝄞'] {
            let case = format!("{count} characters of {} bytes", character.len_utf8());
            all.push((case, character.to_string().repeat(count)));
        }
        let combining = "e\u{301}".repeat(count).chars().take(count).collect();
        all.push((format!("{count} characters, every second of them an accent"), combining));
    }
    for count in around([rules.min_bytes, rules.max_bytes]) {
        for character in ['a', 'é', '☃', '𝄞'] {
            let size = character.len_utf8();
            let text = character.to_string().repeat(count / size) + &"a".repeat(count % size);
            all.push((format!("{count} bytes in characters of {size}"), text));
        }
    }
    if let Some(prefix) = &rules.prefix {
        let shorter: String = prefix.chars().take(prefix.chars().count().saturating_sub(1)).collect();
        all.extend([
            ("just the beginning".to_owned(), prefix.clone()),
            ("the beginning and more".to_owned(), format!("{prefix}é")),
            ("less than the beginning".to_owned(), shorter),
            ("the beginning later on".to_owned(), format!(" {prefix}")),
            ("the beginning in another case".to_owned(), prefix.to_uppercase()),
        ]);
    }
    for allowed in &rules.one_of {
        all.push(("an allowed value".to_owned(), allowed.clone()));
        all.push(("an allowed value and more".to_owned(), format!("{allowed}x")));
        all.push(("an allowed value in another case".to_owned(), allowed.to_uppercase()));
    }
    if rules.uuid {
        let uuid = "0193b2a4-7c1e-7d3a-9a51-0c8f3d2e4b6a".to_owned();
        all.extend(
            pattern::nearly(&uuid)
                .into_iter()
                .map(|text| ("nearly a UUID".to_owned(), text)),
        );
        all.push(("a UUID without dashes".to_owned(), uuid.replace('-', "")));
        all.push(("a UUID in braces".to_owned(), format!("{{{uuid}}}")));
        all.push(("a UUID".to_owned(), uuid));
    }
    for text in rules.pattern.iter().flat_map(|it| pattern::matching(it)) {
        all.extend(
            pattern::nearly(&text)
                .into_iter()
                .map(|near| ("near the pattern".to_owned(), near)),
        );
        all.push(("of the pattern's form".to_owned(), text));
    }
    all.into_iter().map(|(case, text)| (case, text.into())).collect()
}

fn blobs(rules: &Rules) -> Vec<(String, Value)> {
    let counts = around([rules.len_bytes, rules.min_bytes, rules.max_bytes]);
    let blob = |count| (format!("{count} bytes"), samples::base64(count, 0x00ff_ffff).into());
    counts.into_iter().map(blob).collect()
}

fn numbers(rules: &Rules, scalar: Scalar) -> Vec<(String, Value)> {
    let bounds: Vec<_> = [rules.above, rules.below].into_iter().flatten().collect();
    if bounds.is_empty() {
        return Vec::new();
    }
    let (min, max) = range(scalar);
    let near = bounds
        .iter()
        .flat_map(|bound| [bound.value - 1, bound.value, bound.value + 1]);
    let mut all: Vec<_> = near
        .chain([min, max, 0])
        .filter(|value| (min..=max).contains(value))
        .collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter()
        .map(|value| (value.to_string(), judge::number(scalar, value)))
        .collect()
}

/// Of floating-point numbers only one may be refused: zero, whatever its sign.
fn floats(rules: &Rules, least: f64, most: f64) -> Vec<(String, Value)> {
    if !rules.required {
        return Vec::new();
    }
    vec![
        ("the smallest number".to_owned(), least.into()),
        ("the largest number".to_owned(), most.into()),
        ("the largest number below zero".to_owned(), (-least).into()),
        ("zero with a sign".to_owned(), (-0.0).into()),
    ]
}

/// The numbers that a type has.
fn range(scalar: Scalar) -> (i128, i128) {
    match scalar {
        Scalar::Int32 | Scalar::Sint32 | Scalar::Sfixed32 => (i32::MIN.into(), i32::MAX.into()),
        Scalar::Uint32 | Scalar::Fixed32 => (0, u32::MAX.into()),
        Scalar::Int64 | Scalar::Sint64 | Scalar::Sfixed64 => (i64::MIN.into(), i64::MAX.into()),
        _ => (0, u64::MAX.into()),
    }
}

fn enums(rules: &Rules, item: &Enum) -> Vec<(String, Value)> {
    if !rules.defined_only && rules.enum_in.is_empty() && rules.enum_not_in.is_empty() {
        return Vec::new();
    }
    let defined = item.values.iter().map(|value| value.number);
    let (least, most) = (defined.clone().min().unwrap_or(0), defined.clone().max().unwrap_or(0));
    let undefined = [least.saturating_sub(1), most.saturating_add(1), i32::MIN, i32::MAX];
    let named = rules.enum_in.iter().chain(&rules.enum_not_in).copied();
    let mut all: Vec<_> = defined.chain(named).chain(undefined).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter()
        .map(|number| (format!("number {number}"), judge::enum_value(item, number)))
        .collect()
}

/// How long lists should be to try the rules for their length.
pub(super) fn lengths(rules: &Rules) -> Vec<usize> {
    let mut all = around([rules.min_items, rules.max_items]);
    if rules.required {
        all.extend([0, 1]);
    }
    all.sort_unstable();
    all.dedup();
    all
}
