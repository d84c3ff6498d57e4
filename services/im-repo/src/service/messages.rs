use super::users::missing;
use crate::store::{ClientMessageId, Head, MessageRecord, NewMessage, Place, Store, StoreError, StoreOutcome};
use async_trait::async_trait;
use im_infra::trace;
use im_schema::{
    errors::{ReadHeadsError, ReadMessagesError, StoreMessagesError},
    failure::Failure,
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
use std::sync::Arc;

/// No page is larger, whatever was asked for.
const LARGEST_PAGE: u32 = 10_000;

/// Messages.
pub(super) struct Messages {
    pub(super) store: Arc<dyn Store>,
}

#[async_trait]
impl MessageRepo for Messages {
    async fn store_messages(
        &self,
        _: Peer,
        request: StoreMessagesRequest,
    ) -> Result<StoreMessagesResponse, StoreMessagesError> {
        let messages = request
            .messages
            .into_iter()
            .map(unpacked)
            .collect::<Result<Vec<_>, _>>()?;
        let mut sql = trace::here("repo.sql");
        if let Some(sql) = &mut sql {
            sql.note("batch.size", messages.len() as u64);
        }
        let outcomes = self
            .store
            .store_messages(messages, request.now_ms)
            .await
            .map_err(Failure::from)?;
        drop(sql);
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
        let limit = request.limit.min(LARGEST_PAGE);
        let (messages, last_sequence) = self
            .store
            .read_messages(request.conversation(), request.from_sequence, request.forward, limit)
            .await
            .map_err(Failure::from)?;
        let messages = messages.iter().map(shown).collect::<Result<_, _>>()?;
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

fn unpacked(message: proto::NewMessage) -> Result<NewMessage, Failure> {
    let id = message.message();
    let upstream = message.upstream.ok_or_else(|| missing("upstream"))?;
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
