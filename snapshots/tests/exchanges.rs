//! Every REST exchange: the request as a client writes it, what a handler gets of it, and the answer. Requests go through the real routers.

use axum::{Router, body::Body, http::Request};
use im_schema::{
    failure::Failure,
    parlance::Reason,
    rest,
    rpc::Call,
    services::{
        AuthServiceClient, ConversationServiceClient, MessageServiceClient, UserServiceClient, auth_service,
        conversation_service, message_service, user_service,
    },
};
use serde_json::Value;
use snapshots::{descriptor, json_of, pretty, rest_request, sample};
use std::{
    fmt::Debug,
    future::{Ready, ready},
    sync::{Arc, Mutex},
};
use tower::{ServiceExt as _, service_fn};

type Seen = Arc<Mutex<String>>;

/// Notes what reaches the handlers and refuses it: what they would answer is another matter.
fn noting<R: Debug, A>(seen: &Seen) -> impl Fn(Call<R>) -> Ready<Result<A, Failure>> + Clone + use<R, A> {
    let seen = Arc::clone(seen);
    move |call: Call<R>| {
        *seen.lock().expect("no test panics with it") = format!("{:#?}", call.request);
        ready(Err(Failure::new(Reason::Unavailable, "")))
    }
}

fn router(seen: &Seen) -> Router {
    let auth = service_fn(noting::<auth_service::Request, auth_service::Response>(seen));
    let user = service_fn(noting::<user_service::Request, user_service::Response>(seen));
    let conversation = service_fn(noting::<conversation_service::Request, conversation_service::Response>(
        seen,
    ));
    let message = service_fn(noting::<message_service::Request, message_service::Response>(seen));
    rest::auth_service(AuthServiceClient::from_service(auth))
        .merge(rest::user_service(UserServiceClient::from_service(user)))
        .merge(rest::conversation_service(ConversationServiceClient::from_service(
            conversation,
        )))
        .merge(rest::message_service(MessageServiceClient::from_service(message)))
}

#[tokio::test]
async fn rest_exchanges() {
    let seen = Seen::default();
    let router = router(&seen);
    for route in rest::ROUTES {
        let (target, body) = rest_request(route);
        let text = body.as_ref().map(|body| pretty(&body.to_string())).unwrap_or_default();
        let mut request = Request::builder().method(route.verb).uri(&target);
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(Body::from(text.clone())).expect("a request");
        let response = router.clone().oneshot(request).await.expect("a router always answers");
        let bound = std::mem::take(&mut *seen.lock().expect("no test panics with it"));
        assert_eq!(
            response.status(),
            503,
            "{} {target} does not reach its handler",
            route.verb
        );
        let answer = Value::Object(json_of(&sample(descriptor(route.method).output().full_name())));
        let mut reasons: Vec<_> = route
            .method
            .reasons
            .iter()
            .map(|reason| format!("{} {}", reason.spec().http, reason.spec().name))
            .collect();
        reasons.sort();
        insta::assert_snapshot!(
            format!("rest_{}", route.method.name),
            format!(
                "{} {target}\n{text}\n\n--- handler gets\n{bound}\n\n--- 200\n{}\n\n--- or\n{}\n",
                route.verb,
                pretty(&answer.to_string()),
                reasons.join("\n")
            )
        );
    }
}
