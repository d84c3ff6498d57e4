//! Updates in part: through the client, and as a PATCH.

use crate::{club_of_five, user};
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt as _;
use schema_corpus::{
    club::{Member, UpdateMemberRequest},
    rest,
    rpc::Call,
    services::{ClubServiceClient, club_service},
    wkt::FieldMask,
};
use tower::ServiceExt as _;

fn update(paths: &[&str]) -> UpdateMemberRequest {
    UpdateMemberRequest {
        member_id: 1,
        member: Some(Member {
            name: "lovelace".into(),
            note: "counts".into(),
            ..Member::default()
        }),
        update_mask: Some(FieldMask::of(paths.iter().copied())),
    }
}

#[tokio::test]
async fn only_what_the_mask_names_changes() {
    let club = club_of_five().await;
    let changed = club.update_member(user(7), update(&["note"])).await.expect("a change");
    let expected = Member {
        member_id: 1,
        club_id: 1,
        name: "ada".into(),
        note: "counts".into(),
    };
    assert_eq!(changed.member, Some(expected.clone()));
    let changed = club.update_member(user(7), update(&[])).await.expect("a change");
    let expected = Member {
        name: "lovelace".into(),
        ..expected
    };
    assert_eq!(changed.member, Some(expected), "without a mask all that may change");
}

/// Sends a PATCH of member 1 through the generated route.
async fn patch(body: &str) -> (StatusCode, String) {
    let club = club_of_five().await;
    let known = ClubServiceClient::from_service(tower::service_fn(move |call: Call<club_service::Request>| {
        let club_service::Request::UpdateMember(request) = call.request else {
            panic!("only updates are sent");
        };
        let club = club.clone();
        async move {
            im_schema::rpc::Validate::validate(&request)?;
            let changed = club.update_member(user(7), request).await?;
            Ok::<_, schema_corpus::failure::Failure>(club_service::Response::UpdateMember(changed))
        }
    }));
    let request = Request::patch("/v1/members/1")
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .expect("a request");
    let answer = rest::club_service(known).oneshot(request).await.expect("an answer");
    let status = answer.status();
    let body = answer.into_body().collect().await.expect("a body").to_bytes();
    (status, String::from_utf8(body.to_vec()).expect("text"))
}

#[tokio::test]
async fn a_patch_changes_what_its_body_has() {
    let (status, body) = patch(r#"{"note":"counts"}"#).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let expected = r#"{"member":{"memberId":"1","clubId":"1","name":"ada","note":"counts"}}"#;
    assert_eq!(body, expected);
    let (_, body) = patch(r#"{"name":""}"#).await;
    assert!(!body.contains("ada"), "what stands there empty is emptied: {body}");
}

#[tokio::test]
async fn what_never_changes_and_what_the_server_sets_is_refused_by_name() {
    for (path, rule) in [
        ("club_id", "field_mask.immutable"),
        ("member_id", "field_mask.output_only"),
        ("colour", "field_mask"),
    ] {
        let club = club_of_five().await;
        let refused = club.update_member(user(7), update(&["note", path])).await;
        assert!(refused.is_err(), "{path}");
        let refused = update(&["note", path]).mask().expect_err("not to be named");
        assert_eq!(refused.broken_rules()[0].rule, rule, "{path}");
    }
    let (status, body) = patch(r#"{"clubId":"2"}"#).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    assert!(body.contains("clubId"), "{body}");
}
