//! Sessions and their tokens.

use crate::{
    api::{fresh, time, whole},
    notices::Notices,
    rules::refresh,
};
use im_infra::{
    clock::SharedClock,
    ids::Snowflake,
    session::EndedSessions,
    token::{AccessClaims, TokenKeys, new_refresh_token, refresh_token_hash},
};
use im_schema::{
    failure::Failure,
    ids::{SessionId, UserId},
    internal::v1::{EndSessionsRequest, OpenSessionRequest, PageEndedSessionsRequest, RotateSessionRequest},
    parlance::Reason,
    rpc::Context,
    services::UserRepoClient,
    v1::Tokens,
};
use std::{sync::Arc, time::Duration};

/// How many ended sessions are asked for at once.
const PAGE: u32 = 1_000;

/// Opens, continues and ends sessions.
#[derive(Clone)]
pub(crate) struct Sessions {
    pub(crate) users: UserRepoClient,
    pub(crate) ids: Arc<Snowflake>,
    pub(crate) keys: Arc<TokenKeys>,
    pub(crate) clock: SharedClock,
    pub(crate) marks: EndedSessions,
    pub(crate) notices: Arc<Notices>,
    pub(crate) access_lifetime: Duration,
    pub(crate) refresh_lifetime: Duration,
}

impl Sessions {
    /// Opens a session for a device; the one that the device had is ended.
    pub(super) async fn open(&self, user: UserId, device_id: String) -> Result<Tokens, Failure> {
        let now_ms = self.clock.now_ms();
        let session = SessionId(fresh(&self.ids)?);
        let refresh_token = refresh::compose(user, session, &new_refresh_token());
        let request = OpenSessionRequest {
            session_id: session.0,
            user_id: user.0,
            device_id: device_id.clone(),
            refresh_hash: refresh_token_hash(&refresh_token).to_vec().into(),
            expires_at: time(self.refresh_end(now_ms)),
            ..Default::default()
        };
        let own = self.clone();
        whole(async move {
            let answer = own.users.open_session(Context::internal(), request).await?;
            if answer.replaced_session_id != 0 {
                own.ended(user, &[SessionId(answer.replaced_session_id)]).await;
            }
            Ok(())
        })
        .await?;
        Ok(self.tokens(user, session, device_id, refresh_token, now_ms))
    }

    /// New tokens for a refresh token, which is used up by it; one that was used up before ends its session.
    pub(super) async fn rotate(&self, refresh_token: String) -> Result<Tokens, Failure> {
        let now_ms = self.clock.now_ms();
        // of a token that is none the hash is unknown: whatever is put in its place is never seen
        let (user, session) = refresh::names(&refresh_token).unwrap_or((UserId(0), SessionId(0)));
        let next = refresh::compose(user, session, &new_refresh_token());
        let request = RotateSessionRequest {
            old_hash: refresh_token_hash(&refresh_token).to_vec().into(),
            new_hash: refresh_token_hash(&next).to_vec().into(),
            now: time(now_ms),
            expires_at: time(self.refresh_end(now_ms)),
            ..Default::default()
        };
        let own = self.clone();
        let session = whole(async move {
            let rotated = own.users.rotate_session(Context::internal(), request).await;
            if let Err(failure) = &rotated
                && failure.reason() == Reason::RefreshReused
                && let Some((user, session)) = refresh::names(&refresh_token)
            {
                // the store has ended the session; who holds its access token must not go on with it either
                own.ended(user, &[session]).await;
            }
            rotated
        })
        .await?;
        Ok(self.tokens(
            UserId(session.user_id),
            SessionId(session.session_id),
            session.device_id,
            next,
            now_ms,
        ))
    }

    /// Ends one session of a user or all; how many were open.
    pub(super) async fn end(&self, user: UserId, session: Option<SessionId>) -> Result<usize, Failure> {
        let request = EndSessionsRequest {
            user_id: user.0,
            session_id: session.map_or(0, |session| session.0),
            ..Default::default()
        };
        let own = self.clone();
        whole(async move {
            let answer = own.users.end_sessions(Context::internal(), request).await?;
            let ended: Vec<SessionId> = answer.session_ids.into_iter().map(SessionId).collect();
            own.ended(user, &ended).await;
            Ok(ended.len())
        })
        .await
    }

    /// Marks again the sessions that ended so lately that access tokens of them may still be good: the marks may have been lost with the
    /// kv engine, or never set because this process died after the store had ended them.
    ///
    /// # Errors
    /// Those of im-repo: it is not known then which tokens to refuse.
    pub(crate) async fn recall(&self) -> Result<(), Failure> {
        let mut request = PageEndedSessionsRequest {
            since_ms: self
                .clock
                .now_ms()
                .saturating_sub(self.access_lifetime.as_millis() as u64),
            after_session_id: 0,
            limit: PAGE,
            ..Default::default()
        };
        loop {
            let page = self
                .users
                .page_ended_sessions(Context::internal(), request.clone())
                .await?;
            let ended: Vec<SessionId> = page.session_ids.into_iter().map(SessionId).collect();
            self.marks.mark(&ended).await;
            let Some(last) = ended.last().filter(|_| page.more) else {
                return Ok(());
            };
            request.since_ms = page.last_ended_ms;
            request.after_session_id = last.0;
        }
    }

    /// The store has ended these sessions: their access tokens are refused and their connections closed from now on.
    async fn ended(&self, user: UserId, sessions: &[SessionId]) {
        self.marks.mark(sessions).await;
        self.notices.sessions_ended(user, sessions).await;
    }

    fn tokens(
        &self,
        user: UserId,
        session: SessionId,
        device_id: String,
        refresh_token: String,
        now_ms: u64,
    ) -> Tokens {
        // a token's times are whole seconds, and what is told to the client must be what the token says
        let issued_at = now_ms / 1_000;
        let expires_at = issued_at + self.access_lifetime.as_secs();
        let session_id = session.to_string();
        let claims = AccessClaims {
            user_id: user.0,
            device_id,
            session_id,
            issued_at,
            expires_at,
        };
        Tokens {
            access_token: self.keys.issue(&claims),
            access_expires_at: time(expires_at * 1_000),
            refresh_token,
            refresh_expires_at: time(self.refresh_end(now_ms)),
            ..Default::default()
        }
    }

    fn refresh_end(&self, now_ms: u64) -> u64 {
        now_ms + self.refresh_lifetime.as_millis() as u64
    }
}
