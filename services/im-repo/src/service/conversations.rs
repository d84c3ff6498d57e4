use super::{messages::shown as message, users::display_name};
use crate::store::{
    ConversationView, MemberDeleted, MemberRecord, MembersInserted, NewDirect, NewGroup, NewMembers, RoleSet,
    RosterRecord, Store,
};
use async_trait::async_trait;
use im_schema::{
    errors::{
        AdvanceReadError, DeleteMemberError, EnsureDirectError, InsertGroupError, InsertMembersError,
        PageConversationsError, PageMemberIdsError, PageMembersError, ReadConversationsError, ReadRostersError,
        ReadStandingsError, SetRoleError, SetTitleError,
    },
    failure::Failure,
    ids::{ConversationId, UserId},
    internal::v1::{
        AdvanceReadRequest, AdvanceReadResponse, DeleteMemberRequest, DeleteMemberResponse, EnsureDirectRequest,
        EnsureDirectResponse, InsertGroupRequest, InsertGroupResponse, InsertMembersRequest, InsertMembersResponse,
        PageConversationsRequest, PageConversationsResponse, PageMemberIdsRequest, PageMemberIdsResponse,
        PageMembersRequest, PageMembersResponse, ReadConversationsRequest, ReadConversationsResponse,
        ReadRostersRequest, ReadRostersResponse, ReadStandingsRequest, ReadStandingsResponse, Roster, SetRoleRequest,
        SetRoleResponse, SetTitleRequest, SetTitleResponse, Standing,
    },
    rpc::Peer,
    services::ConversationRepo,
    v1::{Conversation, Member},
    wkt::Timestamp,
};
use std::sync::Arc;

/// No page is larger, whatever was asked for.
const LARGEST_PAGE: u32 = 10_000;

/// Conversations and members.
pub(super) struct Conversations {
    pub(super) store: Arc<dyn Store>,
}

#[async_trait]
impl ConversationRepo for Conversations {
    async fn ensure_direct(
        &self,
        _: Peer,
        request: EnsureDirectRequest,
    ) -> Result<EnsureDirectResponse, EnsureDirectError> {
        let (user, peer) = (request.user(), request.peer());
        if user == peer {
            return Err(EnsureDirectError::user_not_found(
                "a direct conversation takes two users",
            ));
        }
        let created_at_ms = millis(request.created_at.as_ref());
        let direct = NewDirect {
            id: request.conversation(),
            user,
            peer,
            created_at_ms,
        };
        match self.store.ensure_direct(direct).await.map_err(Failure::from)? {
            Some((view, created)) => Ok(EnsureDirectResponse {
                conversation: Some(shown(view)?),
                created,
                ..Default::default()
            }),
            None => Err(EnsureDirectError::user_not_found("one of the users does not exist")),
        }
    }

    async fn insert_group(
        &self,
        _: Peer,
        request: InsertGroupRequest,
    ) -> Result<InsertGroupResponse, InsertGroupError> {
        let group = NewGroup {
            id: request.conversation(),
            owner: request.owner(),
            members: request.users().collect(),
            created_at_ms: millis(request.created_at.as_ref()),
            title: request.title,
        };
        match self.store.insert_group(group).await.map_err(Failure::from)? {
            Some(view) => Ok(InsertGroupResponse {
                conversation: Some(shown(view)?),
                ..Default::default()
            }),
            None => Err(InsertGroupError::user_not_found("one of the users does not exist")),
        }
    }

    async fn read_conversations(
        &self,
        _: Peer,
        request: ReadConversationsRequest,
    ) -> Result<ReadConversationsResponse, ReadConversationsError> {
        let ids: Vec<ConversationId> = request.conversations().collect();
        let views = self
            .store
            .conversations(request.user(), &ids)
            .await
            .map_err(Failure::from)?;
        let conversations = views.into_iter().map(shown).collect::<Result<_, _>>()?;
        Ok(ReadConversationsResponse {
            conversations,
            ..Default::default()
        })
    }

