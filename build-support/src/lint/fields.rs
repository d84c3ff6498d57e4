//! What clients send has bounds, and what is secret says so.

use super::{House, Offences, Rule};
use crate::model::{Cardinality, Field, Kind, Message, Rules, Scalar};
use std::collections::BTreeSet;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "request-bounded",
        reason: "whatever has no bound is sent at its worst one day: texts, bytes and lists of requests have a largest size",
        check: bounded,
    },
    Rule {
        name: "secret-marked",
        reason: "passwords and tokens stay out of logs and traces only if the schema says so",
        check: secrets,
    },
    Rule {
        name: "request-enum-defined",
        reason: "an enum value that the server does not know must not reach a handler as if it meant something",
        check: defined,
    },
];

/// Every message that a client may send, with what is within it.
fn sent<'a>(house: &'a House<'_>) -> Vec<&'a Message> {
    let mut open: Vec<&str> = house
        .public_methods()
        .map(|(_, method, _)| method.request.as_str())
        .collect();
    let framed = |message: &&Message| message.name == crate::load::frames::CLIENT;
    open.extend(
        house
            .messages()
            .filter(framed)
            .map(|message| message.full_name.as_str()),
    );
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        if seen.insert(name) {
            open.extend(house.message(name).fields.iter().filter_map(|field| match &field.kind {
                Kind::Message(inner) => Some(inner.as_str()),
                _ => None,
            }));
        }
    }
    seen.into_iter().map(|name| house.message(name)).collect()
}

fn each_sent(house: &House<'_>, mut visit: impl FnMut(&Message, &Field, &str)) {
    for message in sent(house) {
        for field in &message.fields {
            visit(message, field, &format!("{}.{}", message.full_name, field.name));
        }
    }
}

fn bounded(house: &House<'_>, offences: &mut Offences) {
    each_sent(house, |message, field, element| {
        let many = matches!(field.cardinality, Cardinality::Repeated | Cardinality::Map(_));
        if many && field.rules.max_items.is_none() {
            offences.add(&message.file, element, "is a list without `max_items`");
        }
        let rules = if many {
            field.rules.items.as_deref()
        } else {
            Some(&field.rules)
        };
        let open = matches!(field.kind, Kind::Scalar(Scalar::String | Scalar::Bytes));
        if open && !rules.is_some_and(ends) {
            offences.add(
                &message.file,
                element,
                "has no largest length: `max_len`, `max_bytes`, `len`, `pattern`, `in` or `uuid`",
            );
        }
    });
}

/// Whether the rules bound a text's or bytes' length. A pattern counts if it is anchored and repeats nothing without end.
fn ends(rules: &Rules) -> bool {
    let pattern = rules.pattern.as_ref().is_some_and(|pattern| {
        pattern.starts_with('^') && pattern.ends_with('$') && !pattern.contains(['*', '+']) && !pattern.contains(",}")
    });
    rules.max_len.is_some()
        || rules.max_bytes.is_some()
        || rules.len.is_some()
        || rules.len_bytes.is_some()
        || !rules.one_of.is_empty()
        || rules.uuid
        || pattern
}

fn secrets(house: &House<'_>, offences: &mut Offences) {
    for message in house.messages() {
        for field in message.fields.iter().filter(|field| !field.sensitive) {
            let is_text = matches!(field.kind, Kind::Scalar(Scalar::String | Scalar::Bytes));
            // A page token is signed, not secret: it is of no use to anybody else.
            let named = ["password", "secret", "access_token", "refresh_token"];
            if is_text && named.iter().any(|name| field.name.contains(name)) {
                let element = format!("{}.{}", message.full_name, field.name);
                offences.add(
                    &message.file,
                    &element,
                    "holds a secret, so it needs (parlance.sensitive) = true",
                );
            }
        }
    }
}

fn defined(house: &House<'_>, offences: &mut Offences) {
    each_sent(house, |message, field, element| {
        let each = field.rules.items.as_deref().unwrap_or(&field.rules);
        if matches!(field.kind, Kind::Enum(_)) && !each.defined_only && each.enum_in.is_empty() {
            offences.add(&message.file, element, "needs the rule `enum.defined_only`");
        }
    });
}
