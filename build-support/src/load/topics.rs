//! Log topics.

use super::options::Fields;
use crate::{
    SchemaError,
    model::{Cardinality, Field, Kind, Retry, Scalar, Schema, Topic},
};
use prost_reflect::{DynamicMessage, MessageDescriptor};
use std::collections::BTreeMap;

const MEMORY: i32 = 2;

/// The topic of a message.
pub(super) fn load(message: &MessageDescriptor, fields: &[Field], said: &DynamicMessage) -> Result<Topic, SchemaError> {
    let wrong = |why: String| SchemaError::new(message.parent_file().name(), message.full_name(), why);
    let text = |name: &str| Some(said.string(name)).filter(|text| !text.is_empty());
    let name = said.string("name");
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) {
        return Err(wrong(format!(
            "the topic's name `{name}` is not made of letters, digits, dots, dashes and underscores"
        )));
    }
    let key = text("key");
    if let Some(key) = &key {
        let Some(field) = fields.iter().find(|field| field.name == *key) else {
            return Err(wrong(format!("the topic's key `{key}` is no field of the message")));
        };
        if !matches!(field.kind, Kind::Scalar(Scalar::Uint64 | Scalar::Fixed64))
            || field.cardinality != Cardinality::Implicit
        {
            return Err(wrong(format!(
                "the topic's key `{key}` has to be a plain uint64 or fixed64"
            )));
        }
    }
    let partitions = said.uint32("partitions");
    if partitions == 0 {
        return Err(wrong("a topic needs at least one partition".into()));
    }
    if key.is_none() && partitions > 1 {
        return Err(wrong("a topic with several partitions needs a key".into()));
    }
    let durability = said.number_of_enum("durability");
    if durability == 0 {
        return Err(wrong("a topic needs a durability".into()));
    }
    let topic = Topic {
        name,
        key,
        partitions,
        retention_ms: said
            .millis("retention")
            .filter(|ms| *ms > 0)
            .ok_or_else(|| wrong("a topic needs a retention above zero, in whole milliseconds".into()))?,
        dead_letter: text("dead_letter"),
        durable: durability != MEMORY,
        per_instance: said.flag("per_instance"),
        retry: match said.value("retry").as_message() {
            Some(retry) if said.has_field_by_name("retry") => Some(self::retry(retry).map_err(wrong)?),
            _ => None,
        },
    };
    if topic.retry.is_some() && (!topic.durable || topic.per_instance || topic.dead_letter.is_none()) {
        let why = "what is tried again later has to be kept and to end somewhere: `retry` is for topics on disk, of all instances, with dead letters";
        return Err(wrong(why.into()));
    }
    Ok(topic)
}

fn retry(said: &DynamicMessage) -> Result<Retry, String> {
    let retry = Retry {
        attempts: said.uint32("attempts"),
        first_pause_ms: said.millis("first_pause").unwrap_or_default(),
        longest_pause_ms: said.millis("longest_pause").unwrap_or_default(),
    };
    if retry.attempts == 0 || retry.first_pause_ms == 0 || retry.longest_pause_ms < retry.first_pause_ms {
        return Err(
            "a retry needs at least one attempt, a first pause above zero in whole milliseconds, and a longest pause that is not shorter".into(),
        );
    }
    Ok(retry)
}

/// What concerns several topics.
pub(super) fn check(schema: &Schema) -> Result<(), SchemaError> {
    let mut names = BTreeMap::new();
    let topics = || {
        schema
            .messages
            .values()
            .filter_map(|message| Some((message, message.topic.as_ref()?)))
    };
    for (message, topic) in topics() {
        for name in [Some(topic.name.clone()), topic.retry_name()].into_iter().flatten() {
            if let Some(other) = names.insert(name.clone(), &message.full_name) {
                let why = format!("the topic `{name}` belongs to {other} already");
                return Err(SchemaError::new(&message.file, &message.full_name, why));
            }
        }
    }
    for (message, topic) in topics() {
        let Some(dead) = &topic.dead_letter else { continue };
        let wrong = |why: String| SchemaError::new(&message.file, &message.full_name, why);
        match schema
            .messages
            .values()
            .filter_map(|message| message.topic.as_ref())
            .find(|topic| topic.name == *dead)
        {
            None => return Err(wrong(format!("there is no topic `{dead}` for dead letters"))),
            Some(other) if other == topic => return Err(wrong("a topic cannot be its own for dead letters".into())),
            Some(other) if other.per_instance => {
                return Err(wrong(format!(
                    "the topic `{dead}` is one an instance, so dead letters would get lost"
                )));
            }
            Some(_) => {}
        }
    }
    Ok(())
}
