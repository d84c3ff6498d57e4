//! Every answer that is not 200 is a problem with the status of the catalogue.

use crate::house::{Answer, House};
use axum::{
    body::Body,
    http::{Request, header},
};
use im_schema::rest;

fn outcome(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.problem().reason)
}

fn told(status: u16, reason: &str) -> (u16, String) {
    (status, reason.to_owned())
}

#[tokio::test]
async fn answers_are_json_that_nobody_keeps() {
    let house = House::default();
    for (path, status) in [
        ("/v1/users/7", 200),
        ("/v1/users/404", 404),
        ("/v1/nothing", 404),
        ("/v1/users/x", 400),
    ] {
        let answer = house.call("GET", path, "").await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
    assert_eq!(
        house.call("GET", "/v1/users/7", "").await.body,
        r#"{"user":{"userId":"7"}}"#
    );
}

#[tokio::test]
async fn a_handlers_reason_has_its_status_and_advice() {
    let answer = House::default().call("GET", "/v1/users/404", "").await;
    assert_eq!(outcome(&answer), told(404, "USER_NOT_FOUND"));
    let problem = answer.problem();
    assert_eq!(
        (problem.code.as_str(), problem.message.as_str(), problem.retryable),
        ("NOT_FOUND", "no user 404", false)
    );
    assert!(!problem.advice.is_empty());
}

#[tokio::test]
async fn without_a_token_the_answer_names_the_scheme() {
    for token in [None, Some("Basic Zm9v"), Some("Bearer"), Some("Bearer bad")] {
        let request = Request::get("/v1/profile");
        let request = token
            .into_iter()
            .fold(request, |request, token| request.header(header::AUTHORIZATION, token));
        let answer = House::default().send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(outcome(&answer), told(401, "UNAUTHENTICATED"), "{token:?}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    let request = Request::get("/v1/profile")
        .header(header::AUTHORIZATION, "bearer  good")
        .body(Body::empty());
    assert_eq!(House::default().send(request.unwrap()).await.status, 200);
}

#[tokio::test]
async fn what_may_succeed_later_says_when_in_whole_seconds() {
    let answer = House::default().call("GET", "/v1/conversations", "").await;
    assert_eq!(outcome(&answer), told(503, "UNAVAILABLE"));
    assert_eq!(answer.header("retry-after"), Some("2"));
    assert_eq!(
        (answer.problem().retryable, answer.problem().retry_after_ms),
        (true, 1500)
    );
}

#[tokio::test]
async fn an_unknown_path_is_no_such_route() {
    for path in ["/", "/v1", "/v1/nothing", "/v1/users/", "/v1/users/7/", "/v2/users"] {
        assert_eq!(
            outcome(&House::default().call("GET", path, "").await),
            told(404, "NO_SUCH_ROUTE"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn another_verb_is_not_allowed_and_the_answer_says_which_are() {
    let house = House::default();
    for (verb, path, allowed) in [
        ("PUT", "/v1/users", "POST,GET,HEAD"),
        ("POST", "/v1/profile", "GET,HEAD,PATCH"),
        ("BREW", "/v1/conversations/7/read-position", "PUT"),
    ] {
        let answer = house.call(verb, path, "").await;
        assert_eq!(outcome(&answer), told(405, "METHOD_NOT_ALLOWED"), "{verb} {path}");
        let sorted = |list: &str| {
            let mut verbs: Vec<_> = list.split(',').map(str::to_owned).collect();
            verbs.sort();
            verbs
        };
        assert_eq!(answer.header("allow").map(sorted), Some(sorted(allowed)), "{path}");
    }
}

#[tokio::test]
async fn a_body_must_be_json_and_say_so() {
    let post = |kind: Option<&str>, body: &str| {
        let request = Request::post("/v1/conversations/7/messages").header(header::AUTHORIZATION, "Bearer good");
        let request = kind
            .into_iter()
            .fold(request, |request, kind| request.header(header::CONTENT_TYPE, kind));
        request.body(Body::from(body.to_owned())).unwrap()
    };
    let house = House::default();
    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("application/jsonp"),
    ] {
        assert_eq!(
            outcome(&house.send(post(kind, "{}")).await),
            told(415, "UNSUPPORTED_MEDIA_TYPE"),
            "{kind:?}"
        );
    }
    assert_eq!(
        outcome(&house.send(post(Some("Application/JSON ; charset=utf-8"), "{}")).await),
        told(400, "INVALID_ARGUMENT")
    );
    for body in ["{", "{}x", "\u{feff}{}", "{\"content\":}"] {
        assert_eq!(
            outcome(&house.send(post(Some("application/json"), body)).await),
            told(400, "MALFORMED"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_body_above_the_limit_is_too_large() {
    let body = format!(r#"{{"content":{{"text":{{"body":"{}"}}}}}}"#, "x".repeat(1024));
    let house = House::default();
    assert_eq!(
        outcome(&house.call("POST", "/v1/conversations/7/messages", &body).await),
        told(413, "TOO_LARGE")
    );
    assert_eq!(
        outcome(&house.call("GET", "/v1/profile", &body).await),
        told(413, "TOO_LARGE")
    );
}

#[tokio::test]
async fn every_route_of_the_schema_is_there() {
    let house = House::default();
    for route in rest::ROUTES {
        let path: Vec<_> = route
            .path
            .split('/')
            .map(|part| if part.starts_with('{') { "1" } else { part })
            .collect();
        let answer = house.call(route.verb, &path.join("/"), "").await;
        assert!(
            !matches!(answer.status.as_u16(), 404 | 405),
            "{} {}: {}",
            route.verb,
            route.path,
            answer.body
        );
    }
}
