//! The policy of the schema, enforced.

use futures::future::{Either, Ready, ready};
use im_schema::{
    failure::Failure,
    parlance::Reason,
    rpc::{Access, Call, Identity},
};
use std::task::{Context, Poll};
use tower::{Layer, Service};

/// Refuses calls that the method's policy does not allow.
#[derive(Debug, Clone, Copy)]
pub struct PolicyLayer;

/// See [`PolicyLayer`].
#[derive(Debug, Clone)]
pub struct Policy<S>(S);

impl<S> Layer<S> for PolicyLayer {
    type Service = Policy<S>;

    fn layer(&self, inner: S) -> Policy<S> {
        Policy(inner)
    }
}

impl<S, R, A> Service<Call<R>> for Policy<S>
where
    S: Service<Call<R>, Response = A, Error = Failure>,
{
    type Response = A;
    type Error = Failure;
    type Future = Either<S::Future, Ready<Result<A, Failure>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, call: Call<R>) -> Self::Future {
        match allow(call.method.access, &call.context.identity) {
            Ok(()) => Either::Left(self.0.call(call)),
            Err(failure) => Either::Right(ready(Err(failure))),
        }
    }
}

/// Whether a method of this access may be called by this identity.
///
/// # Errors
/// `UNAUTHENTICATED` if a token is missing, `PERMISSION_DENIED` if it is not enough.
fn allow(access: Access, identity: &Identity) -> Result<(), Failure> {
    match (access, identity) {
        (Access::Public, _) | (Access::User, Identity::User(_)) | (Access::Internal, Identity::Service) => Ok(()),
        (Access::Admin, Identity::User(caller)) if caller.admin => Ok(()),
        (Access::User | Access::Admin, Identity::Anonymous) => {
            Err(Failure::new(Reason::Unauthenticated, "this call needs an access token"))
        }
        _ => Err(Failure::new(Reason::PermissionDenied, "")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use im_schema::{ids, rpc::Caller};

    fn user(admin: bool) -> Identity {
        let (user, session) = (ids::UserId(1), ids::SessionId(2));
        Identity::User(Caller {
            user,
            session,
            device: "laptop".into(),
            admin,
            expires_at_ms: 0,
        })
    }

    #[test]
    fn every_access_meets_every_identity() {
        let verdict = |access, identity: &Identity| {
            allow(access, identity)
                .err()
                .map_or("OK", |failure| failure.spec().name)
        };
        let table = [
            (Access::Public, ["OK", "OK", "OK", "OK"]),
            (Access::User, ["UNAUTHENTICATED", "OK", "OK", "PERMISSION_DENIED"]),
            (
                Access::Admin,
                ["UNAUTHENTICATED", "PERMISSION_DENIED", "OK", "PERMISSION_DENIED"],
            ),
            (
                Access::Internal,
                ["PERMISSION_DENIED", "PERMISSION_DENIED", "PERMISSION_DENIED", "OK"],
            ),
        ];
        for (access, expected) in table {
            let identities = [Identity::Anonymous, user(false), user(true), Identity::Service];
            assert_eq!(
                identities.map(|identity| verdict(access, &identity)),
                expected,
                "{access:?}"
            );
        }
    }
}
