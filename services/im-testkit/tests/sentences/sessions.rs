//! Getting in and out, and what that means for open connections.

use crate::{town, town_with};
use im_schema::{
    rpc::Context,
    services::{UserServiceClient, user_service},
    v1::{self, client_frame, server_frame},
};
use im_testkit::{Device, PASSWORD, Protocol, User, call, refresh};
use tokio_tungstenite::tungstenite::Error;
use tonic::transport::Endpoint;

const SHORT_TOKENS: [(&str, &str); 2] = [("logic.access_token_lifetime", "2s"), ("gateway.tick", "50ms")];

async fn log_in(url: &str, name: &str, password: &str) -> Result<v1::LogInResponse, (u16, v1::Problem)> {
    let request = v1::LogInRequest {
        name: name.into(),
        password: password.into(),
        device_id: "other".into(),
        ..Default::default()
    };
    call(url, None, "POST", "/v1/sessions", &request).await
}

fn refusal<T: std::fmt::Debug>(result: Result<T, (u16, v1::Problem)>) -> (u16, String) {
    let (status, problem) = result.expect_err("it is refused");
    (status, problem.reason)
}

async fn profile(url: &str, token: &str) -> Result<v1::GetProfileResponse, (u16, v1::Problem)> {
    call(url, Some(token), "GET", "/v1/profile", &()).await
}

/// The HTTP status with which an upgrade is refused, and the reason.
async fn upgrade_refusal(url: &str, token: &str) -> (u16, String) {
    match Device::try_connect(url, token, Protocol::Text)
        .await
        .err()
        .map(|error| *error)
    {
        Some(Error::Http(response)) => {
            let body = response.body().as_ref().expect("a body");
            let problem: v1::Problem = im_schema::json::from_slice(body).expect("a problem");
            (response.status().as_u16(), problem.reason)
        }
        other => panic!("not refused by HTTP: {other:?}"),
    }
}

#[tokio::test]
async fn names_are_taken_once_and_passwords_have_to_be_right() {
    let town = town().await;
    town.user("Alice").await;
    let url = town.url();
    let request = v1::RegisterRequest {
        name: "aLICE".into(),
        password: PASSWORD.into(),
        device_id: "d".into(),
        ..Default::default()
    };
    let taken = call::<v1::RegisterResponse>(&url, None, "POST", "/v1/users", &request).await;
    assert_eq!(refusal(taken), (409, "NAME_TAKEN".into()));
    assert_eq!(
        refusal(log_in(&url, "alice", "wrong horse").await),
        (401, "WRONG_CREDENTIALS".into())
    );
    assert_eq!(
        refusal(log_in(&url, "nobody", PASSWORD).await),
        (401, "WRONG_CREDENTIALS".into())
    );
    let answer = log_in(&url, "ALICE", PASSWORD)
        .await
        .expect("names are equal without regard to case");
    assert_eq!(answer.user.expect("a user").name, "Alice");
}

#[tokio::test]
async fn an_open_connection_lives_as_long_as_its_token_or_the_one_that_renews_it() {
    let town = town_with(&SHORT_TOKENS).await;
    let mut alice = town.user("alice").await;
    let mut phone = alice.device("phone", Protocol::Text).await;
    let (old, end) = (
        alice.tokens.access_token.clone(),
        phone.ready.token_expires_at.expect("a time").millis(),
    );
    let foreign = alice.log_in("tablet").await.access_token;
    let problem = alice
        .refused(client_frame::Body::Renew(v1::Renew {
            access_token: foreign,
            ..Default::default()
        }))
        .await;
    assert_eq!(problem.reason, "PERMISSION_DENIED");
    // times of tokens are whole seconds: renews until the connection outlives the other one
    loop {
        alice.refreshes().await.expect("the refresh token is good");
        let renew = v1::Renew {
            access_token: alice.tokens.access_token.clone(),
            ..Default::default()
        };
        match alice.ask(client_frame::Body::Renew(renew)).await {
            server_frame::Body::Renewed(renewed)
                if renewed.token_expires_at.as_ref().expect("a time").millis() > end =>
            {
                break;
            }
            server_frame::Body::Renewed(_) => {}
            other => panic!("not renewed: {other:?}"),
        }
    }
    assert_eq!(phone.closed().await.code, 4402, "nobody renewed it");
    assert!(alice.so_far().await.is_empty(), "the renewed connection is open");
    assert_eq!(refusal(profile(&town.url(), &old).await), (401, "TOKEN_EXPIRED".into()));
    assert_eq!(upgrade_refusal(&town.url(), &old).await, (401, "TOKEN_EXPIRED".into()));
    assert_eq!(alice.closed().await.code, 4402, "in the end it closes too");
}

