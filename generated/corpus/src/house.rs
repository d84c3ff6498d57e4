//! A club in memory, which does what `proto/club.proto` says, and counts.

use crate::{
    club::*,
    errors::*,
    failure::Failure,
    mask::Masked as _,
    page::Keys,
    rpc::{Caller, Peer, Visitor},
    services::ClubService,
};
use async_trait::async_trait;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The club.
#[derive(Debug)]
pub struct House {
    keys: Keys,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    members: Vec<Member>,
    rung: u64,
}

impl House {
    /// A house without members, whose page tokens are signed under `secret`.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self {
            keys: Keys::new(secret),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn member(&mut self, id: u64) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.member_id == id)
    }
}

#[async_trait]
impl ClubService for House {
    async fn list_members(
        &self,
        caller: Caller,
        request: ListMembersRequest,
    ) -> Result<ListMembersResponse, ListMembersError> {
        let page = self.keys.open(&caller, &request)?;
        let after = page.from.unwrap_or_default();
        let state = self.state();
        let mut rest = state
            .members
            .iter()
            .filter(|member| member.club_id == request.club_id && member.member_id > after);
        let members: Vec<_> = rest.by_ref().take(page.size as usize).cloned().collect();
        let last = members.last().filter(|_| rest.next().is_some());
        Ok(ListMembersResponse {
            next_page_token: page.next(last.map(|member| &member.member_id)),
            members,
        })
    }

    async fn get_member(&self, _: Visitor, request: GetMemberRequest) -> Result<GetMemberResponse, GetMemberError> {
        let member = self.state().member(request.member_id).cloned();
        let member = member.ok_or_else(|| GetMemberError::member_not_found(""))?;
        Ok(GetMemberResponse { member: Some(member) })
    }

    async fn add_member(&self, _: Caller, request: AddMemberRequest) -> Result<AddMemberResponse, AddMemberError> {
        let mut state = self.state();
        if state.members.iter().any(|member| member.name == request.name) {
            return Err(AddMemberError::name_taken(""));
        }
        let member = Member {
            member_id: state.members.len() as u64 + 1,
            club_id: request.club_id,
            name: request.name,
            note: String::new(),
        };
        state.members.push(member.clone());
        Ok(AddMemberResponse { member: Some(member) })
    }

    async fn update_member(
        &self,
        _: Caller,
        request: UpdateMemberRequest,
    ) -> Result<UpdateMemberResponse, UpdateMemberError> {
        let mask = request.mask()?;
        let mut state = self.state();
        let member = state.member(request.member_id);
        let member = member.ok_or_else(|| UpdateMemberError::member_not_found(""))?;
        member.merge(request.member.unwrap_or_default(), &mask);
        Ok(UpdateMemberResponse {
            member: Some(member.clone()),
        })
    }

    async fn ring_bell(&self, _: Caller, _: RingBellRequest) -> Result<RingBellResponse, RingBellError> {
        let mut state = self.state();
        state.rung += 1;
        Ok(RingBellResponse { rung: state.rung })
    }

    async fn close_club(&self, caller: Caller, request: CloseClubRequest) -> Result<CloseClubResponse, CloseClubError> {
        if !caller.admin {
            return Err(Failure::internal("the layers let somebody through who is no admin").into());
        }
        self.state().members.retain(|member| member.club_id != request.club_id);
        Ok(CloseClubResponse {})
    }

    async fn count_members(
        &self,
        _: Peer,
        request: CountMembersRequest,
    ) -> Result<CountMembersResponse, CountMembersError> {
        let state = self.state();
        let members = state.members.iter().filter(|member| member.club_id == request.club_id);
        Ok(CountMembersResponse {
            members: members.count() as u64,
        })
    }
}