    async fn page_conversations(
        &self,
        _: Peer,
        request: PageConversationsRequest,
    ) -> Result<PageConversationsResponse, PageConversationsError> {
        let before = (request.before_ms != 0).then(|| (request.before_ms, request.before()));
        let limit = request.limit.min(LARGEST_PAGE);
        let page = self
            .store
            .page_conversations(request.user(), before, limit)
            .await
            .map_err(Failure::from)?;
        let conversations = page.items.into_iter().map(shown).collect::<Result<_, _>>()?;
        Ok(PageConversationsResponse {
            conversations,
            more: page.more,
            ..Default::default()
        })
    }

    async fn set_title(&self, _: Peer, request: SetTitleRequest) -> Result<SetTitleResponse, SetTitleError> {
        let conversation = request.conversation();
        if self
            .store
            .set_title(conversation, &request.title)
            .await
            .map_err(Failure::from)?
        {
            Ok(SetTitleResponse::default())
        } else {
            Err(SetTitleError::conversation_not_found(format!(
                "there is no group {conversation}"
            )))
        }
    }

    async fn insert_members(
        &self,
        _: Peer,
        request: InsertMembersRequest,
    ) -> Result<InsertMembersResponse, InsertMembersError> {
        let members = NewMembers {
            conversation: request.conversation(),
            users: request.users().collect(),
            joined_at_ms: millis(request.joined_at.as_ref()),
            max_members: request.max_members,
        };
        let conversation = members.conversation;
        match self.store.insert_members(members).await.map_err(Failure::from)? {
            MembersInserted::Added(users) => Ok(InsertMembersResponse {
                added_user_ids: users.into_iter().map(u64::from).collect(),
                ..Default::default()
            }),
            MembersInserted::NoGroup => Err(InsertMembersError::conversation_not_found(format!(
                "there is no group {conversation}"
            ))),
            MembersInserted::NoUser => Err(InsertMembersError::user_not_found("one of the users does not exist")),
            MembersInserted::Full => {
                let message = format!("a group has at most {} members", request.max_members);
                Err(InsertMembersError::group_full(message))
            }
        }
    }

    async fn delete_member(
        &self,
        _: Peer,
        request: DeleteMemberRequest,
    ) -> Result<DeleteMemberResponse, DeleteMemberError> {
        match self
            .store
            .delete_member(request.conversation(), request.user())
            .await
            .map_err(Failure::from)?
        {
            MemberDeleted::Done => Ok(DeleteMemberResponse::default()),
            MemberDeleted::NoMember => Err(DeleteMemberError::member_not_found("the user is not in this group")),
            MemberDeleted::Owner => Err(DeleteMemberError::owner_must_stay("")),
        }
    }

    async fn set_role(&self, _: Peer, request: SetRoleRequest) -> Result<SetRoleResponse, SetRoleError> {
        let (conversation, user) = (request.conversation(), request.user());
        match self
            .store
            .set_role(conversation, user, request.role)
            .await
            .map_err(Failure::from)?
        {
            RoleSet::Done(member) => Ok(SetRoleResponse {
                member: Some(shown_member(member)),
                ..Default::default()
            }),
            RoleSet::NoMember => Err(SetRoleError::member_not_found("the user is not in this group")),
            RoleSet::Owner => Err(SetRoleError::owner_must_stay("")),
        }
    }

    async fn read_rosters(
        &self,
        _: Peer,
        request: ReadRostersRequest,
    ) -> Result<ReadRostersResponse, ReadRostersError> {
        let ids: Vec<ConversationId> = request.conversations().collect();
        let rosters = self
            .store
            .rosters(&ids, request.max_members)
            .await
            .map_err(Failure::from)?;
        Ok(ReadRostersResponse {
            rosters: rosters.into_iter().map(shown_roster).collect(),
            ..Default::default()
        })
    }

