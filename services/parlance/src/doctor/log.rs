//! The log and its topics.

use super::report::Finding;
use crate::settings::Settings;

const SUBJECT: &str = "log";

pub(super) async fn look(settings: &Settings) -> Vec<Finding> {
    if settings.kafka.brokers.is_empty() {
        let folder = settings.data.join("log");
        return vec![Finding::good(SUBJECT, format!("embedded, in {}", folder.display()))];
    }
    shared(settings).await
}

#[cfg(not(feature = "cluster"))]
async fn shared(_: &Settings) -> Vec<Finding> {
    super::not_built_in(SUBJECT, "kafka.brokers")
}

#[cfg(feature = "cluster")]
async fn shared(settings: &Settings) -> Vec<Finding> {
    use super::{told, topics};
    use im_infra::log::kafka::{KafkaOptions, inspect};
    let kafka = &settings.kafka;
    match inspect(&KafkaOptions::from(kafka)).await {
        Ok(state) => {
            let found = format!("{} brokers answer: {}", state.brokers.len(), state.brokers.join(", "));
            let mut findings = vec![Finding::good(SUBJECT, found)];
            findings.extend(topics::compare(&kafka.prefix, &state));
            findings
        }
        Err(error) => vec![Finding::bad(
            SUBJECT,
            format!("no broker of {} answers: {}", kafka.brokers, told(&error)),
            "start them, or correct kafka: brokers, properties; meanwhile nobody can send",
        )],
    }
}