#[tokio::test]
async fn a_refresh_token_works_once_and_its_reuse_ends_the_session() {
    let town = town().await;
    let mut alice = town.user("alice").await;
    let mut phone = alice.device("phone", Protocol::Text).await;
    let url = town.url();
    let stolen = alice.tokens.refresh_token.clone();
    alice.refreshes().await.expect("the first use");
    assert_ne!(alice.tokens.refresh_token, stolen);
    profile(&url, &alice.tokens.access_token)
        .await
        .expect("the new access token is good");
    assert_eq!(refusal(refresh(&url, &stolen).await), (401, "REFRESH_REUSED".into()));
    let newest = alice.tokens.refresh_token.clone();
    let revoked = refusal(refresh(&url, &newest).await);
    assert!(
        matches!(
            (revoked.0, revoked.1.as_str()),
            (401, "REFRESH_INVALID" | "REFRESH_REUSED")
        ),
        "the family is revoked: {revoked:?}"
    );
    assert_eq!(alice.closed().await.code, 4403);
    assert_eq!(
        refusal(profile(&url, &alice.tokens.access_token).await),
        (401, "SESSION_ENDED".into())
    );
    assert_eq!(
        upgrade_refusal(&url, &alice.tokens.access_token).await,
        (401, "SESSION_ENDED".into())
    );
    assert!(phone.so_far().await.is_empty(), "the other device's session goes on");
    assert_eq!(refusal(refresh(&url, "made-up").await), (401, "REFRESH_INVALID".into()));
}

#[tokio::test]
async fn logging_out_closes_the_connections_of_the_session() {
    let town = town().await;
    let mut alice = town.user("alice").await;
    let url = town.url();
    let mut second = Device::connect(&url, &alice.tokens.access_token, Protocol::Text).await;
    let mut phone = alice.device("phone", Protocol::Text).await;
    let _: v1::LogOutResponse = alice
        .rest("DELETE", "/v1/sessions/current", &())
        .await
        .expect("logged out");
    assert_eq!(alice.closed().await.code, 4403);
    assert_eq!(second.closed().await.code, 4403);
    assert!(phone.so_far().await.is_empty(), "another session goes on");
    assert_eq!(
        refusal(profile(&url, &alice.tokens.access_token).await),
        (401, "SESSION_ENDED".into())
    );
    let refresh_token = alice.tokens.refresh_token.clone();
    assert_eq!(
        refusal(refresh(&url, &refresh_token).await),
        (401, "REFRESH_INVALID".into())
    );
}

/// All four ways in refuse the token.
async fn refused_everywhere(url: &str, token: &str, reason: &str) {
    let denied = (401, reason.to_owned());
    assert_eq!(refusal(profile(url, token).await), denied);
    assert_eq!(upgrade_refusal(url, token).await, denied);
    let channel = Endpoint::from_shared(url.to_owned())
        .expect("an address")
        .connect()
        .await;
    let users = UserServiceClient::from_service(user_service::remote(channel.expect("gRPC is served")));
    let failure = users
        .get_profile(Context::bearer(token), v1::GetProfileRequest::default())
        .await
        .expect_err("it is refused");
    assert_eq!(failure.spec().name, reason);
}

#[tokio::test]
async fn a_session_that_ended_stays_ended_after_a_restart() {
    let mut town = town().await;
    let mut alice = town.user("alice").await;
    let (replaced, stolen) = (alice.log_in("phone").await, alice.log_in("tablet").await);
    let phone = alice.log_in("phone").await;
    let newest = refresh(&town.url(), &stolen.refresh_token)
        .await
        .expect("the first use");
    refresh(&town.url(), &stolen.refresh_token).await.expect_err("reused");
    let out = alice.tokens.access_token.clone();
    let _: v1::LogOutResponse = alice
        .rest("DELETE", "/v1/sessions/current", &())
        .await
        .expect("logged out");
    town.restart().await;
    for token in [&out, &replaced.access_token, &newest.access_token] {
        refused_everywhere(&town.url(), token, "SESSION_ENDED").await;
    }
    profile(&town.url(), &phone.access_token)
        .await
        .expect("a session that did not end is good after a restart");
    alice.tokens = phone;
    alice.reconnect(&town.url()).await;
}

#[tokio::test]
async fn logging_out_everywhere_closes_all() {
    let town = town().await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let mut phone = alice.device("phone", Protocol::Text).await;
    let answer: v1::LogOutAllResponse = alice.rest("DELETE", "/v1/sessions", &()).await.expect("logged out");
    assert_eq!(answer.ended, 2);
    assert_eq!(alice.closed().await.code, 4403);
    assert_eq!(phone.closed().await.code, 4403);
    assert!(bob.so_far().await.is_empty(), "it is nobody else's business");
}

#[tokio::test]
async fn logging_in_again_ends_the_devices_former_session() {
    let town = town().await;
    let mut alice: User = town.user("alice").await;
    let tokens = alice.log_in("first").await;
    assert_eq!(alice.closed().await.code, 4403);
    let mut again = Device::connect(&town.url(), &tokens.access_token, Protocol::Binary).await;
    assert!(again.so_far().await.is_empty());
}

#[tokio::test]
async fn a_token_of_another_platform_is_none() {
    let (here, there) = (town().await, town().await);
    let alice = there.user("alice").await;
    let token = &alice.tokens.access_token;
    assert_eq!(
        refusal(profile(&here.url(), token).await),
        (401, "UNAUTHENTICATED".into())
    );
    assert_eq!(
        upgrade_refusal(&here.url(), token).await,
        (401, "UNAUTHENTICATED".into())
    );
}
