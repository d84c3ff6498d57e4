//! Numbers and names that must not come back.

use super::{
    Change,
    finding::{Findings, Place},
    reach::Reach,
};
use crate::model::{Enum, EnumValue, Field, Message, Reserved};

/// A field is gone; its number and its name have to be reserved.
pub(super) fn of_removed_field(was: &Field, new: &Message, reach: Reach, place: Place, findings: &mut Findings) {
    if let Some(free) = free(&new.reserved, i64::from(was.number), &was.name) {
        let mut hits =
            reach.wire("a later field with this number would be read from old bytes as if it had always been there");
        hits.extend(reach.json("a later field with this name would be taken for the old one"));
        findings.add(Change::NotReserved, place, "in use", free, hits);
    }
}

/// A value is gone; its number and its name have to be reserved.
pub(super) fn of_removed_value(was: &EnumValue, new: &Enum, reach: Reach, place: Place, findings: &mut Findings) {
    if let Some(free) = free(&new.reserved, i64::from(was.number), &was.name) {
        let hits = reach.wire("a later value with this number or name would be taken for the old one");
        findings.add(Change::NotReserved, place, "in use", free, hits);
    }
}

/// No field of the new message has what the old one reserved.
pub(super) fn fields(old: &Message, new: &Message, reach: Reach, findings: &mut Findings) {
    for field in &new.fields {
        let place = Place::new(&new.file, format!("{}.{}", new.full_name, field.name));
        reused(
            &old.reserved,
            i64::from(field.number),
            &field.name,
            reach,
            place,
            findings,
        );
    }
}

/// No value of the new enum has what the old one reserved.
pub(super) fn values(old: &Enum, new: &Enum, reach: Reach, findings: &mut Findings) {
    for value in &new.values {
        let place = Place::new(&new.file, format!("{}.{}", new.full_name, value.name));
        reused(
            &old.reserved,
            i64::from(value.number),
            &value.name,
            reach,
            place,
            findings,
        );
    }
}

fn reused(reserved: &Reserved, number: i64, name: &str, reach: Reach, place: Place, findings: &mut Findings) {
    if reserved.has_number(number) || reserved.has_name(name) {
        let hits = reach.wire("bytes of older releases hold something else under it");
        findings.add(
            Change::ReservedReused,
            place,
            "reserved",
            format!("{name} = {number}"),
            hits,
        );
    }
}

/// What of a number and a name is free to be used again.
fn free(reserved: &Reserved, number: i64, name: &str) -> Option<String> {
    match (reserved.has_number(number), reserved.has_name(name)) {
        (true, true) => None,
        (false, true) => Some(format!("number {number} is not reserved")),
        (true, false) => Some(format!("name \"{name}\" is not reserved")),
        (false, false) => Some(format!("neither number {number} nor name \"{name}\" is reserved")),
    }
}
