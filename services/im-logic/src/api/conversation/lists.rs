//! Lists, in pages.

use super::Conversations;
use crate::rules::send::Standing;
use im_schema::{
    errors::{ListConversationsError, ListMembersError},
    internal::v1::{ConversationPosition, PageConversationsRequest, PageMembersRequest},
    rpc::{Caller, Context},
    v1::{Conversation, ListConversationsRequest, ListConversationsResponse, ListMembersRequest, ListMembersResponse},
    wkt::Timestamp,
};

impl Conversations {
    pub(super) async fn conversations(
        &self,
        caller: &Caller,
        request: &ListConversationsRequest,
    ) -> Result<ListConversationsResponse, ListConversationsError> {
        let page = self.pages.open(caller, request)?;
        let from = page.from.clone().unwrap_or_default();
        let read = PageConversationsRequest {
            user_id: caller.user.0,
            limit: page.size,
            before_ms: from.active_at_ms,
            before_id: from.conversation_id,
            ..Default::default()
        };
        let found = self.repo.page_conversations(Context::internal(), read).await?;
        let last = found.conversations.last().filter(|_| found.more).map(position);
        Ok(ListConversationsResponse {
            next_page_token: page.next(last.as_ref()),
            conversations: found.conversations,
            ..Default::default()
        })
    }

    pub(super) async fn members(
        &self,
        caller: &Caller,
        request: &ListMembersRequest,
    ) -> Result<ListMembersResponse, ListMembersError> {
        let conversation_id = request.conversation_id;
        if self.rosters.standing(conversation_id, caller.user.0).await? == Standing::Stranger {
            return Err(ListMembersError::conversation_not_found(""));
        }
        let page = self.pages.open(caller, request)?;
        let read = PageMembersRequest {
            conversation_id,
            after_user_id: page.from.unwrap_or_default(),
            limit: page.size,
            ..Default::default()
        };
        let found = self.repo.page_members(Context::internal(), read).await?;
        let last = found.members.last().filter(|_| found.more).map(|last| last.user_id);
        Ok(ListMembersResponse {
            next_page_token: page.next(last.as_ref()),
            members: found.members,
            ..Default::default()
        })
    }
}

/// The place behind a conversation in the order of activity.
fn position(last: &Conversation) -> ConversationPosition {
    ConversationPosition {
        active_at_ms: last.last_activity_at.as_ref().map_or(0, Timestamp::millis),
        conversation_id: last.conversation_id,
        ..Default::default()
    }
}
