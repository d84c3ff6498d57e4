//! Notices to users who are online: what changed about a conversation, a read position, a session. Only for convenience: who misses one
//! learns the same by asking, so a failure is logged and nothing more.

use crate::rosters::{Rosters, users};
use im_infra::{log::Log, routing::Routing, topics::Outbox};
use im_schema::{
    failure::Failure,
    ids::{ConversationId, SessionId, UserId},
    internal::v1::{Downstream, PageMemberIdsRequest, SessionsEnded, downstream::Event},
    rpc::Context,
    services::ConversationRepoClient,
    v1::{ConversationChange, ConversationChanged},
};
use prost::Message as _;
use std::sync::Arc;

/// How many members of a large group are looked up at once.
const PAGE: u32 = 1_000;

/// Tells users who are online.
pub(crate) struct Notices {
    log: Arc<dyn Log>,
    routing: Arc<Routing>,
    rosters: Arc<Rosters>,
    repo: ConversationRepoClient,
}

impl Notices {
    /// Notices go over `log` to where `routing` finds the users.
    #[must_use]
    pub(crate) fn new(
        log: Arc<dyn Log>,
        routing: Arc<Routing>,
        rosters: Arc<Rosters>,
        repo: ConversationRepoClient,
    ) -> Self {
        Self {
            log,
            routing,
            rosters,
            repo,
        }
    }

    /// Tells these users, on all their devices.
    pub(crate) async fn tell(&self, recipients: &[u64], event: Event) {
        if let Err(error) = self.try_tell(recipients, event).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "notice not sent");
        }
    }

    /// Tells a user's gateways that sessions ended, so that they close the connections.
    pub(crate) async fn sessions_ended(&self, user: UserId, sessions: &[SessionId]) {
        if !sessions.is_empty() {
            let session_ids = sessions.iter().map(|session| session.0).collect();
            self.tell(
                &[user.0],
                Event::SessionsEnded(SessionsEnded {
                    session_ids,
                    ..Default::default()
                }),
            )
            .await;
        }
    }

    /// Tells these users what changed about a conversation for them.
    pub(crate) async fn changed(
        &self,
        conversation: ConversationId,
        change: ConversationChange,
        title: &str,
        who: &[u64],
    ) {
        self.tell(who, changed(conversation, change, title)).await;
    }

    /// Tells all members but some what changed about their conversation.
    pub(crate) async fn members(
        &self,
        conversation: ConversationId,
        change: ConversationChange,
        title: &str,
        except: &[u64],
    ) {
        if let Err(error) = self
            .try_members(conversation, changed(conversation, change, title), except)
            .await
        {
            tracing::warn!(conversation.id = %conversation, error = &error as &dyn std::error::Error, "notice not sent");
        }
    }

    async fn try_members(&self, conversation: ConversationId, event: Event, except: &[u64]) -> Result<(), Failure> {
        let others = |ids: &[u64]| {
            ids.iter()
                .copied()
                .filter(|user| !except.contains(user))
                .collect::<Vec<_>>()
        };
        let Some(roster) = self.rosters.of(conversation.0).await? else {
            return Ok(());
        };
        if let Some(all) = roster.users() {
            return self.try_tell(&others(all), event).await;
        }
        let mut request = PageMemberIdsRequest {
            conversation_id: conversation.0,
            after_user_id: 0,
            limit: PAGE,
            ..Default::default()
        };
        loop {
            let page = self.repo.page_member_ids(Context::internal(), request.clone()).await?;
            self.try_tell(&others(&page.user_ids), event.clone()).await?;
            match page.user_ids.last() {
                Some(last) if page.more => request.after_user_id = *last,
                _ => return Ok(()),
            }
        }
    }

    async fn try_tell(&self, recipients: &[u64], event: Event) -> Result<(), Failure> {
        let located = self.routing.locate(users(recipients)).await;
        let shared = Downstream {
            recipients: Vec::new(),
            event: Some(event),
            ..Default::default()
        }
        .encode_to_vec();
        let mut outbox = Outbox::new();
        for (gateway, recipients) in located
            .gateways
            .iter()
            .zip(located.by_gateway(recipients.iter().copied()))
        {
            let own = Downstream {
                recipients,
                event: None,
                ..Default::default()
            }
            .encode_to_vec();
            outbox.add_parts_for::<Downstream>(gateway, &[&own, &shared]);
        }
        outbox.append(&*self.log).await
    }
}

fn changed(conversation: ConversationId, change: ConversationChange, title: &str) -> Event {
    Event::ConversationChanged(ConversationChanged {
        conversation_id: conversation.0,
        change: change as i32,
        title: title.to_owned(),
        ..Default::default()
    })
}
