//! The topics of the log: a channel each, with what a record holds.

use super::{
    Parts,
    ordered::{Object, reference},
    socket::CHANNEL,
};
use crate::{
    SchemaError,
    emit::json_schema::{Names, example, text},
    model::{Message, Retry, Schema as Model, Topic},
};
use serde_json::json;
use utoipa::openapi::{Ref, RefOr, Schema};

/// No topic is called as the channel of the frames is.
pub(super) fn check(model: &Model) -> Result<(), SchemaError> {
    match model.topics().find(|(_, topic)| topic.name == CHANNEL) {
        None => Ok(()),
        Some((message, _)) => {
            let why = format!("the topic cannot be called `{CHANNEL}`: in the description that is the WebSocket");
            Err(SchemaError::new(&message.file, &message.full_name, why))
        }
    }
}

pub(super) fn describe(model: &Model, names: &Names, parts: &mut Parts) {
    if model.topics().next().is_none() {
        return;
    }
    parts.tag("log", "What the services tell each other over the log.");
    parts.server("log", server());
    for (payload, topic) in model.topics() {
        let name = names.of(&payload.full_name);
        let message = parts.message(name, message(model, name, payload, topic));
        parts.channel(&topic.name, channel(payload, topic, message));
        let operation = Object::new()
            .with("action", "send")
            .with("channel", reference(format_args!("channels/{}", topic.name)))
            .with("summary", format!("Appends to `{}`", topic.name))
            .with("description", text::unwrap(&payload.comment))
            .with("tags", vec![Object::new().with("name", "log")])
            .with(
                "messages",
                vec![reference(format_args!("channels/{}/messages/{name}", topic.name))],
            );
        parts.operation(&format!("append{name}"), operation);
    }
}

fn channel(payload: &Message, topic: &Topic, message: (String, Object)) -> Object {
    let Topic {
        name,
        key,
        partitions,
        retention_ms,
        dead_letter,
        durable,
        per_instance,
        retry,
    } = topic;
    let address = if *per_instance {
        format!("{name}.{{instance}}")
    } else {
        name.clone()
    };
    let (summary, description) = text::split(&payload.comment);
    let parameters = per_instance.then(|| {
        let instance = Object::new().with("description", "Id of the instance whose topic it is; each has its own.");
        Object::new().with("instance", instance)
    });
    let kafka = Object::new()
        .with("topic", address.as_str())
        .with("partitions", *partitions)
        .with(
            "topicConfiguration",
            Object::new()
                .with("cleanup.policy", vec!["delete"])
                .with("retention.ms", *retention_ms),
        )
        .with("bindingVersion", "0.5.0");
    let json_key = key
        .as_ref()
        .and_then(|key| payload.fields.iter().find(|field| field.name == *key))
        .map(|field| field.json_name.as_str());
    let rules = Object::new()
        .maybe("key", json_key)
        .with("partitions", *partitions)
        .with("retentionMs", *retention_ms)
        .with("durability", if *durable { "DISK" } else { "MEMORY" })
        .maybe("deadLetter", dead_letter.as_deref())
        .with("perInstance", *per_instance)
        .maybe(
            "retry",
            retry
                .zip(topic.retry_name())
                .map(|(retry, name)| tried_again(&retry, name)),
        );
    Object::new()
        .with("address", address)
        .with("title", name.as_str())
        .with("summary", summary)
        .with("description", in_words(topic, &description))
        .with("servers", vec![reference("servers/log")])
        .maybe("parameters", parameters)
        .with("messages", [message].into_iter().collect::<Object>())
        .with("tags", vec![Object::new().with("name", "log")])
        .with("bindings", Object::new().with("kafka", kafka))
        .with("x-topic", rules)
}

fn tried_again(retry: &Retry, topic: String) -> Object {
    Object::new()
        .with("topic", topic)
        .with("attempts", retry.attempts)
        .with("firstPauseMs", retry.first_pause_ms)
        .with("longestPauseMs", retry.longest_pause_ms)
}

fn in_words(topic: &Topic, description: &str) -> String {
    let key = match &topic.key {
        Some(key) => format!(
            "Records of one `{key}` are in one of {} partitions, in order.",
            topic.partitions
        ),
        None => "One partition: all records are in order.".to_owned(),
    };
    let durability = if topic.durable {
        "An append returns when the record is on disk and synced."
    } else {
        "Records are in memory only: they are notices that would be stale after a restart."
    };
    let dead = topic.dead_letter.as_ref().map_or_else(
        || "A record that cannot be processed is dropped and counted.".to_owned(),
        |dead| format!("A record that cannot be processed goes to `{dead}` with its cause."),
    );
    let kept = format!("Kept for at least {}.", span(topic.retention_ms));
    let again = retry_in_words(topic);
    [description, &key, &kept, durability, &again, &dead]
        .into_iter()
        .filter(|sentence| !sentence.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn retry_in_words(topic: &Topic) -> String {
    let Some((retry, name)) = topic.retry.zip(topic.retry_name()) else {
        return String::new();
    };
    let (first, longest, attempts) = (span(retry.first_pause_ms), span(retry.longest_pause_ms), retry.attempts);
    format!(
        "A message that fails for a reason that passes is put into `{name}` and tried again after {first}, then after pauses that double up to {longest}, {attempts} times at most; those behind it do not wait."
    )
}

/// A time in the largest unit that divides it.
fn span(ms: u64) -> String {
    let units = [
        (86_400_000, "day"),
        (3_600_000, "hour"),
        (60_000, "minute"),
        (1000, "second"),
    ];
    let (count, unit) = units
        .into_iter()
        .find(|(size, _)| ms.is_multiple_of(*size))
        .map_or((ms, "millisecond"), |(size, unit)| (ms / size, unit));
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

fn message(model: &Model, name: &str, payload: &Message, topic: &Topic) -> Object {
    let (summary, description) = text::split(&payload.comment);
    let schema: RefOr<Schema> = Ref::from_schema_name(name).into();
    let key = topic.key.as_ref().map(|key| {
        json!({
            "type": "string",
            "pattern": "^(0|[1-9][0-9]{0,19})$",
            "description": format!("The value of `{key}` in decimal digits."),
        })
    });
    let kafka = Object::new().maybe("key", key).with("bindingVersion", "0.5.0");
    let example = example::message(model, payload, &[]);
    let examples = example.map(|example| vec![Object::new().with("name", name).with("payload", example)]);
    Object::new()
        .with("name", payload.full_name.as_str())
        .with("title", name)
        .with("summary", summary)
        .maybe("description", Some(description))
        .with("contentType", "application/x-protobuf")
        .with("tags", vec![Object::new().with("name", "log")])
        .with("payload", schema)
        .with("bindings", Object::new().with("kafka", kafka))
        .maybe("examples", examples)
}

fn server() -> Object {
    let brokers = Object::new()
        .with("default", "127.0.0.1:9092")
        .with("description", "The brokers of the deployment.");
    Object::new()
        .with("host", "{brokers}")
        .with("protocol", "kafka")
        .with(
            "description",
            "The log between the services. Clients do not reach it. With embedded engines it is in the process and has no address.",
        )
        .with("variables", Object::new().with("brokers", brokers))
}
