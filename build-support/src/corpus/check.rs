//! Whether two releases understand each other's bytes.

use super::Sample;
use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage, Value};

/// Whether code of another release, which reads a sample and writes it anew, loses nothing that the release of `pool` knows. Fields whose
/// full names are in `given_up` may get lost.
///
/// # Errors
/// What is lost, or why it cannot be read.
pub fn written_anew(pool: &DescriptorPool, sample: &Sample, anew: &[u8], given_up: &[&str]) -> Result<(), String> {
    let mut before = decode(pool, &sample.message, &sample.bytes)?;
    let mut after = decode(pool, &sample.message, anew)?;
    for message in [&mut before, &mut after] {
        forget(message, given_up);
    }
    same(&before, &after, &sample.message)
}

/// Whether the release of `pool` understands what code of another release, which `theirs` describes, wrote: each field that both know has
/// the same value, and what it does not know is still there after it wrote the message anew.
///
/// # Errors
/// What is different, or why it cannot be read.
pub fn agree(pool: &DescriptorPool, theirs: &DescriptorPool, sample: &Sample) -> Result<(), String> {
    let read = decode(pool, &sample.message, &sample.bytes)?;
    let meant = decode(theirs, &sample.message, &sample.bytes)?;
    same(&read, &meant, &sample.message)?;
    let anew = decode(theirs, &sample.message, &prost::Message::encode_to_vec(&read))?;
    if anew == meant {
        Ok(())
    } else {
        Err(format!("{} loses what the other release does not know", sample.message))
    }
}

fn decode(pool: &DescriptorPool, name: &str, bytes: &[u8]) -> Result<DynamicMessage, String> {
    let descriptor = pool
        .get_message_by_name(name)
        .ok_or_else(|| format!("there is no message {name}"))?;
    DynamicMessage::decode(descriptor, bytes).map_err(|error| format!("{name} cannot be read: {error}"))
}

/// Each field that `a` knows has the same value in `b`.
fn same(a: &DynamicMessage, b: &DynamicMessage, at: &str) -> Result<(), String> {
    for field in a.descriptor().fields() {
        let at = format!("{at}.{}", field.name());
        let Some(other) = b.descriptor().get_field(field.number()) else {
            // It belongs to `a` alone, so `b` cannot have written it.
            if a.has_field(&field) {
                return Err(format!("{at} is read, but was not written"));
            }
            continue;
        };
        if a.has_field(&field) != b.has_field(&other) {
            let (there, gone) = if a.has_field(&field) {
                ("one", "the other")
            } else {
                ("the other", "one")
            };
            return Err(format!("{at} is there for {there} release and not for {gone}"));
        }
        equal(&a.get_field(&field), &b.get_field(&other), &at)?;
    }
    Ok(())
}

fn equal(a: &Value, b: &Value, at: &str) -> Result<(), String> {
    match (a, b) {
        (Value::Message(a), Value::Message(b)) => same(a, b, at),
        (Value::List(a), Value::List(b)) if a.len() == b.len() => {
            let mut items = a.iter().zip(b).enumerate();
            items.try_for_each(|(index, (a, b))| equal(a, b, &format!("{at}[{index}]")))
        }
        (Value::Map(a), Value::Map(b)) if a.len() == b.len() => a.iter().try_for_each(|(key, a)| match b.get(key) {
            Some(b) => equal(a, b, &format!("{at}[{key:?}]")),
            None => Err(format!("{at} has no entry {key:?}")),
        }),
        (a, b) if a == b => Ok(()),
        (a, b) => Err(format!("{at} is {a} for one release and {b} for the other")),
    }
}

/// Clears fields by their full names, at every depth.
fn forget(message: &mut DynamicMessage, names: &[&str]) {
    for field in message.descriptor().fields() {
        if names.contains(&field.full_name()) {
            message.clear_field(&field);
        } else if message.has_field(&field) {
            within(message.get_field_mut(&field), names);
        }
    }
}

fn within(value: &mut Value, names: &[&str]) {
    match value {
        Value::Message(message) => forget(message, names),
        Value::List(items) => items.iter_mut().for_each(|item| within(item, names)),
        Value::Map(entries) => entries.values_mut().for_each(|entry| within(entry, names)),
        _ => {}
    }
}
