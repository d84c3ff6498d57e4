//! Calls between services of the platform: who calls vouches for who is behind the call, who is called checks that it is one of the platform.

use crate::token::ServiceToken;
use futures::future::{Either, Ready, ready};
use im_schema::{
    failure::Failure,
    parlance::Reason,
    rpc::{Call, Context as CallContext, Voucher},
};
use std::{
    sync::Arc,
    task::{Context, Poll},
};
use tower::{Layer, Service};

/// Sends with each call who is behind it, and the token that services know each other by.
#[derive(Clone)]
pub struct VouchLayer(Arc<str>);

impl VouchLayer {
    /// Vouches with this token; see [`ServiceToken`].
    #[must_use]
    pub fn new(token: Arc<str>) -> Self {
        Self(token)
    }
}

/// See [`VouchLayer`].
#[derive(Clone)]
pub struct Vouch<S> {
    inner: S,
    token: Arc<str>,
}

impl<S> Layer<S> for VouchLayer {
    type Service = Vouch<S>;

    fn layer(&self, inner: S) -> Vouch<S> {
        Vouch {
            inner,
            token: Arc::clone(&self.0),
        }
    }
}

impl<S, R> Service<Call<R>> for Vouch<S>
where
    S: Service<Call<R>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut call: Call<R>) -> Self::Future {
        call.context.voucher = Some(Arc::new(Voucher {
            token: Arc::clone(&self.token),
            identity: call.context.identity.clone(),
            address: call.context.address,
        }));
        self.inner.call(call)
    }
}

/// Takes calls of services of the platform only, and believes what they say of who is behind them.
#[derive(Clone)]
pub struct PeerLayer(ServiceToken);

impl PeerLayer {
    /// Services know each other by `token`.
    #[must_use]
    pub fn new(token: ServiceToken) -> Self {
        Self(token)
    }
}

/// See [`PeerLayer`].
#[derive(Clone)]
pub struct Peers<S> {
    inner: S,
    token: ServiceToken,
}

impl<S> Layer<S> for PeerLayer {
    type Service = Peers<S>;

    fn layer(&self, inner: S) -> Peers<S> {
        Peers {
            inner,
            token: self.0.clone(),
        }
    }
}

impl<S, R, A> Service<Call<R>> for Peers<S>
where
    S: Service<Call<R>, Response = A, Error = Failure>,
{
    type Response = A;
    type Error = Failure;
    type Future = Either<S::Future, Ready<Result<A, Failure>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut call: Call<R>) -> Self::Future {
        match admit(&self.token, &mut call.context) {
            Ok(()) => Either::Left(self.inner.call(call)),
            Err(failure) => Either::Right(ready(Err(failure))),
        }
    }
}

/// # Errors
/// `UNAUTHENTICATED` for a call that no service of the platform vouches for.
fn admit(token: &ServiceToken, context: &mut CallContext) -> Result<(), Failure> {
    let voucher = context.voucher.take().filter(|voucher| token.matches(&voucher.token));
    let Some(voucher) = voucher else {
        return Err(Failure::new(
            Reason::Unauthenticated,
            "this port is for services of the platform",
        ));
    };
    context.identity = voucher.identity.clone();
    context.address = voucher.address;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use im_schema::{
        ids::{SessionId, UserId},
        rpc::{Caller, Identity},
        services::message_service::SEND_MESSAGE,
    };
    use std::convert::Infallible;
    use tower::{ServiceBuilder, ServiceExt as _, service_fn};

    const TOKEN: &str = "the token that services know each other by";

    fn user() -> Identity {
        Identity::User(Caller {
            user: UserId(1),
            session: SessionId(2),
            device: "laptop".into(),
            admin: false,
            expires_at_ms: 3,
        })
    }

    fn context(identity: Identity) -> CallContext {
        CallContext {
            identity,
            address: Some("192.0.2.7".parse().unwrap()),
            ..CallContext::default()
        }
    }

    /// What arrives of a call that is vouched for with this token.
    async fn arrived(token: &str, sent: CallContext) -> Result<CallContext, Failure> {
        let vouched = ServiceBuilder::new()
            .layer(VouchLayer::new(token.into()))
            .service(service_fn(async |call: Call<()>| Ok::<_, Infallible>(call.context)));
        let call = |context| Call {
            method: &SEND_MESSAGE,
            context,
            request: (),
        };
        let on_the_wire = CallContext {
            voucher: vouched.oneshot(call(sent)).await.unwrap().voucher,
            address: Some("10.0.0.1".parse().unwrap()),
            ..CallContext::default()
        };
        let called = ServiceBuilder::new()
            .layer(PeerLayer::new(ServiceToken::new(TOKEN).unwrap()))
            .service(service_fn(async |call: Call<()>| Ok::<_, Failure>(call.context)));
        called.oneshot(call(on_the_wire)).await
    }

    #[tokio::test]
    async fn a_service_says_who_is_behind_a_call_and_where_it_came_from() {
        for identity in [Identity::Anonymous, user(), Identity::Service] {
            let arrived = arrived(TOKEN, context(identity.clone())).await.unwrap();
            assert_eq!(arrived.identity, identity);
            assert_eq!(arrived.address, context(Identity::Anonymous).address);
        }
    }

    #[tokio::test]
    async fn who_does_not_know_the_token_is_refused_whatever_it_says() {
        for token in ["", "another token that is as long as the right one"] {
            let refused = arrived(token, context(Identity::Service)).await.unwrap_err();
            assert_eq!(refused.reason(), Reason::Unauthenticated);
        }
    }

    #[tokio::test]
    async fn a_call_without_a_voucher_is_refused_though_it_claims_an_identity() {
        let refused = admit(&ServiceToken::new(TOKEN).unwrap(), &mut context(Identity::Service)).unwrap_err();
        assert_eq!(refused.reason(), Reason::Unauthenticated);
    }
}