    async fn read_standings(
        &self,
        _: Peer,
        request: ReadStandingsRequest,
    ) -> Result<ReadStandingsResponse, ReadStandingsError> {
        let pairs: Vec<_> = request
            .pairs
            .iter()
            .map(|pair| (pair.conversation(), pair.user()))
            .collect();
        let found = self.store.standings(&pairs).await.map_err(Failure::from)?;
        let standing = |(at, who, role): (ConversationId, UserId, i32)| Standing {
            conversation_id: at.into(),
            user_id: who.into(),
            role,
            ..Default::default()
        };
        let standings = found.into_iter().map(standing).collect();
        Ok(ReadStandingsResponse {
            standings,
            ..Default::default()
        })
    }

    async fn page_members(
        &self,
        _: Peer,
        request: PageMembersRequest,
    ) -> Result<PageMembersResponse, PageMembersError> {
        let limit = request.limit.min(LARGEST_PAGE);
        let (conversation, after) = (request.conversation(), request.after_user());
        let page = self
            .store
            .page_members(conversation, after, limit)
            .await
            .map_err(Failure::from)?;
        Ok(PageMembersResponse {
            members: page.items.into_iter().map(shown_member).collect(),
            more: page.more,
            ..Default::default()
        })
    }

    async fn page_member_ids(
        &self,
        _: Peer,
        request: PageMemberIdsRequest,
    ) -> Result<PageMemberIdsResponse, PageMemberIdsError> {
        let limit = request.limit.min(LARGEST_PAGE);
        let (conversation, after) = (request.conversation(), request.after_user());
        let page = self
            .store
            .page_member_ids(conversation, after, limit)
            .await
            .map_err(Failure::from)?;
        Ok(PageMemberIdsResponse {
            user_ids: page.items.into_iter().map(u64::from).collect(),
            more: page.more,
            ..Default::default()
        })
    }

    async fn advance_read(
        &self,
        _: Peer,
        request: AdvanceReadRequest,
    ) -> Result<AdvanceReadResponse, AdvanceReadError> {
        let (conversation, user) = (request.conversation(), request.user());
        let moved = self
            .store
            .advance_read(conversation, user, request.sequence)
            .await
            .map_err(Failure::from)?;
        let position = moved.ok_or_else(|| AdvanceReadError::not_a_member(""))?;
        Ok(AdvanceReadResponse {
            read_sequence: position.read_sequence,
            unread_count: position.unread_count,
            moved: position.moved,
            ..Default::default()
        })
    }
}

fn millis(time: Option<&Timestamp>) -> u64 {
    time.map_or(0, Timestamp::millis)
}

fn shown(view: ConversationView) -> Result<Conversation, Failure> {
    Ok(Conversation {
        conversation_id: view.id.into(),
        kind: view.kind,
        title: view.title,
        peer_id: view.peer.map_or(0, u64::from),
        member_count: view.member_count,
        created_at: Some(Timestamp::from_millis(view.created_at_ms)),
        last_activity_at: Some(Timestamp::from_millis(view.last_activity_ms)),
        last_message: view.last_message.as_ref().map(message).transpose()?,
        last_sequence: view.last_sequence,
        read_sequence: view.read_sequence,
        unread_count: view.last_sequence.saturating_sub(view.read_sequence),
        role: view.role,
        ..Default::default()
    })
}

fn shown_member(member: MemberRecord) -> Member {
    Member {
        user_id: member.user.into(),
        display_name: display_name(&member.name, member.display_name),
        name: member.name,
        role: member.role,
        joined_at: Some(Timestamp::from_millis(member.joined_at_ms)),
        read_sequence: member.read_sequence,
        ..Default::default()
    }
}

fn shown_roster(roster: RosterRecord) -> Roster {
    let (user_ids, roles) = roster
        .members
        .into_iter()
        .map(|(user, role)| (u64::from(user), role))
        .unzip();
    Roster {
        conversation_id: roster.id.into(),
        kind: roster.kind,
        title: roster.title,
        member_count: roster.member_count,
        user_ids,
        roles,
        ..Default::default()
    }
}
