//! Lists, in pages.

use super::Conversations;
use crate::rules::{
    page::{self, List},
    send::Standing,
};
use im_schema::{
    errors::{ListConversationsError, ListMembersError},
    ids::UserId,
    internal::v1::{PageConversationsRequest, PageMembersRequest},
    rpc::Context,
    v1::{Conversation, ListConversationsRequest, ListConversationsResponse, ListMembersRequest, ListMembersResponse},
    wkt::Timestamp,
};

impl Conversations {
    pub(super) async fn conversations(
        &self,
        user: UserId,
        request: &ListConversationsRequest,
    ) -> Result<ListConversationsResponse, ListConversationsError> {
        let list = List::Conversations(user.0);
        let (before_ms, before_id) = page::position(list, &request.page_token)?;
        let limit = if request.page_size == 0 { 50 } else { request.page_size };
        let page = PageConversationsRequest {
            user_id: user.0,
            limit,
            before_ms,
            before_id,
            ..Default::default()
        };
        let page = self.repo.page_conversations(Context::internal(), page).await?;
        let last_seen = |last: &Conversation| {
            let last_activity = last.last_activity_at.as_ref().map_or(0, Timestamp::millis);
            page::token(list, (last_activity, last.conversation_id))
        };
        let next_page_token = page
            .conversations
            .last()
            .filter(|_| page.more)
            .map(last_seen)
            .unwrap_or_default();
        Ok(ListConversationsResponse {
            conversations: page.conversations,
            next_page_token,
            ..Default::default()
        })
    }

    pub(super) async fn members(
        &self,
        user: UserId,
        request: &ListMembersRequest,
    ) -> Result<ListMembersResponse, ListMembersError> {
        let conversation_id = request.conversation_id;
        if self.rosters.standing(conversation_id, user.0).await? == Standing::Stranger {
            return Err(ListMembersError::conversation_not_found(""));
        }
        let list = List::Members(conversation_id);
        let (after_user_id, _) = page::position(list, &request.page_token)?;
        let limit = if request.page_size == 0 { 100 } else { request.page_size };
        let page = PageMembersRequest {
            conversation_id,
            after_user_id,
            limit,
            ..Default::default()
        };
        let page = self.repo.page_members(Context::internal(), page).await?;
        let last = page.members.last().filter(|_| page.more);
        let next_page_token = last
            .map(|last| page::token(list, (last.user_id, 0)))
            .unwrap_or_default();
        Ok(ListMembersResponse {
            members: page.members,
            next_page_token,
            ..Default::default()
        })
    }
}
