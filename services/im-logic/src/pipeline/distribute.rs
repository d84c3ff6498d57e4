//! Who is told, at which instance.
//!
//! For each conversation of a batch one `Downstream` goes to each gateway that holds a member, with all new messages of the conversation; what is
//! equal for all gateways is encoded once. Everything for all gateways is one append. Members of large groups are told by im-task.

use super::{Refused, published::Published, store::Settled};
use crate::rosters::{Known, users};
use im_infra::{
    log::Log,
    routing::{Located, Routing},
    topics::Outbox,
    trace,
};
use im_schema::{
    failure::Failure,
    internal::v1::{
        Deliveries, Delivery, Downstream, Fanout, Offline, Origin, Rejection, StoreOutcome, Upstream,
        downstream::Event, store_outcome::Kind,
    },
    parlance::Reason,
    v1::{Message, Rejected},
    wkt::Timestamp,
};
use prost::Message as _;
use std::{collections::HashMap, sync::Arc, time::Duration};

/// The first pause before a rejection is sent again; each is twice the one before.
const REJECT_PAUSE: Duration = Duration::from_millis(50);
/// No pause is longer: after about six seconds the log is away for longer than a sender waits.
const REJECT_PAUSE_MAX: Duration = Duration::from_millis(3_200);

/// Tells recipients and senders.
pub(crate) struct Distributor {
    log: Arc<dyn Log>,
    routing: Arc<Routing>,
    list_offline: bool,
}

/// A batch whose fate is decided.
pub(super) struct Batch<'a> {
    pub(super) rosters: &'a Known,
    pub(super) settled: Settled,
    pub(super) refused: Vec<Refused>,
    /// What its partition has distributed so far.
    pub(super) published: &'a Published,
}

/// The messages of one conversation that all its members have to get, in order.
struct News {
    conversation: u64,
    items: Vec<Delivery>,
}

/// A message that only its sender has to hear of.
struct Receipt {
    instance: String,
    delivery: Delivery,
}

impl Distributor {
    /// With `list_offline` members of small conversations who are nowhere online are listed, too.
    pub(crate) fn new(log: Arc<dyn Log>, routing: Arc<Routing>, list_offline: bool) -> Self {
        Self {
            log,
            routing,
            list_offline,
        }
    }

    /// Tells everybody whom it concerns.
    ///
    /// # Errors
    /// Those of the log: some may have been told, all are to be told again.
    pub(super) async fn distribute(&self, batch: Batch<'_>) -> Result<(), Failure> {
        let mut outbox = Outbox::new();
        let Batch {
            rosters,
            settled,
            refused,
            published,
        } = batch;
        for refused in refused {
            reject(&mut outbox, &refused.upstream, &refused.failure);
        }
        let (news, receipts) = sort(&mut outbox, settled, published);
        let members: Vec<u64> = small(rosters, &news).flat_map(|(_, users)| users).copied().collect();
        let distinct = distinct(members);
        let located = self.routing.locate(users(&distinct)).await;
        if self.list_offline {
            let offline = located.offline(distinct.iter().copied());
            for news in &news {
                let members = rosters.get(&news.conversation).and_then(|roster| roster.users());
                list(&mut outbox, news, members.unwrap_or_default(), &offline);
            }
        }
        for News { conversation, items } in news {
            match rosters.get(&conversation).and_then(|roster| roster.users()) {
                Some(members) => deliver(&mut outbox, members, items, (&distinct, &located)),
                None => hand_over(&mut outbox, conversation, items),
            }
        }
        for Receipt { instance, delivery } in receipts {
            receipt(&mut outbox, &instance, vec![delivery]);
        }
        let _hop = trace::here("logic.publish");
        outbox.append(&*self.log).await
    }

