use crate::{
    cache,
    password::Passwords,
    store::{EndedSession, NewSession, ProfileChange, RefreshHash, Rotated, Rotation, Store, UserRecord},
};
use async_trait::async_trait;
use im_infra::clock::SharedClock;
use im_schema::{
    errors::{
        CheckSessionError, CreateUserError, EndSessionsError, FindUsersError, OpenSessionError, PageEndedSessionsError,
        RotateSessionError, UpdateUserError, VerifyPasswordError,
    },
    failure::Failure,
    ids::UserId,
    internal::v1::{
        CheckSessionRequest, CheckSessionResponse, CreateUserRequest, CreateUserResponse, EndSessionsRequest,
        EndSessionsResponse, FindUsersRequest, FindUsersResponse, OpenSessionRequest, OpenSessionResponse,
        PageEndedSessionsRequest, PageEndedSessionsResponse, RotateSessionRequest, RotateSessionResponse,
        UpdateUserRequest, UpdateUserResponse, VerifyPasswordRequest, VerifyPasswordResponse,
    },
    parlance::Reason,
    rpc::Peer,
    services::UserRepo,
    v1::User,
    wkt::Timestamp,
};
use std::sync::Arc;

/// No page is larger, whatever was asked for.
const LARGEST_PAGE: u32 = 10_000;

/// Users, passwords, sessions.
pub(super) struct Users {
    pub(super) store: Arc<dyn Store>,
    pub(super) passwords: Passwords,
    pub(super) clock: SharedClock,
    pub(super) profiles: Option<Arc<cache::Users>>,
}

impl Users {
    async fn load(&self, ids: &[UserId], names: &[String]) -> Result<Vec<User>, Failure> {
        let users = self.store.find_users(ids, names).await?;
        Ok(users.into_iter().map(shown).collect())
    }

    /// Those with these names from the store, which knows how names are compared; the others from what is kept.
    async fn find(&self, profiles: &cache::Users, ids: &[UserId], names: &[String]) -> Result<Vec<User>, Failure> {
        let mut found = match names {
            [] => Vec::new(),
            names => self.load(&[], names).await?,
        };
        let rest: Vec<u64> = ids.iter().map(|id| u64::from(*id)).collect();
        let rest = rest
            .into_iter()
            .filter(|id| found.iter().all(|user| user.user_id != *id));
        let load = async |ids: Vec<u64>| {
            let ids: Vec<UserId> = ids.into_iter().map(UserId).collect();
            self.load(&ids, &[]).await
        };
        let others = profiles.find(&rest.collect::<Vec<_>>(), load).await?;
        found.extend(others);
        Ok(found)
    }

    /// To be called before it is told that a user was made or changed.
    async fn changed(&self, user: UserId) {
        if let Some(profiles) = &self.profiles {
            profiles.changed(user.into()).await;
        }
    }
}

#[async_trait]
impl UserRepo for Users {
    async fn create_user(&self, _: Peer, request: CreateUserRequest) -> Result<CreateUserResponse, CreateUserError> {
        let user = request.user.ok_or_else(|| missing("user"))?;
        let record = UserRecord {
            id: user.user(),
            created_at_ms: user.created_at.as_ref().map_or(0, Timestamp::millis),
            name: user.name,
            display_name: user.display_name,
            about: user.about,
        };
        let hash = self.passwords.hash(request.password).await?;
        let id = record.id;
        if self.store.insert_user(record, hash).await.map_err(Failure::from)? {
            self.changed(id).await;
            Ok(CreateUserResponse::default())
        } else {
            Err(CreateUserError::name_taken("another user has this name"))
        }
    }

    async fn verify_password(
        &self,
        _: Peer,
        request: VerifyPasswordRequest,
    ) -> Result<VerifyPasswordResponse, VerifyPasswordError> {
        let known = self.store.credentials(&request.name).await.map_err(Failure::from)?;
        let (user, hash) = known.unzip();
        // without a user too: how long it takes does not tell which names exist
        let right = self.passwords.verify(request.password, hash).await?;
        match user {
            Some(user) if right => Ok(VerifyPasswordResponse {
                user: Some(shown(user)),
                ..Default::default()
            }),
            _ => Err(VerifyPasswordError::wrong_credentials("name or password is wrong")),
        }
    }

    async fn find_users(&self, _: Peer, request: FindUsersRequest) -> Result<FindUsersResponse, FindUsersError> {
        let ids: Vec<UserId> = request.users().collect();
        let users = match &self.profiles {
            Some(profiles) => self.find(profiles, &ids, &request.names).await?,
            None => self.load(&ids, &request.names).await?,
        };
        Ok(FindUsersResponse {
            users,
            ..Default::default()
        })
    }

