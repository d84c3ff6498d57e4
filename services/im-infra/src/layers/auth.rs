//! A bearer token becomes an identity.

use crate::{
    clock::SharedClock,
    session::EndedSessions,
    token::{AccessClaims, TokenError, TokenKeys},
};
use futures::future::BoxFuture;
use im_schema::{
    failure::Failure,
    ids::UserId,
    parlance::Reason,
    rpc::{Access, Call, Caller, Identity},
};
use std::{
    sync::Arc,
    task::{Context, Poll},
};
use tower::{Layer, Service};

/// Verifies access tokens, for the layers and for the upgrade of a WebSocket.
#[derive(Clone)]
pub struct Authenticator {
    keys: Arc<TokenKeys>,
    ended: EndedSessions,
    clock: SharedClock,
}

impl Authenticator {
    /// Tokens must be signed by `keys` and be of a session that is not among the `ended` ones.
    #[must_use]
    pub fn new(keys: Arc<TokenKeys>, ended: EndedSessions, clock: SharedClock) -> Self {
        Self { keys, ended, clock }
    }

    /// Who holds this token.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `TOKEN_EXPIRED` or `SESSION_ENDED`.
    pub async fn verify(&self, token: &str) -> Result<Caller, Failure> {
        let claims = self.keys.verify(token, self.clock.now_ms()).map_err(refusal)?;
        let caller = caller_of(&claims).ok_or_else(|| refusal(TokenError::Malformed))?;
        if self.ended.contains(caller.session).await {
            return Err(Failure::new(Reason::SessionEnded, ""));
        }
        Ok(caller)
    }
}

/// No token says admin yet: methods for admins are closed to everybody.
fn caller_of(claims: &AccessClaims) -> Option<Caller> {
    Some(Caller {
        user: UserId(claims.user_id),
        session: claims.session_id.parse().ok()?,
        device: claims.device_id.as_str().into(),
        admin: false,
        expires_at_ms: claims.expires_at.saturating_mul(1000),
    })
}

fn refusal(error: TokenError) -> Failure {
    match error {
        TokenError::Expired => Failure::new(Reason::TokenExpired, ""),
        other => Failure::new(Reason::Unauthenticated, other.to_string()),
    }
}

/// Verifies the tokens of calls whose caller has not been made out yet.
#[derive(Clone)]
pub struct AuthLayer(Authenticator);

impl AuthLayer {
    /// Tokens are verified by `authenticator`.
    #[must_use]
    pub fn new(authenticator: Authenticator) -> Self {
        Self(authenticator)
    }
}

/// See [`AuthLayer`].
#[derive(Clone)]
pub struct Auth<S> {
    inner: S,
    authenticator: Authenticator,
}

impl<S> Layer<S> for AuthLayer {
    type Service = Auth<S>;

    fn layer(&self, inner: S) -> Auth<S> {
        Auth {
            inner,
            authenticator: self.0.clone(),
        }
    }
}

impl<S, R, A> Service<Call<R>> for Auth<S>
where
    S: Service<Call<R>, Response = A, Error = Failure> + Clone + Send + 'static,
    S::Future: Send + 'static,
    R: Send + 'static,
    A: Send + 'static,
{
    type Response = A;
    type Error = Failure;
    type Future = BoxFuture<'static, Result<A, Failure>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut call: Call<R>) -> Self::Future {
        // public methods take no notice of a token, not even of a stale one: that is how a client gets a fresh one
        let token = match (&call.context.identity, call.method.access) {
            (Identity::Anonymous, Access::User | Access::Admin) => call.context.token.clone(),
            _ => None,
        };
        let Some(token) = token else {
            return Box::pin(self.inner.call(call));
        };
        // the service that is ready answers; its clone waits for the next call
        let next = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, next);
        let authenticator = self.authenticator.clone();
        Box::pin(async move {
            call.context.identity = Identity::User(authenticator.verify(&token).await?);
            ready.call(call).await
        })
    }
}
