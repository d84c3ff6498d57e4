//! Messages of large groups, to all members who are online.

use crate::{members::Members, pace::Pace, processor::Processor};
use async_trait::async_trait;
use im_infra::{
    log::Log,
    routing::Routing,
    topics::Outbox,
    trace::{self, Recorded as _, TraceContext},
};
use im_schema::{
    failure::Failure,
    internal::v1::{Deliveries, Delivery, Downstream, Fanout, Offline, downstream::Event},
};
use prost::Message as _;
use std::{collections::HashMap, sync::Arc};
use tokio::time::Instant;

/// The consumer group that does fan-outs.
pub const FANOUT: &str = "fanout";

/// How many pages of members go out in one append.
const PAGES_AT_ONCE: usize = 8;

/// Takes messages to the gateways of members, page by page.
pub(crate) struct FanoutProcessor {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) routing: Arc<Routing>,
    pub(crate) members: Arc<Members>,
    pub(crate) pace: Pace,
    pub(crate) list_offline: bool,
}

#[async_trait]
impl Processor for FanoutProcessor {
    type Task = Fanout;

    const NAME: &'static str = FANOUT;

    async fn process(&self, partition: u32, tasks: Vec<Fanout>) -> Result<(), Failure> {
        let mut hop = trace::batch("task.fanout", tasks.iter().flat_map(traceparents));
        if let Some(hop) = &mut hop {
            hop.note("batch.size", tasks.len() as u64);
        }
        let result = TraceContext::within(hop.context(), self.fan_out_all(partition, tasks)).await;
        if let (Some(hop), Err(failure)) = (&mut hop, &result) {
            hop.fail(failure.spec().name);
        }
        result
    }
}

impl FanoutProcessor {
    async fn fan_out_all(&self, partition: u32, tasks: Vec<Fanout>) -> Result<(), Failure> {
        self.pace.wait(partition).await;
        let began = Instant::now();
        let mut online = 0;
        for (conversation, items) in merge(tasks) {
            online += self.fan_out(conversation, items).await?;
        }
        self.pace.set(partition, began, online);
        Ok(())
    }

    /// How many members are online.
    async fn fan_out(&self, conversation: u64, items: Vec<Delivery>) -> Result<usize, Failure> {
        let messages = items.len();
        let sequences = items.iter().filter_map(|item| Some(item.message.as_ref()?.sequence));
        let (first_sequence, last_sequence) = (sequences.clone().min(), sequences.max());
        let event = Some(Event::Deliveries(Deliveries {
            items,
            ..Default::default()
        }));
        // equal for all gateways and pages, so encoded once
        let shared = Downstream {
            recipients: Vec::new(),
            event,
            ..Default::default()
        }
        .encode_to_vec();
        let mut walk = self.members.walk(conversation).await;
        let mut outbox = Outbox::new();
        let (mut pages, mut online) = (0, 0);
        while let Some(page) = walk.next().await? {
            let located = self.routing.locate_keys(&page.keys).await;
            online += located.online();
            for (gateway, recipients) in located
                .gateways
                .iter()
                .zip(located.by_gateway(page.users.iter().copied()))
            {
                let own = Downstream {
                    recipients,
                    event: None,
                    ..Default::default()
                }
                .encode_to_vec();
                outbox.add_parts_for::<Downstream>(gateway, &[&own, &shared]);
            }
            if self.list_offline {
                let user_ids = located.offline(page.users.iter().copied());
                list(&mut outbox, conversation, first_sequence.zip(last_sequence), user_ids);
            }
            pages += 1;
            if pages % PAGES_AT_ONCE == 0 {
                std::mem::take(&mut outbox).append(&*self.log).await?;
            }
        }
        outbox.append(&*self.log).await?;
        metrics::counter!("fanout_deliveries_total").increment((online * messages) as u64);
        Ok(online)
    }
}

/// Lists these members, who did not get the messages from the first to the last of these sequences.
fn list(outbox: &mut Outbox, conversation_id: u64, sequences: Option<(u64, u64)>, user_ids: Vec<u64>) {
    if let (Some((first_sequence, last_sequence)), false) = (sequences, user_ids.is_empty()) {
        outbox.add(&Offline {
            conversation_id,
            first_sequence,
            last_sequence,
            user_ids,
            ..Default::default()
        });
    }
}

/// The traces of the messages of a task.
fn traceparents(task: &Fanout) -> impl Iterator<Item = &str> {
    let items = task.deliveries.as_ref().map_or(&[][..], |deliveries| &deliveries.items);
    items
        .iter()
        .filter_map(|item| Some(item.origin.as_ref()?.traceparent.as_str()))
}

/// The messages of each conversation together, in order; conversations in the order in which they come first.
fn merge(tasks: Vec<Fanout>) -> Vec<(u64, Vec<Delivery>)> {
    let mut merged: Vec<(u64, Vec<Delivery>)> = Vec::new();
    let mut places: HashMap<u64, usize> = HashMap::new();
    for Fanout {
        conversation_id,
        deliveries,
        ..
    } in tasks
    {
        let place = *places.entry(conversation_id).or_insert_with(|| {
            merged.push((conversation_id, Vec::new()));
            merged.len() - 1
        });
        merged[place].1.extend(deliveries.unwrap_or_default().items);
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use im_schema::v1::Message;

    fn fanout(conversation_id: u64, sequences: &[u64]) -> Fanout {
        let message = |sequence: &u64| {
            Some(Message {
                sequence: *sequence,
                ..Message::default()
            })
        };
        let items = sequences
            .iter()
            .map(|sequence| Delivery {
                message: message(sequence),
                ..Delivery::default()
            })
            .collect();
        Fanout {
            conversation_id,
            deliveries: Some(Deliveries {
                items,
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    #[test]
    fn messages_of_one_group_go_out_together_and_in_order() {
        let merged = merge(vec![fanout(1, &[1, 2]), fanout(2, &[7]), fanout(1, &[3])]);
        let seen: Vec<(u64, Vec<u64>)> = merged
            .into_iter()
            .map(|(id, items)| {
                (
                    id,
                    items.into_iter().map(|item| item.message.unwrap().sequence).collect(),
                )
            })
            .collect();
        assert_eq!(seen, [(1, vec![1, 2, 3]), (2, vec![7])]);
    }
}
