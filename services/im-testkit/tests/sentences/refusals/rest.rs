//! REST: statuses and problems.

use crate::town;
use im_schema::{
    json,
    parlance::Reason,
    rest::ROUTES,
    v1::{self},
};
use im_testkit::{User, message};
use rand::{RngCore as _, SeedableRng as _, rngs::StdRng};

/// Status and problem with which REST refuses.
async fn refused(user: &User, verb: &str, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> (u16, v1::Problem) {
    let request = reqwest::Client::new().request(verb.parse().expect("a verb"), format!("{}{path}", user.url()));
    let request = request
        .bearer_auth(&user.tokens.access_token)
        .header("content-type", kind)
        .body(body.into());
    let response = request.send().await.expect("an answer");
    let (status, body) = (response.status().as_u16(), response.bytes().await.expect("a body"));
    let problem: v1::Problem =
        json::from_slice(&body).unwrap_or_else(|_| panic!("{verb} {path}: {status} with {body:?}"));
    let reason = (1..200)
        .filter_map(|number| Reason::try_from(number).ok())
        .find(|reason| reason.spec().name == problem.reason);
    assert_eq!(
        reason.expect("a reason of the catalogue").spec().http,
        status,
        "{verb} {path}"
    );
    (status, problem)
}

#[tokio::test]
async fn rest_says_what_is_wrong() {
    let town = town().await;
    let (mut alice, bob, mallory) = (
        town.user("alice").await,
        town.user("bob").await,
        town.user("mallory").await,
    );
    let theirs = alice.with(&bob).await;
    let messages = format!("/v1/conversations/{theirs}/messages");
    let long = json::to_vec(&v1::SendMessageRequest {
        conversation_id: 0,
        ..message(theirs, &"x".repeat(8_193))
    });
    let json = "application/json";
    let nested = format!("{{\"title\":{}", "[".repeat(20_000));
    type Case<'a> = (&'a str, &'a str, &'a str, Vec<u8>, &'a str, &'a str);
    let cases: [Case<'_>; 18] = [
        ("POST", "/v1/groups", json, b"{".to_vec(), "MALFORMED", ""),
        ("POST", "/v1/groups", json, b"\xff\xfe".to_vec(), "MALFORMED", ""),
        (
            "POST",
            "/v1/groups",
            json,
            nested.into_bytes(),
            "INVALID_ARGUMENT",
            "title",
        ),
        ("POST", "/v1/groups", json, b"[]".to_vec(), "INVALID_ARGUMENT", ""),
        (
            "POST",
            "/v1/groups",
            json,
            b"{\"title\":7}".to_vec(),
            "INVALID_ARGUMENT",
            "title",
        ),
        (
            "POST",
            "/v1/groups",
            json,
            b"{\"title\":\"t\",\"colour\":1}".to_vec(),
            "INVALID_ARGUMENT",
            "colour",
        ),
        (
            "POST",
            "/v1/groups",
            json,
            b"{\"title\":\"\",\"userIds\":[\"1\",\"1\"]}".to_vec(),
            "INVALID_ARGUMENT",
            "title",
        ),
        ("POST", "/v1/groups", json, vec![b' '; 70 * 1024], "TOO_LARGE", ""),
        (
            "POST",
            "/v1/groups",
            "text/plain",
            b"{}".to_vec(),
            "UNSUPPORTED_MEDIA_TYPE",
            "",
        ),
        ("POST", &messages, json, long, "INVALID_ARGUMENT", "content.text.body"),
        ("GET", "/v1/nothing", json, vec![], "NO_SUCH_ROUTE", ""),
        ("PUT", "/v1/groups", json, b"{}".to_vec(), "METHOD_NOT_ALLOWED", ""),
        (
            "GET",
            "/v1/conversations/seven",
            json,
            vec![],
            "INVALID_ARGUMENT",
            "conversationId",
        ),
        (
            "GET",
            "/v1/conversations/99999999999999999999",
            json,
            vec![],
            "INVALID_ARGUMENT",
            "conversationId",
        ),
        ("GET", "/v1/conversations/%ff", json, vec![], "INVALID_ARGUMENT", ""),
        (
            "GET",
            "/v1/conversations?pageSize=-1",
            json,
            vec![],
            "INVALID_ARGUMENT",
            "pageSize",
        ),
        (
            "GET",
            "/v1/conversations?colour=red",
            json,
            vec![],
            "INVALID_ARGUMENT",
            "colour",
        ),
        ("GET", &messages, json, vec![], "NOT_A_MEMBER", ""),
    ];
    for (verb, path, kind, body, reason, field) in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let (_, problem) = refused(&mallory, verb, path, kind, body).await;
        assert_eq!(problem.reason, reason, "{verb} {path} {shown}: {problem:?}");
        let named = field.is_empty() || problem.violations.iter().any(|violation| violation.field == field);
        assert!(named, "{verb} {path} {shown}: {problem:?}");
    }
}

#[tokio::test]
async fn no_route_answers_rubbish_with_a_fault_of_its_own() {
    let town = town().await;
    let alice = town.user("alice").await;
    let mut random = StdRng::seed_from_u64(7);
    for route in ROUTES
        .iter()
        .filter(|route| !route.path.starts_with("/v1/sessions") || route.verb != "DELETE")
    {
        let path = route.path.replace("{conversation_id}", "1").replace("{user_id}", "2");
        let mut noise = vec![0; 100];
        random.fill_bytes(&mut noise);
        for body in [
            &b"{"[..],
            b"[]",
            b"\"\"",
            b"1e999",
            b"{\"\":{}}",
            b"{\"role\":\"\\ud800\"}",
            &noise,
        ] {
            let (status, problem) = refused(&alice, route.verb, &path, "application/json", body).await;
            assert!(
                (400..500).contains(&status),
                "{} {path} {body:?}: {problem:?}",
                route.verb
            );
        }
        let url = format!("{}{path}", town.url());
        let response = reqwest::Client::new()
            .request(route.verb.parse().expect("a verb"), url)
            .send()
            .await
            .expect("an answer");
        assert!(
            response.status().is_client_error(),
            "{} {path} without a token",
            route.verb
        );
    }
}