    /// Tells a sender that the message will not be stored. What keeps failing is logged at last: nothing waits for it for ever.
    pub(super) async fn reject(&self, upstream: &Upstream, cause: &Failure) {
        let mut pause = REJECT_PAUSE;
        loop {
            let mut outbox = Outbox::new();
            reject(&mut outbox, upstream, cause);
            let Err(error) = outbox.append(&*self.log).await else {
                return;
            };
            if pause > REJECT_PAUSE_MAX {
                return tracing::error!(
                    conversation.id = upstream.conversation_id,
                    error = &error as &dyn std::error::Error,
                    "rejection not sent"
                );
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }
}

/// What became of each message: news for its conversation, a receipt for its sender, or a rejection.
fn sort(outbox: &mut Outbox, settled: Settled, published: &Published) -> (Vec<News>, Vec<Receipt>) {
    let mut news: Vec<News> = Vec::new();
    let mut places: HashMap<u64, usize> = HashMap::new();
    let mut receipts = Vec::new();
    for (upstream, outcome) in settled.messages {
        let for_all = match outcome.kind() {
            Kind::Stored => true,
            Kind::Duplicate => published.may_lack(&upstream, &outcome, &settled.ids),
            Kind::Conflict => {
                reject(outbox, &upstream, &Failure::new(Reason::ConflictingDuplicate, ""));
                continue;
            }
            // deleted since its roster was read
            Kind::NoConversation => {
                reject(outbox, &upstream, &Failure::new(Reason::NotAMember, ""));
                continue;
            }
            Kind::TooOld => {
                let failure = Failure::new(
                    Reason::MessageIdOutOfTime,
                    "too much was said in this conversation since the id was made",
                );
                reject(outbox, &upstream, &failure);
                continue;
            }
            Kind::Unspecified => {
                reject(
                    outbox,
                    &upstream,
                    &Failure::new(Reason::Internal, "the store gave no outcome"),
                );
                continue;
            }
        };
        let conversation = upstream.conversation_id;
        let delivery = delivery(upstream, &outcome);
        if for_all {
            let place = *places.entry(conversation).or_insert_with(|| {
                news.push(News {
                    conversation,
                    items: Vec::new(),
                });
                news.len() - 1
            });
            news[place].items.push(delivery);
        } else if let Some(origin) = &delivery.origin {
            receipts.push(Receipt {
                instance: origin.instance.clone(),
                delivery,
            });
        }
    }
    (news, receipts)
}

/// The small conversations among these, with their members.
fn small<'a>(rosters: &'a Known, news: &'a [News]) -> impl Iterator<Item = (u64, &'a [u64])> {
    news.iter()
        .filter_map(|news| Some((news.conversation, rosters.get(&news.conversation)?.users()?)))
}

fn distinct(mut users: Vec<u64>) -> Vec<u64> {
    users.sort_unstable();
    users.dedup();
    users
}

/// Puts the news of a small conversation out for each gateway that holds a member.
fn deliver(outbox: &mut Outbox, members: &[u64], items: Vec<Delivery>, (known, located): (&[u64], &Located)) {
    let mut recipients: Vec<Vec<u64>> = vec![Vec::new(); located.gateways.len()];
    // both are in ascending order, and each member is among the known
    let mut at = 0;
    for member in members {
        while known[at] < *member {
            at += 1;
        }
        for place in located.of(at) {
            recipients[*place as usize].push(*member);
        }
    }
    let held = |instance: &str| {
        located
            .gateways
            .iter()
            .zip(&recipients)
            .any(|(gateway, held)| gateway == instance && !held.is_empty())
    };
    // senders who wait elsewhere: calls at an instance of logic, or a connection that has gone meanwhile
    let elsewhere = origins(&items)
        .into_iter()
        .filter(|instance| !held(instance))
        .collect::<Vec<_>>();
    for instance in elsewhere {
        let own = items
            .iter()
            .filter(|item| item.origin.as_ref().is_some_and(|origin| origin.instance == instance));
        receipt(outbox, &instance, own.cloned().collect());
    }
    let event = Event::Deliveries(Deliveries {
        items,
        ..Default::default()
    });
    let shared = Downstream {
        recipients: Vec::new(),
        event: Some(event),
        ..Default::default()
    }
    .encode_to_vec();
    for (gateway, recipients) in located.gateways.iter().zip(recipients) {
        if !recipients.is_empty() {
            let own = Downstream {
                recipients,
                event: None,
                ..Default::default()
            }
            .encode_to_vec();
            outbox.add_parts_for::<Downstream>(gateway, &[&own, &shared]);
        }
    }
}

/// Lists those members who are among the `offline`, which is in ascending order.
fn list(outbox: &mut Outbox, news: &News, members: &[u64], offline: &[u64]) {
    let sequences = || {
        news.items
            .iter()
            .filter_map(|item| Some(item.message.as_ref()?.sequence))
    };
    let user_ids: Vec<u64> = members
        .iter()
        .copied()
        .filter(|user| offline.binary_search(user).is_ok())
        .collect();
    if let (Some(first_sequence), Some(last_sequence), false) =
        (sequences().min(), sequences().max(), user_ids.is_empty())
    {
        outbox.add(&Offline {
            conversation_id: news.conversation,
            first_sequence,
            last_sequence,
            user_ids,
            ..Default::default()
        });
    }
}

/// Hands the news of a large group to im-task; the senders hear at once.
fn hand_over(outbox: &mut Outbox, conversation_id: u64, mut items: Vec<Delivery>) {
    for instance in origins(&items) {
        let own = items
            .iter()
            .filter(|item| item.origin.as_ref().is_some_and(|origin| origin.instance == instance));
        receipt(outbox, &instance, own.cloned().collect());
    }
    items.iter_mut().for_each(|item| item.told = item.origin.is_some());
    outbox.add(&Fanout {
        conversation_id,
        deliveries: Some(Deliveries {
            items,
            ..Default::default()
        }),
        ..Default::default()
    });
}

/// The instances where senders wait, each once.
fn origins(items: &[Delivery]) -> Vec<String> {
    let mut instances: Vec<&String> = Vec::new();
    for origin in items.iter().filter_map(|item| item.origin.as_ref()) {
        if !instances.contains(&&origin.instance) {
            instances.push(&origin.instance);
        }
    }
    instances.into_iter().cloned().collect()
}

fn receipt(outbox: &mut Outbox, instance: &str, items: Vec<Delivery>) {
    let event = Some(Event::Deliveries(Deliveries {
        items,
        ..Default::default()
    }));
    outbox.add_for(
        instance,
        &Downstream {
            recipients: Vec::new(),
            event,
            ..Default::default()
        },
    );
}

fn reject(outbox: &mut Outbox, upstream: &Upstream, cause: &Failure) {
    metrics::counter!("pipeline_rejected_total", "reason" => cause.spec().name).increment(1);
    let Some(origin) = &upstream.origin else { return };
    let rejected = Rejected {
        client_message_id: client_id(upstream),
        conversation_id: upstream.conversation_id,
        problem: Some(cause.problem()),
        ..Default::default()
    };
    let event = Event::Rejection(Rejection {
        origin: Some(origin.clone()),
        rejected: Some(rejected),
        ..Default::default()
    });
    outbox.add_for(
        &origin.instance,
        &Downstream {
            recipients: Vec::new(),
            event: Some(event),
            ..Default::default()
        },
    );
}

fn delivery(mut upstream: Upstream, outcome: &StoreOutcome) -> Delivery {
    let origin: Option<Origin> = upstream.origin.take();
    let message = Message {
        message_id: outcome.message_id,
        conversation_id: upstream.conversation_id,
        sequence: outcome.sequence,
        sender_id: upstream.sender_id,
        client_message_id: client_id(&upstream),
        content: upstream.content,
        sent_at: Some(Timestamp::from_millis(outcome.sent_at_ms)),
        ..Default::default()
    };
    Delivery {
        message: Some(message),
        origin,
        told: false,
        ..Default::default()
    }
}

/// The client's id as the client wrote it.
fn client_id(upstream: &Upstream) -> String {
    uuid::Uuid::from_slice(&upstream.client_message_id)
        .unwrap_or_default()
        .hyphenated()
        .to_string()
}

#[cfg(test)]
mod tests;