    async fn update_user(&self, _: Peer, request: UpdateUserRequest) -> Result<UpdateUserResponse, UpdateUserError> {
        let user = request.user();
        let mask = request.mask()?;
        let profile = request.profile.ok_or_else(|| missing("profile"))?;
        let change = ProfileChange {
            display_name: mask.display_name.then_some(profile.display_name),
            about: mask.about.then_some(profile.about),
        };
        let updated = self.store.update_user(user, change).await.map_err(Failure::from)?;
        self.changed(user).await;
        match updated {
            Some(user) => Ok(UpdateUserResponse {
                user: Some(shown(user)),
                ..Default::default()
            }),
            None => Err(UpdateUserError::user_not_found(format!("there is no user {user}"))),
        }
    }

    async fn open_session(
        &self,
        _: Peer,
        request: OpenSessionRequest,
    ) -> Result<OpenSessionResponse, OpenSessionError> {
        let session = NewSession {
            id: request.session(),
            user: request.user(),
            refresh_hash: hash(&request.refresh_hash, "refreshHash")?,
            expires_at_ms: request.expires_at.as_ref().map_or(0, Timestamp::millis),
            device: request.device_id,
        };
        let replaced = self
            .store
            .open_session(session, self.clock.now_ms())
            .await
            .map_err(Failure::from)?;
        Ok(OpenSessionResponse {
            replaced_session_id: replaced.map_or(0, u64::from),
            ..Default::default()
        })
    }

    async fn rotate_session(
        &self,
        _: Peer,
        request: RotateSessionRequest,
    ) -> Result<RotateSessionResponse, RotateSessionError> {
        let rotation = Rotation {
            old_hash: hash(&request.old_hash, "oldHash")?,
            new_hash: hash(&request.new_hash, "newHash")?,
            now_ms: request
                .now
                .as_ref()
                .map_or_else(|| self.clock.now_ms(), Timestamp::millis),
            expires_at_ms: request.expires_at.as_ref().map_or(0, Timestamp::millis),
        };
        match self.store.rotate_session(rotation).await.map_err(Failure::from)? {
            Rotated::Done(session) => Ok(RotateSessionResponse {
                session_id: session.id.into(),
                user_id: session.user.into(),
                device_id: session.device,
                ..Default::default()
            }),
            Rotated::Invalid => Err(RotateSessionError::refresh_invalid("")),
            Rotated::Reused(session) => {
                let (session, user) = (u64::from(session.id), u64::from(session.user));
                tracing::warn!(
                    session.id = session,
                    user.id = user,
                    "a refresh token was used again; its session is over"
                );
                Err(RotateSessionError::refresh_reused(""))
            }
        }
    }

    async fn end_sessions(
        &self,
        _: Peer,
        request: EndSessionsRequest,
    ) -> Result<EndSessionsResponse, EndSessionsError> {
        let session = (request.session_id != 0).then(|| request.session());
        let ended = self
            .store
            .end_sessions(request.user(), session, self.clock.now_ms())
            .await
            .map_err(Failure::from)?;
        Ok(EndSessionsResponse {
            session_ids: ended.into_iter().map(u64::from).collect(),
            ..Default::default()
        })
    }

    async fn page_ended_sessions(
        &self,
        _: Peer,
        request: PageEndedSessionsRequest,
    ) -> Result<PageEndedSessionsResponse, PageEndedSessionsError> {
        let after = EndedSession {
            at_ms: request.since_ms,
            id: request.after_session(),
        };
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let page = self.store.ended_sessions(after, limit).await.map_err(Failure::from)?;
        Ok(PageEndedSessionsResponse {
            last_ended_ms: page.items.last().map_or(after.at_ms, |last| last.at_ms),
            session_ids: page.items.into_iter().map(|ended| ended.id.into()).collect(),
            more: page.more,
            ..Default::default()
        })
    }

    async fn check_session(
        &self,
        _: Peer,
        request: CheckSessionRequest,
    ) -> Result<CheckSessionResponse, CheckSessionError> {
        let open = self
            .store
            .session_open(request.session())
            .await
            .map_err(Failure::from)?;
        Ok(CheckSessionResponse {
            open,
            ..Default::default()
        })
    }
}

/// A user as others see it.
fn shown(user: UserRecord) -> User {
    User {
        user_id: user.id.into(),
        display_name: display_name(&user.name, user.display_name),
        name: user.name,
        about: user.about,
        created_at: Some(Timestamp::from_millis(user.created_at_ms)),
        ..Default::default()
    }
}

/// What clients show: the name if nothing else was given.
pub(super) fn display_name(name: &str, given: String) -> String {
    if given.is_empty() { name.to_owned() } else { given }
}

/// Validation has refused such a request already, unless it was bypassed.
pub(super) fn missing(field: &'static str) -> Failure {
    Failure::new(Reason::InvalidArgument, format!("{field} is missing"))
}

fn hash(bytes: &[u8], field: &'static str) -> Result<RefreshHash, Failure> {
    bytes.try_into().map_err(|_| missing(field))
}
