//! Direct conversations and groups.

mod groups;
mod lists;
mod members;
mod open;

use crate::{config::Config, notices::Notices, rosters::Rosters, rules::group::Actor};
use async_trait::async_trait;
use im_infra::{clock::SharedClock, ids::Snowflake};
use im_schema::{
    errors::{
        AddMembersError, ChangeRoleError, CreateGroupError, GetConversationError, LeaveGroupError,
        ListConversationsError, ListMembersError, OpenDirectError, RemoveMemberError, RenameGroupError,
    },
    failure::Failure,
    ids::UserId,
    internal::v1::{ReadConversationsRequest, ReadStandingsRequest, Standing},
    page,
    parlance::Reason,
    rpc::{Caller, Context},
    services::{ConversationRepoClient, ConversationService},
    v1::{
        AddMembersRequest, AddMembersResponse, ChangeRoleRequest, ChangeRoleResponse, Conversation, CreateGroupRequest,
        CreateGroupResponse, GetConversationRequest, GetConversationResponse, LeaveGroupRequest, LeaveGroupResponse,
        ListConversationsRequest, ListConversationsResponse, ListMembersRequest, ListMembersResponse, MemberRole,
        OpenDirectRequest, OpenDirectResponse, RemoveMemberRequest, RemoveMemberResponse, RenameGroupRequest,
        RenameGroupResponse,
    },
};
use std::sync::Arc;

/// The service.
#[derive(Clone)]
pub(crate) struct Conversations {
    pub(crate) repo: ConversationRepoClient,
    pub(crate) rosters: Arc<Rosters>,
    pub(crate) notices: Arc<Notices>,
    pub(crate) ids: Arc<Snowflake>,
    pub(crate) clock: SharedClock,
    pub(crate) pages: page::Keys,
    pub(crate) config: Config,
}

impl Conversations {
    /// A conversation as a member sees it.
    async fn load(&self, user: UserId, conversation: u64) -> Result<Conversation, Failure> {
        let request = ReadConversationsRequest {
            user_id: user.0,
            conversation_ids: vec![conversation],
            ..Default::default()
        };
        let found = self
            .repo
            .read_conversations(Context::internal(), request)
            .await?
            .conversations
            .pop();
        found.ok_or_else(|| Failure::new(Reason::ConversationNotFound, ""))
    }

    /// The role of another user, if that one is a member.
    async fn role(&self, conversation_id: u64, user_id: u64) -> Result<Option<MemberRole>, Failure> {
        let request = ReadStandingsRequest {
            pairs: vec![Standing {
                conversation_id,
                user_id,
                role: 0,
                ..Default::default()
            }],
            ..Default::default()
        };
        let found = self
            .repo
            .read_standings(Context::internal(), request)
            .await?
            .standings
            .pop();
        Ok(found.map(|standing| standing.role()))
    }
}

fn actor(conversation: &Conversation) -> Actor {
    Actor {
        kind: conversation.kind(),
        role: conversation.role(),
    }
}

#[async_trait]
impl ConversationService for Conversations {
    async fn open_direct(
        &self,
        caller: Caller,
        request: OpenDirectRequest,
    ) -> Result<OpenDirectResponse, OpenDirectError> {
        self.open(caller.user, UserId(request.user_id)).await
    }

    async fn create_group(
        &self,
        caller: Caller,
        request: CreateGroupRequest,
    ) -> Result<CreateGroupResponse, CreateGroupError> {
        self.create(caller.user, request).await
    }

    async fn get_conversation(
        &self,
        caller: Caller,
        request: GetConversationRequest,
    ) -> Result<GetConversationResponse, GetConversationError> {
        Ok(GetConversationResponse {
            conversation: Some(self.load(caller.user, request.conversation_id).await?),
            ..Default::default()
        })
    }

    async fn list_conversations(
        &self,
        caller: Caller,
        request: ListConversationsRequest,
    ) -> Result<ListConversationsResponse, ListConversationsError> {
        self.conversations(&caller, &request).await
    }

    async fn rename_group(
        &self,
        caller: Caller,
        request: RenameGroupRequest,
    ) -> Result<RenameGroupResponse, RenameGroupError> {
        self.rename(caller.user, request).await
    }

    async fn add_members(
        &self,
        caller: Caller,
        request: AddMembersRequest,
    ) -> Result<AddMembersResponse, AddMembersError> {
        self.add(caller.user, request).await
    }

    async fn remove_member(
        &self,
        caller: Caller,
        request: RemoveMemberRequest,
    ) -> Result<RemoveMemberResponse, RemoveMemberError> {
        self.remove(caller.user, request).await
    }

    async fn leave_group(
        &self,
        caller: Caller,
        request: LeaveGroupRequest,
    ) -> Result<LeaveGroupResponse, LeaveGroupError> {
        self.leave(caller.user, request.conversation_id).await
    }

    async fn change_role(
        &self,
        caller: Caller,
        request: ChangeRoleRequest,
    ) -> Result<ChangeRoleResponse, ChangeRoleError> {
        self.give_role(caller.user, &request).await
    }

    async fn list_members(
        &self,
        caller: Caller,
        request: ListMembersRequest,
    ) -> Result<ListMembersResponse, ListMembersError> {
        self.members(&caller, &request).await
    }
}
