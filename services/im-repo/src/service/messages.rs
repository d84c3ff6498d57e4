use super::users::missing;
use crate::{
    cache::Tails,
    store::{ClientMessageId, Head, MessageRecord, NewMessage, Place, Store, StoreError, StoreOutcome},
};
use async_trait::async_trait;
use im_infra::trace;
use im_schema::{
    errors::{ReadHeadsError, ReadMessagesError, StoreMessagesError},
    failure::Failure,
    ids::ConversationId,
    internal::v1::{
        self as proto, ReadHeadsRequest, ReadHeadsResponse, ReadMessagesRequest, ReadMessagesResponse,
        StoreMessagesRequest, StoreMessagesResponse, store_outcome::Kind,
    },
    rpc::Peer,
    services::MessageRepo,
    v1::{Content, Message},
    wkt::Timestamp,
};
use prost::Message as _;
use std::{collections::HashSet, ops::RangeInclusive, sync::Arc};

/// No page is larger, whatever was asked for.
const LARGEST_PAGE: u32 = 10_000;

/// Messages.
pub(super) struct Messages {
    pub(super) store: Arc<dyn Store>,
    pub(super) tails: Option<Arc<Tails>>,
}

/// What of a conversation is asked for.
struct Wanted {
    conversation: ConversationId,
    /// 0 for the oldest or the newest.
    from: u64,
    forward: bool,
    limit: u32,
}

impl Wanted {
    /// The sequences, if the conversation has come as far as `head`.
    fn sequences(&self, head: u64) -> RangeInclusive<u64> {
        let limit = u64::from(self.limit);
        if self.forward {
            let first = self.from.max(1);
            return first..=first.saturating_add(limit).saturating_sub(1).min(head);
        }
        let last = if self.from == 0 { head } else { self.from.min(head) };
        (last + 1).saturating_sub(limit).max(1)..=last
    }
}

impl Messages {
    async fn load(&self, wanted: &Wanted) -> Result<(Vec<Message>, u64), Failure> {
        let Wanted {
            conversation,
            from,
            forward,
            limit,
        } = *wanted;
        let (messages, head) = self.store.read_messages(conversation, from, forward, limit).await?;
        Ok((messages.iter().map(shown).collect::<Result<_, _>>()?, head))
    }

    /// Served from what is kept if all of it is there.
    async fn read(&self, tails: &Tails, wanted: &Wanted) -> Result<(Vec<Message>, u64), Failure> {
        let heads = self.store.read_heads(&[wanted.conversation]).await?;
        let head = heads.first().map_or(0, |head| head.last_sequence);
        let sequences = wanted.sequences(head);
        if sequences.is_empty() {
            return Ok((Vec::new(), head));
        }
        let conversation = wanted.conversation.into();
        if let Some(mut messages) = tails.read(conversation, sequences.clone(), head).await {
            if !wanted.forward {
                messages.reverse();
            }
            return Ok((messages, head));
        }
        let (messages, later) = self.load(wanted).await?;
        if *sequences.end() == head {
            tails.warm(conversation, &messages).await;
        }
        Ok((messages, later))
    }

    async fn hot(&self, messages: &[proto::NewMessage]) -> HashSet<u64> {
        match &self.tails {
            Some(tails) => tails.hot(messages.iter().filter_map(conversation_of)).await,
            None => HashSet::new(),
        }
    }
}

#[async_trait]
impl MessageRepo for Messages {
    async fn store_messages(
        &self,
        _: Peer,
        request: StoreMessagesRequest,
    ) -> Result<StoreMessagesResponse, StoreMessagesError> {
        let messages = request.messages.iter().map(unpacked).collect::<Result<Vec<_>, _>>()?;
        let mut sql = trace::here("repo.sql");
        if let Some(sql) = &mut sql {
            sql.note("batch.size", messages.len() as u64);
        }
        let (outcomes, hot) = tokio::join!(
            self.store.store_messages(messages, request.now_ms),
            self.hot(&request.messages)
        );
        let outcomes = outcomes.map_err(Failure::from)?;
        drop(sql);
        if let Some(tails) = self.tails.as_ref().filter(|_| !hot.is_empty()) {
            tails.add(stored(&request.messages, &outcomes, &hot)).await;
        }
        Ok(StoreMessagesResponse {
            outcomes: outcomes.into_iter().map(told).collect(),
            ..Default::default()
        })
    }

