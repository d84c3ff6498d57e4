//! Members of groups: adding, removing, leaving, roles.

use super::{Conversations, actor};
use crate::{
    api::{time, whole},
    rules::group::fits,
};
use im_schema::{
    errors::{AddMembersError, ChangeRoleError, LeaveGroupError, RemoveMemberError},
    failure::Failure,
    ids::{ConversationId, UserId},
    internal::v1::{DeleteMemberRequest, InsertMembersRequest, SetRoleRequest},
    parlance::Reason,
    rpc::Context,
    v1::{
        AddMembersRequest, AddMembersResponse, ChangeRoleRequest, ChangeRoleResponse, ConversationChange,
        LeaveGroupResponse, RemoveMemberRequest, RemoveMemberResponse,
    },
};

impl Conversations {
    pub(super) async fn add(
        &self,
        user: UserId,
        request: AddMembersRequest,
    ) -> Result<AddMembersResponse, AddMembersError> {
        let AddMembersRequest {
            conversation_id,
            user_ids,
            ..
        } = request;
        let conversation = self.load(user, conversation_id).await?;
        actor(&conversation).may_add().map_err(Failure::from)?;
        // more than the rest of the room in any case; the store counts exactly
        fits(user_ids.len(), self.config.max_group_members).map_err(Failure::from)?;
        let insert = InsertMembersRequest {
            conversation_id,
            user_ids,
            joined_at: time(self.clock.now_ms()),
            max_members: self.config.max_group_members,
            ..Default::default()
        };
        let (own, title) = (self.clone(), conversation.title.clone());
        let added = whole(async move {
            let answer = own.repo.insert_members(Context::internal(), insert).await?;
            let added = answer.added_user_ids;
            if !added.is_empty() {
                own.rosters.changed(conversation_id).await;
                let id = ConversationId(conversation_id);
                own.notices
                    .changed(id, ConversationChange::Joined, &title, &added)
                    .await;
                own.notices
                    .members(id, ConversationChange::Members, &title, &added)
                    .await;
            }
            Ok(added)
        })
        .await?;
        let conversation = if added.is_empty() {
            conversation
        } else {
            self.load(user, conversation_id).await?
        };
        Ok(AddMembersResponse {
            conversation: Some(conversation),
            added_user_ids: added,
            ..Default::default()
        })
    }

    pub(super) async fn remove(
        &self,
        user: UserId,
        request: RemoveMemberRequest,
    ) -> Result<RemoveMemberResponse, RemoveMemberError> {
        let RemoveMemberRequest {
            conversation_id,
            user_id,
            ..
        } = request;
        let conversation = self.load(user, conversation_id).await?;
        let target = self.role(conversation_id, user_id).await?;
        actor(&conversation).may_remove(target).map_err(Failure::from)?;
        let delete = DeleteMemberRequest {
            conversation_id,
            user_id,
            ..Default::default()
        };
        let own = self.clone();
        whole(async move {
            own.repo.delete_member(Context::internal(), delete).await?;
            own.gone(conversation_id, user_id, &conversation.title).await;
            Ok(())
        })
        .await?;
        Ok(RemoveMemberResponse::default())
    }

    pub(super) async fn leave(
        &self,
        user: UserId,
        conversation_id: u64,
    ) -> Result<LeaveGroupResponse, LeaveGroupError> {
        let conversation = self.load(user, conversation_id).await?;
        actor(&conversation).may_leave().map_err(Failure::from)?;
        let delete = DeleteMemberRequest {
            conversation_id,
            user_id: user.0,
            ..Default::default()
        };
        let own = self.clone();
        whole(async move {
            match own.repo.delete_member(Context::internal(), delete).await {
                // removed by another at the same moment
                Err(failure) if failure.reason() != Reason::MemberNotFound => return Err(failure),
                _ => own.gone(conversation_id, user.0, &conversation.title).await,
            }
            Ok(())
        })
        .await?;
        Ok(LeaveGroupResponse::default())
    }

    pub(super) async fn give_role(
        &self,
        user: UserId,
        request: &ChangeRoleRequest,
    ) -> Result<ChangeRoleResponse, ChangeRoleError> {
        let (conversation_id, user_id) = (request.conversation_id, request.user_id);
        let conversation = self.load(user, conversation_id).await?;
        let target = self.role(conversation_id, user_id).await?;
        actor(&conversation)
            .may_change_role(target, request.role())
            .map_err(Failure::from)?;
        let set = SetRoleRequest {
            conversation_id,
            user_id,
            role: request.role,
            ..Default::default()
        };
        let own = self.clone();
        let member = whole(async move {
            let member = own.repo.set_role(Context::internal(), set).await?.member;
            own.rosters.changed(conversation_id).await;
            let id = ConversationId(conversation_id);
            own.notices
                .members(id, ConversationChange::Members, &conversation.title, &[])
                .await;
            Ok(member)
        })
        .await?;
        Ok(ChangeRoleResponse {
            member,
            ..Default::default()
        })
    }

    /// Somebody is no longer a member.
    async fn gone(&self, conversation_id: u64, user_id: u64, title: &str) {
        self.rosters.changed(conversation_id).await;
        let id = ConversationId(conversation_id);
        self.notices
            .changed(id, ConversationChange::Left, title, &[user_id])
            .await;
        self.notices.members(id, ConversationChange::Members, title, &[]).await;
    }
}
