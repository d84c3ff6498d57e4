//! Log topics.

use super::{House, Offences, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "topic-keyed",
        reason: "only records of one key keep their order over several partitions",
        check: keyed,
    },
    Rule {
        name: "topic-name",
        reason: "brokers are shared: a topic's name begins with the project's, in small letters",
        check: name,
    },
    Rule {
        name: "topic-dead-letter",
        reason: "a record on disk that can never be processed stops all behind it unless it has somewhere to go",
        check: dead_letter,
    },
];

fn keyed(house: &House<'_>, offences: &mut Offences) {
    for (message, topic) in house.schema.topics() {
        if topic.key.is_none() && (topic.partitions > 1 || topic.durable) {
            offences.add(
                &message.file,
                &message.full_name,
                format!("the topic `{}` has no key", topic.name),
            );
        }
    }
}

fn name(house: &House<'_>, offences: &mut Offences) {
    for (message, topic) in house.schema.topics() {
        let project = message.package.split('.').next().unwrap_or_default();
        let small = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c);
        if !topic.name.starts_with(&format!("{project}.")) || !topic.name.chars().all(small) {
            let what = format!("the topic `{}` should be `{project}.…` in small letters", topic.name);
            offences.add(&message.file, &message.full_name, what);
        }
    }
}

fn dead_letter(house: &House<'_>, offences: &mut Offences) {
    let is_last = |name: &str| {
        house
            .schema
            .topics()
            .any(|(_, other)| other.dead_letter.as_deref() == Some(name))
    };
    for (message, topic) in house.schema.topics() {
        if topic.durable && topic.dead_letter.is_none() && !is_last(&topic.name) {
            offences.add(
                &message.file,
                &message.full_name,
                format!("the topic `{}` has no dead letter topic", topic.name),
            );
        }
    }
}