    async fn read_messages(
        &self,
        _: Peer,
        request: ReadMessagesRequest,
    ) -> Result<ReadMessagesResponse, ReadMessagesError> {
        let wanted = Wanted {
            conversation: request.conversation(),
            from: request.from_sequence,
            forward: request.forward,
            limit: request.limit.min(LARGEST_PAGE),
        };
        let (messages, last_sequence) = match &self.tails {
            Some(tails) => self.read(tails, &wanted).await?,
            None => self.load(&wanted).await?,
        };
        Ok(ReadMessagesResponse {
            messages,
            last_sequence,
            ..Default::default()
        })
    }

    async fn read_heads(&self, _: Peer, request: ReadHeadsRequest) -> Result<ReadHeadsResponse, ReadHeadsError> {
        let conversations: Vec<_> = request.conversations().collect();
        let heads = self.store.read_heads(&conversations).await.map_err(Failure::from)?;
        let head = |head: Head| proto::Head {
            conversation_id: head.conversation.into(),
            last_sequence: head.last_sequence,
            last_at_ms: head.last_at_ms,
            ..Default::default()
        };
        Ok(ReadHeadsResponse {
            heads: heads.into_iter().map(head).collect(),
            ..Default::default()
        })
    }
}

fn conversation_of(message: &proto::NewMessage) -> Option<u64> {
    Some(message.upstream.as_ref()?.conversation_id)
}

/// Those of the messages that are new, in these conversations, as they are shown.
fn stored<'a>(
    messages: &'a [proto::NewMessage],
    outcomes: &'a [StoreOutcome],
    conversations: &'a HashSet<u64>,
) -> impl Iterator<Item = Message> + 'a {
    messages.iter().zip(outcomes).filter_map(|(message, outcome)| {
        let StoreOutcome::Stored(place) = outcome else {
            return None;
        };
        let upstream = message.upstream.as_ref()?;
        let wanted = conversations.contains(&upstream.conversation_id);
        wanted.then(|| Message {
            message_id: place.id.into(),
            conversation_id: upstream.conversation_id,
            sequence: place.sequence,
            sender_id: upstream.sender_id,
            client_message_id: upstream
                .client_message_id
                .as_ref()
                .try_into()
                .map_or_else(|_| String::new(), hyphenated),
            content: upstream.content.clone(),
            sent_at: Some(Timestamp::from_millis(place.sent_at_ms)),
            ..Default::default()
        })
    })
}

fn unpacked(message: &proto::NewMessage) -> Result<NewMessage, Failure> {
    let id = message.message();
    let upstream = message.upstream.as_ref().ok_or_else(|| missing("upstream"))?;
    let client_id = upstream
        .client_message_id
        .as_ref()
        .try_into()
        .map_err(|_| missing("clientMessageId"))?;
    let content = upstream
        .content
        .as_ref()
        .ok_or_else(|| missing("content"))?
        .encode_to_vec();
    Ok(NewMessage {
        id,
        conversation: upstream.conversation(),
        sender: upstream.sender(),
        client_id,
        content,
        accepted_at_ms: upstream.accepted_at_ms,
        verify: message.verify,
    })
}

fn told(outcome: StoreOutcome) -> proto::StoreOutcome {
    let (kind, place) = match outcome {
        StoreOutcome::Stored(place) => (Kind::Stored, Some(place)),
        StoreOutcome::Duplicate(place) => (Kind::Duplicate, Some(place)),
        StoreOutcome::Conflict(place) => (Kind::Conflict, Some(place)),
        StoreOutcome::NoConversation => (Kind::NoConversation, None),
        StoreOutcome::TooOld => (Kind::TooOld, None),
    };
    let place = place.unwrap_or(Place {
        id: 0.into(),
        sequence: 0,
        sent_at_ms: 0,
    });
    proto::StoreOutcome {
        kind: kind.into(),
        message_id: place.id.into(),
        sequence: place.sequence,
        sent_at_ms: place.sent_at_ms,
        ..Default::default()
    }
}

/// A message as it is shown.
pub(super) fn shown(record: &MessageRecord) -> Result<Message, Failure> {
    let content = Content::decode(record.content.as_slice()).map_err(|error| {
        Failure::from(StoreError::Unreadable {
            what: "a message's content",
        })
        .because(error)
    })?;
    Ok(Message {
        message_id: record.id.into(),
        conversation_id: record.conversation.into(),
        sequence: record.sequence,
        sender_id: record.sender.into(),
        client_message_id: hyphenated(&record.client_id),
        content: Some(content),
        sent_at: Some(Timestamp::from_millis(record.sent_at_ms)),
        ..Default::default()
    })
}

/// The text of a UUID.
fn hyphenated(id: &ClientMessageId) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(36);
    for (index, byte) in id.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push(DIGITS[usize::from(byte >> 4)].into());
        text.push(DIGITS[usize::from(byte & 15)].into());
    }
    text
}
