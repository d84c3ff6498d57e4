//! Enums and their values. A new value is safe: every surface keeps values that it does not know.

use super::{
    Change, Comparison,
    finding::{Findings, Place},
    reach::Reach,
    reserved,
};
use crate::{
    load::CATALOGUE,
    model::{Enum, EnumValue},
};

/// Compares all enums that anybody has; the catalogue of errors is another matter.
pub(super) fn compare(it: &mut Comparison<'_>) {
    for was in it.old.enums.values().filter(|was| was.full_name != CATALOGUE) {
        let reach = it.reaches.get(&was.full_name);
        if !reach.anybody() {
            continue;
        }
        match it.new.enums.get(&was.full_name) {
            Some(now) => values(was, now, reach, &mut it.findings),
            None => {
                let hits = reach.wire("code that was generated for it names an enum that is not there");
                let place = Place::new(&was.file, was.full_name.clone());
                it.findings
                    .add(Change::EnumRemoved, place, &was.full_name, "gone", hits);
            }
        }
    }
}

fn values(old: &Enum, new: &Enum, reach: Reach, findings: &mut Findings) {
    for was in &old.values {
        let place = Place::new(&new.file, format!("{}.{}", old.full_name, was.name));
        let Some(now) = successor(old, was, new) else {
            let mut hits = reach.wire("the value is not known any more");
            hits.extend(reach.json(&format!("`{}` is refused", was.name)));
            let declared = format!("{} = {}", was.name, was.number);
            findings.add(Change::ValueRemoved, place.clone(), declared, "gone", hits);
            reserved::of_removed_value(was, new, reach, place, findings);
            continue;
        };
        if was.name != now.name {
            let hits = reach.json(&format!("they send and look for `{}`", was.name));
            let hits = if hits.is_empty() {
                reach.wire("code that was generated for it has the old name; the bytes stay readable")
            } else {
                hits
            };
            findings.add(Change::ValueRenamed, place, &was.name, &now.name, hits);
        } else if was.number != now.number {
            let hits = reach.wire("the old number means something else, or nothing");
            findings.add(Change::ValueNumberChanged, place, was.number, now.number, hits);
        }
    }
    reserved::values(old, new, reach, findings);
}

/// The value that a value became: the one of its name, else the one of its number.
fn successor<'a>(old: &Enum, was: &EnumValue, new: &'a Enum) -> Option<&'a EnumValue> {
    let same_name = new.values.iter().find(|value| value.name == was.name);
    same_name.or_else(|| {
        let same_number = new.values.iter().find(|value| value.number == was.number)?;
        let moved = old.values.iter().any(|value| value.name == same_number.name);
        (!moved).then_some(same_number)
    })
}
