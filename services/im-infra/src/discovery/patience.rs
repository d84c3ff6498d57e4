//! Who does not answer at all has failed, too: a caller that gives up drops its call, which would count for nothing.

use super::{Answer, Request};
use futures::future::BoxFuture;
use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::timeout;
use tonic::{Code, Status};
use tower::{BoxError, Service};

/// Nobody is expected to answer sooner than this: what a caller that waits for less gives up is not held against an instance.
const SILENCE: Duration = Duration::from_secs(2);
/// So much sooner than its caller.
const SOONER: Duration = Duration::from_millis(50);

/// Gives calls up a moment before their callers do.
#[derive(Clone)]
pub(super) struct Patience<S>(S);

impl<S> Patience<S> {
    pub(super) fn new(inner: S) -> Self {
        Self(inner)
    }
}

impl<S> Service<Request> for Patience<S>
where
    S: Service<Request, Response = http::Response<tonic::body::Body>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = Status;
    type Future = BoxFuture<'static, Answer>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.0.poll_ready(cx).map_err(status)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let wait = im_schema::grpc::timeout(&request).filter(|wait| *wait >= SILENCE);
        let answer = self.0.call(request);
        Box::pin(async move {
            let Some(wait) = wait else {
                return answer.await.map_err(status);
            };
            match timeout(wait - SOONER, answer).await {
                Ok(answer) => answer.map_err(status),
                Err(_) => Err(Status::deadline_exceeded("there was no answer")),
            }
        })
    }
}

/// What an error of a connection means. One that breaks while a call is under way is no fault, though it can mean anything to tonic.
fn status(error: impl Into<BoxError>) -> Status {
    let status = Status::from_error(error.into());
    match status.code() {
        Code::Unknown | Code::Internal => {
            let mut unavailable = Status::unavailable("the connection broke");
            unavailable.set_source(Arc::new(status));
            unavailable
        }
        _ => status,
    }
}
