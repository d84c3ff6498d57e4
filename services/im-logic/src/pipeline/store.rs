//! Ids, and one call to im-repo for the whole batch.

use super::Accepted;
use im_infra::ids::Snowflake;
use im_schema::{
    failure::Failure,
    internal::v1::{NewMessage, Origin, StoreMessagesRequest, StoreOutcome, Upstream},
    parlance::Reason,
    rpc::Context,
    services::MessageRepoClient,
};
use std::{ops::RangeInclusive, sync::Arc};

/// Stores batches.
pub(crate) struct Store {
    repo: MessageRepoClient,
    ids: Arc<Snowflake>,
}

/// What became of a batch.
pub(super) struct Settled {
    /// Each message with its outcome, in order.
    pub(super) messages: Vec<(Upstream, StoreOutcome)>,
    /// The ids that this attempt gave.
    pub(super) ids: RangeInclusive<u64>,
}

impl Settled {
    /// Adds messages that were stored before; within a conversation all are told in the order of their sequences.
    pub(super) fn join(&mut self, known: Vec<(Upstream, StoreOutcome)>) {
        if !known.is_empty() {
            self.messages.extend(known);
            self.messages.sort_by_key(|(_, outcome)| outcome.sequence);
        }
    }
}

impl Store {
    pub(crate) fn new(repo: MessageRepoClient, ids: Arc<Snowflake>) -> Self {
        Self { repo, ids }
    }

    /// Stores messages in order, each once.
    ///
    /// # Errors
    /// Those of im-repo: it is not known then whether the messages are stored, and the same messages must be tried again, to be verified.
    /// `UNAVAILABLE` if this process may make no more ids.
    pub(super) async fn store(&self, accepted: Vec<Accepted>, now_ms: u64) -> Result<Settled, Failure> {
        let ids = self.ids.next_many(accepted.len()).map_err(|error| {
            Failure::new(Reason::Unavailable, "").caused_by(Arc::new(error) as Arc<dyn std::error::Error + Send + Sync>)
        })?;
        let (Some(first), Some(last)) = (ids.first().copied(), ids.last().copied()) else {
            return Ok(Settled {
                messages: Vec::new(),
                ids: RangeInclusive::new(1, 0),
            });
        };
        let message = |(Accepted { upstream, verify }, message_id): (&Accepted, u64)| NewMessage {
            message_id,
            upstream: Some(without_origin(upstream)),
            verify: *verify,
            ..Default::default()
        };
        let messages: Vec<_> = accepted.iter().zip(ids).map(message).collect();
        let request = StoreMessagesRequest {
            messages,
            now_ms,
            ..Default::default()
        };
        let outcomes = self.repo.store_messages(Context::internal(), request).await?.outcomes;
        if outcomes.len() != accepted.len() {
            return Err(Failure::new(
                Reason::Internal,
                "the store answered for another number of messages",
            ));
        }
        let upstreams = accepted.into_iter().map(|accepted| accepted.upstream);
        Ok(Settled {
            messages: upstreams.zip(outcomes).collect(),
            ids: first..=last,
        })
    }
}

/// The store has no use for where a message came from.
fn without_origin(upstream: &Upstream) -> Upstream {
    Upstream {
        conversation_id: upstream.conversation_id,
        sender_id: upstream.sender_id,
        client_message_id: upstream.client_message_id.clone(),
        content: upstream.content.clone(),
        accepted_at_ms: upstream.accepted_at_ms,
        origin: None::<Origin>,
        ..Default::default()
    }
}
