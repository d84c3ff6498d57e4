//! Direct conversations.

use super::Conversations;
use crate::api::{fresh, time, whole};
use im_schema::{
    errors::OpenDirectError,
    ids::{ConversationId, UserId},
    internal::v1::EnsureDirectRequest,
    rpc::Context,
    v1::{ConversationChange, OpenDirectResponse},
};

impl Conversations {
    pub(super) async fn open(&self, user: UserId, peer: UserId) -> Result<OpenDirectResponse, OpenDirectError> {
        if user == peer {
            return Err(OpenDirectError::peer_is_self(""));
        }
        let conversation = ConversationId(fresh(&self.ids)?);
        let request = EnsureDirectRequest {
            conversation_id: conversation.0,
            user_id: user.0,
            peer_id: peer.0,
            created_at: time(self.clock.now_ms()),
            ..Default::default()
        };
        let own = self.clone();
        let answer = whole(async move {
            let answer = own.repo.ensure_direct(Context::internal(), request).await?;
            if answer.created {
                own.rosters.changed(conversation.0).await;
                own.notices
                    .changed(conversation, ConversationChange::Joined, "", &[user.0, peer.0])
                    .await;
            }
            Ok(answer)
        })
        .await?;
        Ok(OpenDirectResponse {
            conversation: answer.conversation,
            ..Default::default()
        })
    }
}
