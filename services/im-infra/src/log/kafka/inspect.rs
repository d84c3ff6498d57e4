//! What a cluster is like, for who looks after it. Nothing is changed.

use super::{KafkaOptions, errors, topics};
use crate::log::LogError;
use rdkafka::{
    admin::{AdminOptions, ResourceSpecifier},
    config::RDKafkaLogLevel,
    error::KafkaError,
    metadata::MetadataTopic,
};
use std::collections::BTreeMap;

/// A cluster and its topics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaState {
    /// `host:port` of the brokers that are up.
    pub brokers: Vec<String>,
    /// The topics by name.
    pub topics: BTreeMap<String, TopicState>,
}

/// A topic as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TopicState {
    /// How many partitions it has.
    pub partitions: u32,
    /// How many of them have no leader: nothing can be appended to or read from those.
    pub leaderless: u32,
    /// Copies of that partition that has the fewest.
    pub replicas: u32,
    /// How many of these are in sync, of that partition that has the fewest.
    pub in_sync: u32,
    /// How many have to be for an append: `min.insync.replicas`. `None` if the brokers do not say.
    pub wanted_in_sync: Option<u32>,
    /// How long records are kept, in milliseconds; below zero for ever. `None` if the brokers do not say.
    pub retention_ms: Option<i64>,
}

/// Asks the brokers.
///
/// # Errors
/// [`LogError::Unavailable`] if none answers in [`KafkaOptions::delivery_timeout`].
pub async fn inspect(options: &KafkaOptions) -> Result<KafkaState, LogError> {
    let mut config = options.client();
    // whoever asks gets the answer; a broker that is away need not be told of besides
    config.set_log_level(RDKafkaLogLevel::Emerg);
    let admin = topics::admin(&config)?;
    let patience = options.delivery_timeout;
    let (admin, metadata) = errors::blocking(move || {
        let metadata = admin.0.inner().fetch_metadata(None, patience)?;
        Ok((admin, metadata))
    })
    .await?;
    let brokers = metadata
        .brokers()
        .iter()
        .map(|broker| format!("{}:{}", broker.host(), broker.port()));
    let mut state = KafkaState {
        brokers: brokers.collect(),
        topics: metadata
            .topics()
            .iter()
            .filter(|topic| topic.error().is_none())
            .map(|topic| (topic.name().to_owned(), shape(topic)))
            .collect(),
    };
    if state.topics.is_empty() {
        // to ask for nothing is an error there
        return Ok(state);
    }
    let names: Vec<_> = state.topics.keys().cloned().collect();
    let asked: Vec<_> = names.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
    let wait = AdminOptions::new().request_timeout(Some(patience));
    let described = admin.0.describe_configs(&asked, &wait).await;
    for (name, described) in names.iter().zip(described.map_err(errors::unavailable)?) {
        let described = described.map_err(|code| errors::unavailable(KafkaError::AdminOp(code)))?;
        let number = |key| described.get(key)?.value.as_ref()?.parse::<i64>().ok();
        let topic = state.topics.entry(name.clone()).or_default();
        topic.retention_ms = number("retention.ms");
        topic.wanted_in_sync = number("min.insync.replicas").and_then(|count| count.try_into().ok());
    }
    Ok(state)
}

fn shape(topic: &MetadataTopic) -> TopicState {
    let partitions = topic.partitions();
    let fewest = |counts: &mut dyn Iterator<Item = usize>| counts.min().unwrap_or(0) as u32;
    TopicState {
        partitions: partitions.len() as u32,
        leaderless: partitions.iter().filter(|partition| partition.leader() < 0).count() as u32,
        replicas: fewest(&mut partitions.iter().map(|partition| partition.replicas().len())),
        in_sync: fewest(&mut partitions.iter().map(|partition| partition.isr().len())),
        wanted_in_sync: None,
        retention_ms: None,
    }
}
