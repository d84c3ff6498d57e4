//! Values of enums, and their zero.

use super::{House, Offences, Rule, is_versioned};
use crate::{load::CATALOGUE, model::Enum};
use heck::ToShoutySnakeCase;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "value-name",
        reason: "values of one package share one scope, and JSON shows the name alone: it begins with the enum's",
        check: names,
    },
    Rule {
        name: "zero-value",
        reason: "zero is what is read where nothing was said, so it must not mean anything",
        check: zero,
    },
];

/// Enums of packages with a version: the ones that travel.
fn enums<'a>(house: &'a House<'_>) -> impl Iterator<Item = &'a Enum> {
    let travels = |r#enum: &&Enum| {
        // Nested ones have the messages' names between package and name.
        let mut prefix = r#enum.full_name.as_str();
        std::iter::from_fn(|| {
            prefix = prefix.rsplit_once('.')?.0;
            Some(prefix)
        })
        .any(is_versioned)
    };
    house.schema.enums.values().filter(travels)
}

fn names(house: &House<'_>, offences: &mut Offences) {
    for r#enum in enums(house) {
        let prefix = format!("{}_", r#enum.name.to_shouty_snake_case());
        for value in &r#enum.values {
            if !value.name.starts_with(&prefix) || value.name != value.name.to_shouty_snake_case() {
                let element = format!("{}.{}", r#enum.full_name, value.name);
                offences.add(
                    &r#enum.file,
                    &element,
                    format!("should begin with {prefix} and be in capitals"),
                );
            }
        }
    }
}

fn zero(house: &House<'_>, offences: &mut Offences) {
    let catalogue = house.schema.enums.get(CATALOGUE);
    for r#enum in enums(house).chain(catalogue) {
        let wanted = format!("{}_UNSPECIFIED", r#enum.name.to_shouty_snake_case());
        let first = r#enum.values.first();
        if !first.is_some_and(|first| first.number == 0 && first.name == wanted) {
            offences.add(
                &r#enum.file,
                &r#enum.full_name,
                format!("should begin with {wanted} = 0"),
            );
        }
    }
}
