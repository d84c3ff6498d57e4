//! Profiles, and finding others.

use crate::town;
use im_schema::v1::{self, client_frame, server_frame};
use im_testkit::User;

async fn changes(user: &User, query: &str, profile: &v1::Profile) -> Result<v1::User, (u16, v1::Problem)> {
    let answer: v1::UpdateProfileResponse = user.rest("PATCH", &format!("/v1/profile{query}"), profile).await?;
    Ok(answer.user.expect("a user"))
}

#[tokio::test]
async fn a_profile_is_changed_by_its_owner_field_by_field() {
    let town = town().await;
    let (alice, bob) = (town.user("alice").await, town.user("bob").await);
    let profile = v1::Profile {
        display_name: "Alice L.".into(),
        about: "Counts.".into(),
        ..Default::default()
    };
    let changed = changes(&alice, "", &profile).await.expect("it is her own");
    assert_eq!(
        (changed.display_name.as_str(), changed.about.as_str()),
        ("Alice L.", "Counts.")
    );
    let profile = v1::Profile {
        display_name: "ignored".into(),
        about: "Counts on engines.".into(),
        ..Default::default()
    };
    let changed = changes(&alice, "?updateMask=about", &profile)
        .await
        .expect("it is her own");
    assert_eq!(
        (changed.display_name.as_str(), changed.about.as_str()),
        ("Alice L.", "Counts on engines.")
    );
    let seen: v1::GetUserResponse = bob
        .rest("GET", &format!("/v1/users/{}", alice.id), &())
        .await
        .expect("there is alice");
    assert_eq!(seen.user.as_ref(), Some(&changed));
    let own: v1::GetProfileResponse = alice.rest("GET", "/v1/profile", &()).await.expect("there is alice");
    assert_eq!(own.user, seen.user);
    let (status, problem) = changes(&alice, "?updateMask=password", &profile)
        .await
        .expect_err("there is no such field");
    assert_eq!((status, problem.reason.as_str()), (400, "INVALID_ARGUMENT"));
    let long = v1::Profile {
        display_name: "x".repeat(65),
        about: "y".repeat(281),
        ..Default::default()
    };
    let (_, problem) = changes(&alice, "", &long).await.expect_err("too long");
    let fields: Vec<_> = problem
        .violations
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(fields, ["profile.displayName", "profile.about"], "all at once");
}

#[tokio::test]
async fn others_are_found_by_name_in_any_case_or_id() {
    let town = town().await;
    let (mut alice, bob, carol) = (
        town.user("alice").await,
        town.user("Bob").await,
        town.user("carol").await,
    );
    let request = v1::LookUpUsersRequest {
        names: vec!["bOB".into(), "nobody".into(), "bob".into()],
        user_ids: vec![carol.id.0, 42, bob.id.0],
        ..Default::default()
    };
    let server_frame::Body::LookUpUsers(answer) = alice.ask(client_frame::Body::LookUpUsers(request)).await else {
        panic!("no answer")
    };
    let mut names: Vec<_> = answer.users.iter().map(|user| user.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Bob", "carol"]);
    let path = format!("/v1/users?names=BOB&userIds={}&userIds={}", carol.id, bob.id);
    let answer: v1::LookUpUsersResponse = alice.rest("GET", &path, &()).await.expect("an answer");
    assert_eq!(answer.users.len(), 2);
    let (status, problem) = alice
        .rest::<v1::GetUserResponse>("GET", "/v1/users/42", &())
        .await
        .expect_err("nobody has it");
    assert_eq!((status, problem.reason.as_str()), (404, "USER_NOT_FOUND"));
}

#[tokio::test]
async fn a_direct_conversation_is_one_for_each_pair() {
    let town = town().await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    assert_eq!(bob.with(&alice).await, conversation);
    assert_eq!(alice.with(&bob).await, conversation);
    let own = v1::OpenDirectRequest {
        user_id: alice.id.0,
        ..Default::default()
    };
    assert_eq!(
        alice.refused(client_frame::Body::OpenDirect(own)).await.reason,
        "PEER_IS_SELF"
    );
    let nobody = v1::OpenDirectRequest {
        user_id: 42,
        ..Default::default()
    };
    assert_eq!(
        alice.refused(client_frame::Body::OpenDirect(nobody)).await.reason,
        "USER_NOT_FOUND"
    );
    let seen = bob.sees(conversation).await.expect("bob is in it");
    assert_eq!(
        (seen.peer(), seen.title.as_str(), seen.kind()),
        (alice.id, "", v1::ConversationKind::Direct)
    );
}
