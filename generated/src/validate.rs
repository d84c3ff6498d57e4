//! What the generated validators are made of. Each function compares first and only then builds a message; a path is put together on the
//! way back up, so that a valid message costs no allocation.

mod pattern;

pub use pattern::{Step, UUID, steps};

use crate::{failure::Violation, json::Enum};
use std::{borrow::Cow, collections::HashSet, fmt::Display, hash::Hash};

type Out = Vec<Violation>;

/// Notes a broken rule.
#[cold]
pub fn broken(out: &mut Out, field: &str, rule: &'static str, message: impl Into<Cow<'static, str>>) {
    out.push(Violation {
        field: field.to_owned(),
        rule,
        message: message.into(),
    });
}

/// Puts a field's name before the paths that were noted since `from`.
#[inline]
pub fn under(out: &mut Out, from: usize, field: &str) {
    if out.len() > from {
        prefix(&mut out[from..], field);
    }
}

/// Puts a field's name and an index before the paths that were noted since `from`.
#[inline]
pub fn at(out: &mut Out, from: usize, field: &str, index: usize) {
    if out.len() > from {
        prefix(&mut out[from..], &format!("{field}[{index}]"));
    }
}

/// Puts a field's name and a key before the paths that were noted since `from`.
#[inline]
pub fn at_key(out: &mut Out, from: usize, field: &str, key: &impl Display) {
    if out.len() > from {
        prefix(&mut out[from..], &format!("{field}[\"{key}\"]"));
    }
}

/// Puts in the place of what was noted since `from`, inside of a sensitive field, that something is wrong there.
#[inline]
pub fn conceal(out: &mut Out, from: usize, field: &str) {
    if out.len() > from {
        out.truncate(from);
        broken(
            out,
            field,
            "sensitive",
            "breaks a rule inside; more is not said of a sensitive field",
        );
    }
}

#[cold]
fn prefix(noted: &mut [Violation], parent: &str) {
    for violation in noted {
        let path = &mut violation.field;
        if !path.is_empty() && !path.starts_with('[') {
            path.insert(0, '.');
        }
        path.insert_str(0, parent);
    }
}

/// `value` must be greater than `bound`.
#[inline]
pub fn gt<T: Copy + PartialOrd + Display>(out: &mut Out, field: &str, rule: &'static str, value: T, bound: T) {
    if value <= bound {
        broken(out, field, rule, format!("must be greater than {bound}, is {value}"));
    }
}

/// `value` must be at least `bound`.
#[inline]
pub fn gte<T: Copy + PartialOrd + Display>(out: &mut Out, field: &str, rule: &'static str, value: T, bound: T) {
    if value < bound {
        broken(out, field, rule, format!("must be at least {bound}, is {value}"));
    }
}

/// `value` must be less than `bound`.
#[inline]
pub fn lt<T: Copy + PartialOrd + Display>(out: &mut Out, field: &str, rule: &'static str, value: T, bound: T) {
    if value >= bound {
        broken(out, field, rule, format!("must be less than {bound}, is {value}"));
    }
}

/// `value` must be at most `bound`.
#[inline]
pub fn lte<T: Copy + PartialOrd + Display>(out: &mut Out, field: &str, rule: &'static str, value: T, bound: T) {
    if value > bound {
        broken(out, field, rule, format!("must be at most {bound}, is {value}"));
    }
}

/// How a rule names an amount: `1 byte`, `2 bytes`.
fn amount(count: usize, unit: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

/// `actual` of `unit` must be exactly `wanted`.
#[inline]
pub fn exactly(out: &mut Out, field: &str, rule: &'static str, unit: &str, actual: usize, wanted: usize) {
    if actual != wanted {
        broken(
            out,
            field,
            rule,
            format!("must be exactly {}, is {actual}", amount(wanted, unit)),
        );
    }
}

/// `actual` of `unit` must be at least `least`.
#[inline]
pub fn at_least(out: &mut Out, field: &str, rule: &'static str, unit: &str, actual: usize, least: usize) {
    if actual < least {
        broken(
            out,
            field,
            rule,
            format!("must be at least {}, is {actual}", amount(least, unit)),
        );
    }
}

/// `actual` of `unit` must be at most `most`.
#[inline]
pub fn at_most(out: &mut Out, field: &str, rule: &'static str, unit: &str, actual: usize, most: usize) {
    if actual > most {
        broken(
            out,
            field,
            rule,
            format!("must be at most {}, is {actual}", amount(most, unit)),
        );
    }
}

/// At most `most` characters; they are only counted where there are more bytes than that.
#[inline]
pub fn max_chars(out: &mut Out, field: &str, rule: &'static str, text: &str, most: usize) {
    if text.len() > most {
        at_most(out, field, rule, "character", text.chars().count(), most);
    }
}

/// At least `least` characters; they are only counted where there might be fewer.
#[inline]
pub fn min_chars(out: &mut Out, field: &str, rule: &'static str, text: &str, least: usize) {
    if text.len() < least.saturating_mul(4) {
        at_least(out, field, rule, "character", text.chars().count(), least);
    }
}

/// An enum's number must be one that the schema defines.
#[inline]
pub fn defined<E: Enum>(out: &mut Out, field: &str, value: i32) {
    if E::name(value).is_none() {
        broken(
            out,
            field,
            "enum.defined_only",
            format!("must be a value of {}, is {value}", E::NAME),
        );
    }
}

/// A condition with a message that is known beforehand.
#[inline]
pub fn require(out: &mut Out, field: &str, rule: &'static str, holds: bool, message: &'static str) {
    if !holds {
        broken(out, field, rule, message);
    }
}

/// No two items may be equal; the path is that of the first that repeats an earlier one.
pub fn unique<K: Eq + Hash>(out: &mut Out, field: &str, items: impl ExactSizeIterator<Item = K>) {
    let mut seen = HashSet::with_capacity(items.len());
    for (index, item) in items.enumerate() {
        if !seen.insert(item) {
            broken(
                out,
                &format!("{field}[{index}]"),
                "repeated.unique",
                "must not repeat an earlier item",
            );
            return;
        }
    }
}
