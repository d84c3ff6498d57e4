//! A house in which services answer without a network, and requests to it.

use axum::{
    Router,
    body::Body,
    extract::DefaultBodyLimit,
    http::{HeaderMap, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use im_schema::{
    errors::*,
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
                message_service::local(Arc::new(self.clone())),
            ))))
            .merge(rest::user_service(UserServiceClient::from_service(guarded(
                user_service::local(Arc::new(self.clone())),
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

    fn note<T: serde::Serialize>(&self, request: &T) {
        self.asked
            .lock()
            .expect("no test panics inside")
            .push(json::to_string(request));
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
    service_fn(|_: Call<R>| async {
        Err(Failure::new(Reason::Unavailable, "away").retry_after(Duration::from_millis(1500)))
    })
}

#[async_trait::async_trait]
impl UserService for House {
    async fn get_profile(&self, _: Caller, request: GetProfileRequest) -> Result<GetProfileResponse, GetProfileError> {
        self.note(&request);
        Ok(GetProfileResponse::default())
    }

    async fn update_profile(
        &self,
        _: Caller,
        request: UpdateProfileRequest,
    ) -> Result<UpdateProfileResponse, UpdateProfileError> {
        self.note(&request);
        Ok(UpdateProfileResponse::default())
    }

    async fn get_user(&self, _: Caller, request: GetUserRequest) -> Result<GetUserResponse, GetUserError> {
        self.note(&request);
        if request.user_id == 404 {
            return Err(GetUserError::user_not_found("no user 404"));
        }
        Ok(GetUserResponse {
            user: Some(User {
                user_id: request.user_id,
                ..User::default()
            }),
            ..Default::default()
        })
    }

    async fn look_up_users(
        &self,
        _: Caller,
        request: LookUpUsersRequest,
    ) -> Result<LookUpUsersResponse, LookUpUsersError> {
        self.note(&request);
        Ok(LookUpUsersResponse::default())
    }
}

#[async_trait::async_trait]
impl MessageService for House {
    async fn send_message(
        &self,
        _: Caller,
        request: SendMessageRequest,
    ) -> Result<SendMessageResponse, SendMessageError> {
        self.note(&request);
        Ok(SendMessageResponse::default())
    }

    async fn list_messages(
        &self,
        _: Caller,
        request: ListMessagesRequest,
    ) -> Result<ListMessagesResponse, ListMessagesError> {
        self.note(&request);
        Ok(ListMessagesResponse::default())
    }

    async fn mark_read(&self, _: Caller, request: MarkReadRequest) -> Result<MarkReadResponse, MarkReadError> {
        self.note(&request);
        Ok(MarkReadResponse::default())
    }
}
