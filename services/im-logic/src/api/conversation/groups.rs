//! Groups as a whole: creating, renaming.

use super::{Conversations, actor};
use crate::{
    api::{fresh, time, whole},
    rules::group::fits,
};
use im_schema::{
    errors::{CreateGroupError, RenameGroupError},
    failure::Failure,
    ids::{ConversationId, UserId},
    internal::v1::{InsertGroupRequest, SetTitleRequest},
    rpc::Context,
    v1::{ConversationChange, CreateGroupRequest, CreateGroupResponse, RenameGroupRequest, RenameGroupResponse},
};

impl Conversations {
    pub(super) async fn create(
        &self,
        owner: UserId,
        request: CreateGroupRequest,
    ) -> Result<CreateGroupResponse, CreateGroupError> {
        let CreateGroupRequest {
            title, mut user_ids, ..
        } = request;
        user_ids.retain(|user| *user != owner.0);
        fits(user_ids.len() + 1, self.config.max_group_members).map_err(Failure::from)?;
        let group = ConversationId(fresh(&self.ids)?);
        let insert = InsertGroupRequest {
            conversation_id: group.0,
            title: title.clone(),
            owner_id: owner.0,
            user_ids: user_ids.clone(),
            created_at: time(self.clock.now_ms()),
            ..Default::default()
        };
        let own = self.clone();
        let conversation = whole(async move {
            let conversation = own.repo.insert_group(Context::internal(), insert).await?.conversation;
            own.rosters.changed(group.0).await;
            user_ids.push(owner.0);
            own.notices
                .changed(group, ConversationChange::Joined, &title, &user_ids)
                .await;
            Ok(conversation)
        })
        .await?;
        Ok(CreateGroupResponse {
            conversation,
            ..Default::default()
        })
    }

    pub(super) async fn rename(
        &self,
        user: UserId,
        request: RenameGroupRequest,
    ) -> Result<RenameGroupResponse, RenameGroupError> {
        let RenameGroupRequest {
            conversation_id, title, ..
        } = request;
        let mut conversation = self.load(user, conversation_id).await?;
        actor(&conversation).may_rename().map_err(Failure::from)?;
        let set = SetTitleRequest {
            conversation_id,
            title: title.clone(),
            ..Default::default()
        };
        conversation.title.clone_from(&title);
        let own = self.clone();
        whole(async move {
            own.repo.set_title(Context::internal(), set).await?;
            own.rosters.changed(conversation_id).await;
            let id = ConversationId(conversation_id);
            own.notices.members(id, ConversationChange::Renamed, &title, &[]).await;
            Ok(())
        })
        .await?;
        Ok(RenameGroupResponse {
            conversation: Some(conversation),
            ..Default::default()
        })
    }
}
