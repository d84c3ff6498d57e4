//! Topics as they stand in Kafka against what the schema says.

use super::report::Finding;
use im_infra::log::kafka::{KafkaState, TopicState};
use im_schema::{topic::Topic, topics::TOPICS};

/// A finding for each topic that all processes share, and one for those that instances have.
pub(super) fn compare(prefix: &str, state: &KafkaState) -> Vec<Finding> {
    let shared = TOPICS.iter().filter(|topic| !topic.per_instance);
    let names = shared.flat_map(|topic| {
        let retries = topic.retry.map(|retry| retry.name);
        [Some(topic.name), retries]
            .into_iter()
            .flatten()
            .map(move |name| (topic, name))
    });
    let judged = names.map(|(topic, name)| {
        let name = format!("{prefix}{name}");
        judge(topic, &name, state.topics.get(&name), state.brokers.len())
    });
    judged.chain([of_instances(prefix, state)]).collect()
}

fn judge(topic: &Topic, name: &str, found: Option<&TopicState>, brokers: usize) -> Finding {
    let subject = format!("topic {name}");
    let Some(found) = found else {
        return Finding::doubtful(
            subject,
            "is not there yet",
            "start any role: the first one makes all topics",
        );
    };
    let wanted = topic.partitions;
    if found.partitions != wanted {
        let mend = if found.partitions < wanted {
            format!(
                "stop the gateways, let logic and task finish, then: kafka-topics.sh --alter --topic {name} --partitions {wanted}; roles refuse to start meanwhile"
            )
        } else {
            format!(
                "stop the gateways, let logic and task finish, delete {name}, start any role: it is made anew with {wanted}"
            )
        };
        return Finding::bad(
            subject,
            format!("has {} partitions, the schema says {wanted}", found.partitions),
            &mend,
        );
    }
    if found.leaderless > 0 {
        return Finding::bad(
            subject,
            format!("{} of {wanted} partitions have no leader", found.leaderless),
            "start the brokers that have them",
        );
    }
    let in_sync = found.wanted_in_sync.unwrap_or(1);
    if found.in_sync < in_sync {
        return Finding::bad(
            subject,
            format!(
                "{} copies are in sync, {in_sync} have to be: nothing can be appended",
                found.in_sync
            ),
            "start the brokers that have the others",
        );
    }
    if let Some(kept) = found
        .retention_ms
        .filter(|kept| (0..topic.retention_ms as i64).contains(kept))
    {
        return Finding::bad(
            subject,
            format!(
                "keeps its records for {}, the schema says {}",
                hours(kept),
                hours(topic.retention_ms as i64)
            ),
            &format!(
                "kafka-configs.sh --alter --entity-type topics --entity-name {name} --add-config retention.ms={}",
                topic.retention_ms
            ),
        );
    }
    let shape = format!(
        "{wanted} partitions, {} copies, {in_sync} in sync to append",
        found.replicas
    );
    if topic.durable && (found.replicas < 3 || in_sync < 2) {
        let mend = if brokers < 3 {
            "take three brokers, kafka.replication = 3 and min.insync.replicas = 2"
        } else {
            "give it three copies (kafka-reassign-partitions.sh) and min.insync.replicas = 2"
        };
        return Finding::doubtful(
            subject,
            format!("{shape}: the loss of one machine may lose accepted messages, or stop senders"),
            mend,
        );
    }
    Finding::good(subject, shape)
}

fn of_instances(prefix: &str, state: &KafkaState) -> Finding {
    let of_an_instance = |name: &str| {
        let own = name.strip_prefix(prefix);
        TOPICS.iter().filter(|topic| topic.per_instance).any(|topic| {
            own.and_then(|own| own.strip_prefix(topic.name))
                .is_some_and(|rest| rest.starts_with('.'))
        })
    };
    let count = state.topics.keys().filter(|name| of_an_instance(name)).count();
    Finding::good("topics of instances", count.to_string())
}

fn hours(ms: i64) -> String {
    format!("{} h", ms / 3_600_000)
}

#[cfg(test)]
mod tests {
    use super::{super::report::Verdict, TOPICS, judge};
    use im_infra::log::kafka::TopicState;

    #[test]
    fn each_way_in_which_a_topic_differs_is_told_with_what_to_do() {
        let topic = TOPICS
            .iter()
            .find(|topic| topic.durable && !topic.per_instance)
            .unwrap();
        let sound = TopicState {
            partitions: topic.partitions,
            leaderless: 0,
            replicas: 3,
            in_sync: 3,
            wanted_in_sync: Some(2),
            retention_ms: Some(topic.retention_ms as i64),
        };
        let verdict = |state: &TopicState| {
            let finding = judge(topic, topic.name, Some(state), 3);
            assert_eq!(finding.mend.is_empty(), finding.verdict == Verdict::Good, "{finding:?}");
            finding.verdict
        };
        assert_eq!(verdict(&sound), Verdict::Good);
        assert_eq!(
            verdict(&TopicState {
                retention_ms: Some(-1),
                ..sound.clone()
            }),
            Verdict::Good,
            "kept for ever"
        );
        let bad = [
            TopicState {
                partitions: topic.partitions + 1,
                ..sound.clone()
            },
            TopicState {
                partitions: topic.partitions - 1,
                ..sound.clone()
            },
            TopicState {
                leaderless: 1,
                ..sound.clone()
            },
            TopicState {
                in_sync: 1,
                ..sound.clone()
            },
            TopicState {
                retention_ms: Some(topic.retention_ms as i64 - 1),
                ..sound.clone()
            },
        ];
        assert!(bad.iter().all(|state| verdict(state) == Verdict::Bad));
        let doubtful = [
            TopicState {
                replicas: 1,
                in_sync: 1,
                wanted_in_sync: Some(1),
                ..sound.clone()
            },
            TopicState {
                wanted_in_sync: Some(1),
                ..sound
            },
        ];
        assert!(doubtful.iter().all(|state| verdict(state) == Verdict::Doubtful));
        assert_eq!(judge(topic, topic.name, None, 3).verdict, Verdict::Doubtful);
    }
}
