//! Sending, history, read positions.

use crate::{
    notices::Notices,
    rosters::Rosters,
    rules::send::{self, Standing},
    waiters::Waiters,
};
use async_trait::async_trait;
use im_infra::{clock::SharedClock, topics::Producer, trace};
use im_schema::{
    errors::{ListMessagesError, MarkReadError, SendMessageError},
    internal::v1::{AdvanceReadRequest, ReadMessagesRequest, Upstream, downstream::Event},
    page::List as _,
    rpc::{Caller, Context},
    services::{ConversationRepoClient, MessageRepoClient, MessageService},
    v1::{
        ListDirection, ListMessagesRequest, ListMessagesResponse, MarkReadRequest, MarkReadResponse, ReadMoved,
        SendMessageRequest, SendMessageResponse,
    },
};
use std::{sync::Arc, time::Duration};

/// The service.
pub(crate) struct Messages {
    pub(crate) conversations: ConversationRepoClient,
    pub(crate) messages: MessageRepoClient,
    pub(crate) rosters: Arc<Rosters>,
    pub(crate) notices: Arc<Notices>,
    pub(crate) upstream: Producer<Upstream>,
    pub(crate) waiters: Arc<Waiters>,
    pub(crate) clock: SharedClock,
    pub(crate) send_wait: Duration,
}

#[async_trait]
impl MessageService for Messages {
    async fn send_message(
        &self,
        caller: Caller,
        request: SendMessageRequest,
    ) -> Result<SendMessageResponse, SendMessageError> {
        let accepted_at_ms = self.clock.now_ms();
        let client_message_id = uuid::Uuid::try_parse(&request.client_message_id).unwrap_or_default();
        let standing = self.rosters.standing(request.conversation_id, caller.user.0).await?;
        send::decide(standing, client_message_id.as_bytes(), accepted_at_ms).map_err(send::Refusal::failure)?;
        let waiter = self.waiters.wait();
        let upstream = Upstream {
            conversation_id: request.conversation_id,
            sender_id: caller.user.0,
            client_message_id: client_message_id.into_bytes().to_vec().into(),
            content: request.content,
            accepted_at_ms,
            origin: Some(waiter.origin()),
            ..Default::default()
        };
        let hop = trace::here("logic.append");
        self.upstream.append(vec![upstream]).await?;
        drop(hop);
        let message = waiter.fate(self.send_wait).await.transpose()?;
        Ok(SendMessageResponse {
            message,
            ..Default::default()
        })
    }

    async fn list_messages(
        &self,
        caller: Caller,
        request: ListMessagesRequest,
    ) -> Result<ListMessagesResponse, ListMessagesError> {
        if self.rosters.standing(request.conversation_id, caller.user.0).await? == Standing::Stranger {
            return Err(ListMessagesError::not_a_member(""));
        }
        let forward = request.direction() == ListDirection::Forward;
        let read = ReadMessagesRequest {
            conversation_id: request.conversation_id,
            from_sequence: request.from_sequence,
            forward,
            limit: request.size(),
            ..Default::default()
        };
        let page = self.messages.read_messages(Context::internal(), read).await?;
        let next_sequence = match page.messages.last() {
            Some(last) if forward && last.sequence < page.last_sequence => last.sequence + 1,
            Some(last) if !forward => last.sequence - 1,
            _ => 0,
        };
        Ok(ListMessagesResponse {
            messages: page.messages,
            next_sequence,
            ..Default::default()
        })
    }

    async fn mark_read(&self, caller: Caller, request: MarkReadRequest) -> Result<MarkReadResponse, MarkReadError> {
        let MarkReadRequest {
            conversation_id,
            sequence,
            ..
        } = request;
        let advance = AdvanceReadRequest {
            conversation_id,
            user_id: caller.user.0,
            sequence,
            ..Default::default()
        };
        let position = self.conversations.advance_read(Context::internal(), advance).await?;
        let (read_sequence, unread_count) = (position.read_sequence, position.unread_count);
        if position.moved {
            let moved = ReadMoved {
                conversation_id,
                read_sequence,
                unread_count,
                ..Default::default()
            };
            self.notices.tell(&[caller.user.0], Event::ReadMoved(moved)).await;
        }
        Ok(MarkReadResponse {
            read_sequence,
            unread_count,
            ..Default::default()
        })
    }
}
