//! Every REST exchange: the request as a client writes it, what a handler gets of it, and the answer. Requests go through the real routers.

use axum::{Router, body::Body, http::Request};
use im_schema::{
    catalogue::Entry,
    failure::Failure,
    parlance::Reason,
    rest,
    rpc::{Call, Method},
    services::{
        AuthServiceClient, ConversationServiceClient, MessageServiceClient, UserServiceClient, auth_service,
        conversation_service, message_service, user_service,
    },
};
use prost::Message as _;
use serde_json::{Map, Value};
use snapshots::{http_body, pretty, sample, schema};
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

fn descriptor(method: &Method) -> prost_reflect::MethodDescriptor {
    let service = schema()
        .get_service_by_name(method.service)
        .expect("the schema has the service");
    let found = service.methods().find(|found| found.name() == method.name);
    found.expect("the schema has the method")
}

fn json_of(message: &str) -> Map<String, Value> {
    let entry = Entry::named(message).expect("the schema has the message");
    let text = entry
        .to_json(&sample(message).encode_to_vec())
        .expect("a sample has a form in JSON");
    serde_json::from_str(&text).expect("the form in JSON is an object")
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Path with query, and body, of a sample request.
fn request_of(path: &str, method: &Method) -> (String, Option<Value>) {
    let descriptor = descriptor(method);
    let mut fields = json_of(descriptor.input().full_name());
    let mut path = path.to_owned();
    for field in descriptor.input().fields() {
        let place = format!("{{{}}}", field.name());
        if path.contains(&place) {
            let value = fields.remove(field.json_name()).expect("a sample has every field");
            path = path.replace(&place, &scalar(&value));
        }
    }
    let body = match http_body(&descriptor).as_str() {
        "" => None,
        "*" => Some(Value::Object(std::mem::take(&mut fields))),
        field => {
            let field = descriptor
                .input()
                .get_field_by_name(field)
                .expect("the body is a field");
            fields.remove(field.json_name())
        }
    };
    let pairs = fields.iter().flat_map(|(name, value)| {
        let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        values
            .into_iter()
            .map(move |value| format!("{name}={}", scalar(&value)))
    });
    let query = pairs.collect::<Vec<_>>().join("&");
    (
        if query.is_empty() {
            path
        } else {
            format!("{path}?{query}")
        },
        body,
    )
}

#[tokio::test]
async fn rest_exchanges() {
    let seen = Seen::default();
    let router = router(&seen);
    for route in rest::ROUTES {
        let (target, body) = request_of(route.path, route.method);
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
        let answer = Value::Object(json_of(descriptor(route.method).output().full_name()));
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
