//! The rules of the schema, enforced before a handler sees the request.

use futures::future::{Either, Ready, ready};
use im_schema::{
    failure::Failure,
    rpc::{Call, Validate},
};
use std::task::{Context, Poll};
use tower::{Layer, Service};

/// Refuses requests that break a rule, naming all of them.
#[derive(Debug, Clone, Copy)]
pub struct ValidateLayer;

/// See [`ValidateLayer`].
#[derive(Debug, Clone)]
pub struct Validated<S>(S);

impl<S> Layer<S> for ValidateLayer {
    type Service = Validated<S>;

    fn layer(&self, inner: S) -> Validated<S> {
        Validated(inner)
    }
}

impl<S, R, A> Service<Call<R>> for Validated<S>
where
    S: Service<Call<R>, Response = A, Error = Failure>,
    R: Validate,
{
    type Response = A;
    type Error = Failure;
    type Future = Either<S::Future, Ready<Result<A, Failure>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, call: Call<R>) -> Self::Future {
        match call.request.validate() {
            Ok(()) => Either::Left(self.0.call(call)),
            Err(failure) => Either::Right(ready(Err(failure))),
        }
    }
}
