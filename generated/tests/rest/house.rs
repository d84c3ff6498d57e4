//! A house in which services answer without a network, and requests to it.

use axum::{
    Router,
    body::Body,
    extract::DefaultBodyLimit,
    http::{HeaderMap, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use im_schema::{
    errors::GetUserError,
    failure::Failure,
    ids::{SessionId, UserId},
    json,
    parlance::Reason,
    rest,
    rpc::{Call, Caller, Identity, Validate},
    services::*,
    v1::*,
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tower::{Service, ServiceExt, service_fn};

/// Services that note what they are asked.
#[derive(Clone, Default)]
pub(crate) struct House {
    asked: Arc<Mutex<Vec<String>>>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn problem(&self) -> Problem {
        json::from_slice(self.body.as_bytes()).expect("an answer that is not 200 is a problem")
    }

    /// The violations as `field: rule`.
    pub(crate) fn violations(&self) -> Vec<String> {
        let problem = self.problem();
        assert_eq!(
            (self.status, problem.reason.as_str()),
            (StatusCode::BAD_REQUEST, "INVALID_ARGUMENT"),
            "{}",
            self.body
        );
        problem
            .violations
            .iter()
            .map(|violation| format!("{}: {}", violation.field, violation.rule))
            .collect()
    }
}

impl House {
    /// All routes, with bodies limited to 1 KiB.
    pub(crate) fn router(&self) -> Router {
        let routes = Router::new()
            .merge(rest::auth_service(AuthServiceClient::from_service(guarded(away()))))
            .merge(rest::conversation_service(ConversationServiceClient::from_service(
                guarded(away()),
            )))
            .merge(rest::message_service(MessageServiceClient::from_service(guarded(
                service_fn({
                    let house = self.clone();
                    move |call| house.clone().message(call)
                }),
            ))))
            .merge(rest::user_service(UserServiceClient::from_service(guarded(
                service_fn({
                    let house = self.clone();
                    move |call| house.clone().user(call)
                }),
            ))));
        rest::with_fallbacks(routes).layer(DefaultBodyLimit::max(1024))
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router().oneshot(request).await.expect("routers are infallible");
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response
            .into_body()
            .collect()
            .await
            .expect("bodies in memory can be read")
            .to_bytes();
        Answer {
            status,
            headers,
            body: String::from_utf8(body.to_vec()).expect("answers are text"),
        }
    }

    /// Sends a request of a user, with a JSON body unless it is empty.
    pub(crate) async fn call(&self, verb: &str, path: &str, body: &str) -> Answer {
        let mut request = Request::builder()
            .method(verb)
            .uri(path)
            .header(header::AUTHORIZATION, "Bearer good");
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json; charset=utf-8");
        }
        self.send(
            request
                .body(Body::from(body.to_owned()))
                .expect("the request is well-formed"),
        )
        .await
    }

    /// Sends a request that must succeed, and gives what the handler was asked, as JSON.
    pub(crate) async fn asks(&self, verb: &str, path: &str, body: &str) -> String {
        let answer = self.call(verb, path, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        self.asked
            .lock()
            .expect("no test panics inside")
            .pop()
            .expect("the handler was asked")
    }
}

/// The layers that matter here: the token `good` is that of user 1, and rules are checked.
fn guarded<R, A, S>(
    service: S,
) -> impl Service<Call<R>, Response = A, Error = Failure, Future: Send> + Clone + Send + Sync + 'static
where
    R: Validate + Send + 'static,
    A: Send + 'static,
    S: Service<Call<R>, Response = A, Error = Failure, Future: Send> + Clone + Send + Sync + 'static,
{
    service_fn(move |mut call: Call<R>| {
        let service = service.clone();
        async move {
            if call.context.token.as_deref() == Some("good") {
                let caller = Caller {
                    user: UserId(1),
                    session: SessionId(2),
                    device: "laptop".into(),
                    admin: false,
                    expires_at_ms: 0,
                };
                call.context.identity = Identity::User(caller);
            }
            call.request.validate()?;
            service.oneshot(call).await
        }
    })
}

/// A service that is away for a second and a half.
fn away<R: Send + 'static, A: Send + 'static>()
-> impl Service<Call<R>, Response = A, Error = Failure, Future: Send> + Clone + Send + Sync + 'static {
    service_fn(|_: Call<R>| async { Err(gone()) })
}

fn gone() -> Failure {
    Failure::new(Reason::Unavailable, "away").retry_after(Duration::from_millis(1500))
}

/// The house's services implement no trait: a method that is new in the schema asks nothing of them, they are away for it.
impl House {
    async fn user(self, call: Call<user_service::Request>) -> Result<user_service::Response, Failure> {
        use user_service::{Request, Response};

        call.context.caller()?;
        Ok(if let Request::GetProfile(request) = &call.request {
            Response::GetProfile(self.notes(request))
        } else if let Request::UpdateProfile(request) = &call.request {
            Response::UpdateProfile(self.notes(request))
        } else if let Request::LookUpUsers(request) = &call.request {
            Response::LookUpUsers(self.notes(request))
        } else if let Request::GetUser(request) = &call.request {
            let mut answer: GetUserResponse = self.notes(request);
            if request.user_id == 404 {
                return Err(GetUserError::user_not_found("no user 404").into());
            }
            answer.user = Some(User {
                user_id: request.user_id,
                ..User::default()
            });
            Response::GetUser(answer)
        } else {
            return Err(gone());
        })
    }

    async fn message(self, call: Call<message_service::Request>) -> Result<message_service::Response, Failure> {
        use message_service::{Request, Response};

        call.context.caller()?;
        Ok(if let Request::SendMessage(request) = &call.request {
            Response::SendMessage(self.notes(request))
        } else if let Request::ListMessages(request) = &call.request {
            Response::ListMessages(self.notes(request))
        } else if let Request::MarkRead(request) = &call.request {
            Response::MarkRead(self.notes(request))
        } else {
            return Err(gone());
        })
    }

    /// Notes a request; an empty answer.
    fn notes<A: Default>(&self, request: &impl serde::Serialize) -> A {
        let mut asked = self.asked.lock().expect("no test panics inside");
        asked.push(json::to_string(request));
        A::default()
    }
}
