//! Log topics. A longer retention, more durability, and a topic for retries or for dead letters where there was none are safe.

use super::{
    Change,
    finding::{Findings, Hit, Place, Surface, hit},
};
use crate::model::{Schema, Topic};
use std::fmt::Display;

/// Compares the topics of all payloads.
pub(super) fn compare(old: &Schema, new: &Schema, findings: &mut Findings) {
    for (message, was) in old.topics() {
        let now = new.messages.get(&message.full_name);
        let file = now.map_or(&message.file, |now| &now.file);
        let place = Place::new(file, message.full_name.clone());
        match now.and_then(|now| now.topic.as_ref()) {
            Some(now) => topic(was, now, &place, findings),
            None => {
                let how = "records that lie in it: nobody reads them any more";
                findings.add(
                    Change::TopicRemoved,
                    place,
                    &was.name,
                    "no topic",
                    vec![hit(Surface::Stored, how)],
                );
            }
        }
    }
}

fn topic(old: &Topic, new: &Topic, place: &Place, findings: &mut Findings) {
    // All by name: what the model gains does not compile until it is judged here.
    let Topic {
        name,
        key,
        partitions,
        retention_ms,
        dead_letter,
        durable,
        per_instance,
        retry,
    } = new;
    let mut differ = |change, old: &dyn Display, new: &dyn Display, hits: Vec<Hit>| {
        findings.add(change, place.clone(), old, new, hits);
    };
    let stored = |how: &str| vec![hit(Surface::Stored, how)];
    let or_none = |name: &Option<String>| name.clone().unwrap_or_else(|| "none".to_owned());
    if old.name != *name {
        let hits = stored("records that lie in the old topic, and offsets that were committed there");
        differ(Change::TopicRenamed, &old.name, name, hits);
    }
    if old.key != *key {
        let hits = stored("the order of records that belong together: new ones go to another partition than old ones");
        differ(Change::TopicKeyChanged, &or_none(&old.key), &or_none(key), hits);
    }
    if old.partitions != *partitions {
        let hits = stored("the order of records that belong together: a key goes to another partition than before");
        differ(Change::TopicPartitionsChanged, &old.partitions, partitions, hits);
    }
    if *retention_ms < old.retention_ms {
        let hits = stored("whoever falls behind or was away: records are deleted sooner than was promised");
        let say = |ms: u64| format!("kept for {} s", ms / 1000);
        differ(
            Change::TopicRetentionShortened,
            &say(old.retention_ms),
            &say(*retention_ms),
            hits,
        );
    }
    if old.dead_letter.is_some() && old.dead_letter != *dead_letter {
        let hits = vec![hit(
            Surface::Behaviour,
            "operators and tools that look for failed records in the old topic",
        )];
        differ(
            Change::TopicDeadLetterChanged,
            &or_none(&old.dead_letter),
            &or_none(dead_letter),
            hits,
        );
    }
    if old.retry.is_some() && retry.is_none() {
        let hits = stored("messages that wait there to be tried again: nobody reads them any more");
        differ(
            Change::TopicRetryRemoved,
            &"tried again later",
            &"tried again in its place",
            hits,
        );
    }
    if old.durable && !durable {
        let hits = stored("whoever took an append for kept: it is lost with the process");
        differ(Change::TopicDurabilityLowered, &"on disk", &"in memory", hits);
    }
    if old.per_instance != *per_instance {
        let say = |own: bool| {
            if own {
                "one topic an instance"
            } else {
                "one topic for all"
            }
        };
        let hits = stored("producers and consumers of the release: they meet in a topic of another name");
        differ(
            Change::TopicSharingChanged,
            &say(old.per_instance),
            &say(*per_instance),
            hits,
        );
    }
}
