//! How the log on Kafka behaves, and what that means in Kafka's own words.

use crate::{config::duration, log::MAX_RECORD_BYTES};
use rdkafka::ClientConfig;
use serde::Deserialize;
use std::{collections::BTreeMap, fmt, time::Duration};

/// What Kafka adds to a record at most, generously.
const OVERHEAD_BYTES: usize = 64 << 10;
/// Bytes that an appender's records may take before they are sent; further appends wait.
const PRODUCER_KIB: usize = 64 << 10;
/// Bytes of a partition that are fetched ahead of its reader, for each reader.
const FETCHED_KIB: usize = 16 << 10;

/// How a [`KafkaLog`](super::KafkaLog) behaves.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KafkaOptions {
    /// Brokers to begin with, `host:port` with commas between them.
    pub brokers: String,
    /// How long an append may wait for all replicas before it fails: 5 s. While it is known that no broker can be reached, appends fail at once.
    #[serde(with = "duration")]
    pub delivery_timeout: Duration,
    /// How long a record may wait for company on its way to a partition: not at all, since who appends has gathered before. What a broker has to do
    /// follows the number of requests, so more is cheaper under load, and later.
    #[serde(with = "duration")]
    pub linger: Duration,
    /// How long a member of a group may be silent before its partitions go to others: 6 s, which is the least that brokers take by default.
    #[serde(with = "duration")]
    pub session_timeout: Duration,
    /// Copies of each partition of a topic that is created: 3 in production. 0 leaves it to the brokers.
    pub replication: u32,
    /// Further properties of librdkafka, such as `security.protocol`, `ssl.ca.location`, `sasl.password`, for all its clients. What the promises
    /// of the log depend on cannot be changed.
    pub properties: BTreeMap<String, String>,
}

impl Default for KafkaOptions {
    fn default() -> Self {
        Self {
            brokers: "127.0.0.1:9092".into(),
            delivery_timeout: Duration::from_secs(5),
            linger: Duration::ZERO,
            session_timeout: Duration::from_secs(6),
            replication: 0,
            properties: BTreeMap::new(),
        }
    }
}

/// Without the values of properties: there are passwords among them.
impl fmt::Debug for KafkaOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaOptions")
            .field("brokers", &self.brokers)
            .field("delivery_timeout", &self.delivery_timeout)
            .field("linger", &self.linger)
            .field("session_timeout", &self.session_timeout)
            .field("replication", &self.replication)
            .field("properties", &self.properties.keys())
            .finish()
    }
}

impl KafkaOptions {
    /// The defaults, for these brokers.
    #[must_use]
    pub fn new(brokers: &str) -> Self {
        Self {
            brokers: brokers.into(),
            ..Self::default()
        }
    }

    /// What all clients have in common.
    pub(super) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("client.id", "parlance")
            // a broker that comes back is found soon
            .set("reconnect.backoff.max.ms", "1000");
        for (name, value) in &self.properties {
            config.set(name, value);
        }
        config.set("bootstrap.servers", &self.brokers);
        config
    }

    /// A producer whose records come to their partition once, in order, on all replicas that count.
    pub(super) fn producer(&self) -> ClientConfig {
        let mut config = self.client();
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", (self.linger.as_secs_f64() * 1e3).to_string())
            .set("message.timeout.ms", self.delivery_timeout.as_millis().to_string())
            .set("message.max.bytes", largest_message().to_string())
            .set("queue.buffering.max.kbytes", PRODUCER_KIB.to_string());
        config
    }

    /// A client that only asks for a group's offsets.
    pub(super) fn onlooker(&self, group: &str) -> ClientConfig {
        let mut config = self.client();
        config.set("group.id", group).set("enable.auto.commit", "false");
        config
    }

    /// A client that reads a partition and belongs to no group: it commits nothing.
    pub(super) fn browser(&self) -> ClientConfig {
        let mut config = self.onlooker("browse");
        config
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "earliest")
            .set("fetch.wait.max.ms", "200");
        config
    }

    /// A member of a group that keeps its partitions while others come and go, and commits what it was told to, every second and when a
    /// partition is taken away.
    pub(super) fn member(&self, group: &str) -> ClientConfig {
        let mut config = self.client();
        config
            .set("group.id", group)
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", self.session_timeout.as_millis().to_string())
            .set(
                "heartbeat.interval.ms",
                (self.session_timeout.as_millis() / 12).to_string(),
            )
            .set("enable.auto.commit", "true")
            .set("auto.commit.interval.ms", "1000")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            // the broker answers as soon as there is something
            .set("fetch.wait.max.ms", "200")
            .set("queued.max.messages.kbytes", FETCHED_KIB.to_string())
            // how soon a full queue is looked at again
            .set("fetch.queue.backoff.ms", "20");
        config
    }
}

/// Bytes that a topic has to take as one message.
pub(super) fn largest_message() -> usize {
    MAX_RECORD_BYTES + OVERHEAD_BYTES
}

#[cfg(test)]
mod tests {
    use super::KafkaOptions;
    #[cfg(not(feature = "kafka-tls"))]
    use rdkafka::producer::BaseProducer;

    #[test]
    fn passwords_stay_out_of_what_is_printed() {
        let mut options = KafkaOptions::new("127.0.0.1:9092");
        options.properties.insert("sasl.password".into(), "hunter2".into());
        let printed = format!("{options:?}");
        assert!(
            printed.contains("sasl.password") && !printed.contains("hunter2"),
            "{printed}"
        );
    }

    #[test]
    fn properties_do_not_change_what_the_promises_depend_on() {
        let mut options = KafkaOptions::default();
        for (name, value) in [
            ("acks", "0"),
            ("enable.auto.offset.store", "true"),
            ("compression.type", "lz4"),
        ] {
            options.properties.insert(name.into(), value.into());
        }
        let (producer, member) = (options.producer(), options.member("readers"));
        assert_eq!(producer.get("acks"), Some("all"));
        assert_eq!(producer.get("compression.type"), Some("lz4"));
        assert_eq!(member.get("enable.auto.offset.store"), Some("false"));
    }

    #[cfg(not(feature = "kafka-tls"))]
    #[test]
    fn encryption_that_was_not_built_in_is_refused_at_the_start() {
        let mut options = KafkaOptions::new("127.0.0.1:9092");
        options.properties.insert("security.protocol".into(), "ssl".into());
        let refused = options.producer().create::<BaseProducer>().err().unwrap().to_string();
        assert!(refused.contains("OpenSSL not available at build time"), "{refused}");
    }
}
