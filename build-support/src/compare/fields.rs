//! Messages and their fields.

use super::{
    Change, Comparison, describe,
    finding::{Place, Surface, hit},
    frames,
    reach::Reach,
    reserved, rules, shapes,
};
use crate::model::{Field, Message};

/// Compares all messages that anybody has.
pub(super) fn compare(it: &mut Comparison<'_>) {
    for was in it.old.messages.values() {
        let reach = it.reaches.get(&was.full_name);
        if !reach.anybody() {
            continue;
        }
        match it.new.messages.get(&was.full_name) {
            Some(now) => message(it, was, now, reach),
            None if went_with_its_use(it, was) => {}
            None => {
                let hits = reach.wire("code that was generated for it names a message that is not there");
                let place = Place::new(&was.file, was.full_name.clone());
                it.findings
                    .add(Change::MessageRemoved, place, &was.full_name, "gone", hits);
            }
        }
    }
}

/// Whether a message is gone with the method or topic that it was for, which is a finding of its own.
fn went_with_its_use(it: &Comparison<'_>, message: &Message) -> bool {
    message.topic.is_some()
        || it.old.services.iter().any(|service| {
            service.methods.iter().any(|method| {
                [&method.request, &method.response].contains(&&message.full_name)
                    && it
                        .new
                        .method(&format!("{}.{}", service.full_name, method.name))
                        .is_none()
            })
        })
}

fn message(it: &mut Comparison<'_>, old: &Message, new: &Message, reach: Reach) {
    let mut followed = Vec::new();
    for was in &old.fields {
        let place = Place::new(&new.file, format!("{}.{}", old.full_name, was.name));
        let Some(now) = successor(old, was, new) else {
            removed(it, old, was, new, reach, place);
            continue;
        };
        followed.push(now.number);
        field(it, was, now, reach, &place);
        shapes::compare((old, was), (new, now), reach, &place, &mut it.findings);
        frames::compare(was, now, &place, &mut it.findings);
    }
    rules::oneofs(old, new, reach, &mut it.findings);
    reserved::fields(old, new, reach, &mut it.findings);
    let added = new.fields.iter().filter(|field| !followed.contains(&field.number));
    for field in added.filter(|field| reach.is_checked() && rules::refuses_absence(field)) {
        let hits = reach.senders("what does not hold the new field is refused");
        let place = Place::new(&new.file, format!("{}.{}", new.full_name, field.name));
        it.findings
            .add(Change::RequiredFieldAdded, place, "not there", "must be set", hits);
    }
}

/// The field that a field became: the one of its name, else the one of its number.
fn successor<'a>(old: &Message, was: &Field, new: &'a Message) -> Option<&'a Field> {
    let same_name = new.fields.iter().find(|field| field.name == was.name);
    same_name.or_else(|| {
        let same_number = new.fields.iter().find(|field| field.number == was.number)?;
        // One that had another number before only took the place of a field that is gone.
        let moved = old.fields.iter().any(|field| field.name == same_number.name);
        (!moved).then_some(same_number)
    })
}

fn removed(it: &mut Comparison<'_>, old: &Message, was: &Field, new: &Message, reach: Reach, place: Place) {
    if frames::turned(it.old, it.new, old, was) {
        let hits = reach.wire("the frame is refused where it went, and comes where nobody waits for it");
        let way = frames::direction(old);
        it.findings
            .add(Change::FrameDirectionChanged, place, way, "the other way", hits);
        return;
    }
    let mut hits = reach.json_without(&was.json_name);
    hits.extend(reach.wire("what the field said is not seen any more"));
    it.findings
        .add(Change::FieldRemoved, place.clone(), describe::field(was), "gone", hits);
    reserved::of_removed_field(was, new, reach, place, &mut it.findings);
}

fn field(it: &mut Comparison<'_>, was: &Field, now: &Field, reach: Reach, place: &Place) {
    // All by name: what the model gains does not compile until it is judged here, or where the comment says.
    let Field {
        name,
        json_name,
        number,
        // Names in Rust follow from the name.
        rust: _,
        variant: _,
        // For people and for code that is generated anew.
        comment: _,
        example: _,
        id: _,
        // In shapes.
        kind: _,
        cardinality: _,
        oneof: _,
        // In frames.
        frame: _,
        // Follows from the fields beside it.
        masks: _,
        // In since.
        since: _,
        rules,
        sensitive,
        output_only,
        immutable,
    } = now;
    let findings = &mut it.findings;
    if was.name != *name {
        let mut hits = reach.json_without(&was.json_name);
        if hits.is_empty() {
            hits = reach.wire("code that was generated for it has the old name; the bytes stay readable");
        }
        findings.add(
            Change::FieldRenamed,
            place.clone(),
            describe::names(was),
            describe::names(now),
            hits,
        );
    } else if was.json_name != *json_name {
        let hits = reach.json_without(&was.json_name);
        findings.add(Change::JsonNameChanged, place.clone(), &was.json_name, json_name, hits);
    }
    if was.number != *number {
        let hits = reach.wire("the value stands under a number that the other side does not know");
        findings.add(Change::FieldNumberChanged, place.clone(), was.number, number, hits);
    }
    for (old, new) in rules::tightened(&was.rules, rules) {
        if reach.is_checked() {
            let hits = reach.senders("what was taken before is refused");
            findings.add(Change::RuleTightened, place.clone(), old, new, hits);
        }
    }
    if reach.asked && !was.output_only && *output_only {
        let hits = reach.senders("what they set is not taken any more");
        let new = "only the server sets it";
        findings.add(Change::OutputOnlyAdded, place.clone(), "clients set it", new, hits);
    }
    if reach.asked && !was.immutable && *immutable {
        let hits = reach.senders("a change of it is refused");
        findings.add(
            Change::ImmutableAdded,
            place.clone(),
            "may be changed",
            "is never changed",
            hits,
        );
    }
    if was.sensitive && !sensitive {
        let hits = vec![hit(
            Surface::Security,
            "whoever typed it: it appears in logs and traces",
        )];
        findings.add(Change::SecretExposed, place.clone(), "sensitive", "not sensitive", hits);
    }
}
