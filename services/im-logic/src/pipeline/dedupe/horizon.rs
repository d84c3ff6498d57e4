//! The latest ids in conversations that were busy shortly before marks were lost: rule 2 at the top of the file above.

use super::{Dedupe, PAGE, SKEW_MS, made_at_ms, sent_at_ms};
use crate::rules::send::MAX_AHEAD_MS;
use futures::{StreamExt as _, stream};
use im_schema::{
    failure::Failure,
    internal::v1::{ReadHeadsRequest, ReadMessagesRequest},
    rpc::Context,
    v1::Message,
};
use std::collections::{HashMap, HashSet};

/// How many messages of one conversation are read to find its horizon.
const HORIZON_PAGES: usize = 8;

impl Dedupe {
    /// The horizons of these conversations; one that is missing from the answer is not known.
    pub(super) async fn horizons(&self, conversations: HashSet<u64>, since: u64) -> HashMap<u64, u64> {
        let mut known = HashMap::with_capacity(conversations.len());
        let unknown: Vec<u64> = {
            let horizons = self.horizons.lock();
            let mut recall = |id: &u64| match horizons.get(id) {
                Some((asked, horizon)) if *asked == since => known.insert(*id, *horizon).is_some(),
                _ => true,
            };
            conversations.into_iter().filter(|id| recall(id)).collect()
        };
        let found = match self.lively(&unknown, since).await {
            Ok(lively) => {
                let (lively, quiet): (Vec<_>, Vec<_>) = unknown.into_iter().partition(|id| lively.contains(id));
                let mut found = self.read_horizons(lively, since).await;
                found.extend(quiet.into_iter().map(|conversation| (conversation, 0)));
                found
            }
            Err(error) => {
                horizon_unknown(&error);
                Vec::new()
            }
        };
        let mut horizons = self.horizons.lock();
        for (conversation, horizon) in found {
            known.insert(conversation, horizon);
            horizons.insert(conversation, (since, horizon));
        }
        known
    }

    /// Those of the conversations in which something was said that may count for their horizons. After a start there are many that have to be
    /// looked at and few that are read.
    async fn lively(&self, conversations: &[u64], since: u64) -> Result<HashSet<u64>, Failure> {
        if conversations.is_empty() {
            return Ok(HashSet::new());
        }
        let request = ReadHeadsRequest {
            conversation_ids: conversations.to_vec(),
            ..Default::default()
        };
        let heads = self.repo.read_heads(Context::internal(), request).await?.heads;
        let lively = heads
            .iter()
            .filter(|head| head.last_sequence > 0 && may_count(head.last_at_ms, since));
        Ok(lively.map(|head| head.conversation_id).collect())
    }

    async fn read_horizons(&self, conversations: Vec<u64>, since: u64) -> Vec<(u64, u64)> {
        stream::iter(conversations)
            .map(|conversation| async move { (conversation, self.horizon(conversation, since).await) })
            .buffer_unordered(16)
            .filter_map(|(conversation, horizon)| async move {
                Some((conversation, horizon.inspect_err(horizon_unknown).ok()?))
            })
            .collect()
            .await
    }

    /// See [`horizon_of`]; `u64::MAX` if there is too much to read.
    async fn horizon(&self, conversation_id: u64, since: u64) -> Result<u64, Failure> {
        let mut horizon = 0;
        let mut from_sequence = 0;
        // most conversations were quiet: one message tells
        let mut limit = 1;
        for _ in 0..=HORIZON_PAGES {
            let request = ReadMessagesRequest {
                conversation_id,
                from_sequence,
                forward: false,
                limit,
                ..Default::default()
            };
            let page = self.repo.read_messages(Context::internal(), request).await?.messages;
            let (latest, complete) = horizon_of(&page, since);
            horizon = horizon.max(latest);
            let oldest = page.last().map_or(0, |message| message.sequence);
            if complete || oldest <= 1 {
                return Ok(horizon);
            }
            from_sequence = oldest - 1;
            limit = PAGE;
        }
        Ok(u64::MAX)
    }
}

fn horizon_unknown(error: &Failure) {
    tracing::warn!(error = error as &dyn std::error::Error, "horizon unknown");
}

/// Whether a message that was stored at this time may bear an id that counts for the horizon.
fn may_count(sent_at: u64, since: u64) -> bool {
    sent_at + MAX_AHEAD_MS + 2 * SKEW_MS >= since
}

/// The latest id time among those of these messages, newest first, that may have been handled before `since` and bear a later id; and whether
/// they reach back far enough.
pub(super) fn horizon_of(messages: &[Message], since: u64) -> (u64, bool) {
    let mut horizon = 0;
    for message in messages {
        let sent_at = sent_at_ms(message);
        if !may_count(sent_at, since) {
            return (horizon, true);
        }
        if sent_at <= since + SKEW_MS {
            let id = uuid::Uuid::try_parse(&message.client_message_id).unwrap_or_default();
            horizon = horizon.max(made_at_ms(id.as_bytes()).unwrap_or(u64::MAX));
        }
    }
    (horizon, false)
}
