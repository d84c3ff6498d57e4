//! Types of fields, how many values they have, and which ones exclude each other.

use super::{
    Change, describe,
    finding::{Findings, Place},
    reach::Reach,
};
use crate::model::{Cardinality, Field, Message};

type Member<'a> = (&'a Message, &'a Field);

/// Compares two fields with the messages that they stand in.
pub(super) fn compare(old: Member<'_>, new: Member<'_>, reach: Reach, place: &Place, findings: &mut Findings) {
    kinds(old.1, new.1, reach, place, findings);
    if moved(old, new) {
        let mut hits =
            reach.wire("of values that may stand together only one survives, or two come where one was promised");
        hits.extend(reach.json("types that exclude each other are no longer the same ones"));
        findings.add(Change::OneofChanged, place.clone(), home(old), home(new), hits);
    } else {
        cardinalities(old.1, new.1, reach, place, findings);
    }
}

fn kinds(was: &Field, now: &Field, reach: Reach, place: &Place, findings: &mut Findings) {
    if was.kind == now.kind {
        return;
    }
    let mut hits = reach.wire(describe::wire_of(&was.kind, &now.kind));
    let (promised, comes) = (describe::json_form(&was.kind), describe::json_form(&now.kind));
    if promised != comes {
        hits.extend(reach.json(&format!("{promised} was promised, {comes} comes")));
    }
    findings.add(
        Change::FieldTypeChanged,
        place.clone(),
        describe::kind(&was.kind),
        describe::kind(&now.kind),
        hits,
    );
}

fn cardinalities(was: &Field, now: &Field, reach: Reach, place: &Place, findings: &mut Findings) {
    if was.cardinality == now.cardinality {
        return;
    }
    let single = |field: &Field| matches!(field.cardinality, Cardinality::Implicit | Cardinality::Optional);
    let (change, json, wire) = if single(was) && single(now) {
        (
            Change::PresenceChanged,
            "whether the field is there when it holds nothing is different",
            "whether a zero value is told from an absent one is different",
        )
    } else {
        (
            Change::CardinalityChanged,
            "one value, a list and a map are different things",
            "of several values all but the last are lost, or packed ones are not read",
        )
    };
    let mut hits = reach.json(json);
    hits.extend(reach.wire(wire));
    findings.add(
        change,
        place.clone(),
        describe::cardinality(was),
        describe::cardinality(now),
        hits,
    );
}

fn home((message, field): Member<'_>) -> String {
    match field.oneof {
        Some(index) => format!("in the oneof `{}`", message.oneofs[index].name),
        None => "in no oneof".to_owned(),
    }
}

/// Whether a field went into a oneof, out of one, or to another one. A oneof that only has another name is the same on every surface.
fn moved(old: Member<'_>, new: Member<'_>) -> bool {
    match (old.1.oneof, new.1.oneof) {
        (None, None) => false,
        (Some(_), Some(_)) => {
            home(old) != home(new) && !members(old).iter().all(|number| members(new).contains(number))
        }
        (None, Some(_)) | (Some(_), None) => true,
    }
}

/// Numbers of the fields in the same oneof.
fn members((message, field): Member<'_>) -> Vec<u32> {
    let together = message.fields.iter().filter(|other| other.oneof == field.oneof);
    together.map(|member| member.number).collect()
}
