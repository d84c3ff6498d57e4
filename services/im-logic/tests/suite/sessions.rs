//! Getting in and out, profiles.

use crate::world::{User, World};
use im_schema::{
    ids::SessionId,
    internal::v1::downstream::Event,
    parlance::Reason,
    rpc::{Context, Identity},
    v1::{
        LogInRequest, LogOutAllRequest, LogOutRequest, LookUpUsersRequest, Profile, RefreshRequest, RegisterRequest,
        UpdateProfileRequest, User as Account,
    },
    wkt::FieldMask,
};

fn log_in(name: &str, password: &str, device: &str) -> LogInRequest {
    LogInRequest {
        name: name.to_owned(),
        password: password.to_owned(),
        device_id: device.to_owned(),
        ..Default::default()
    }
}

fn session(user: &User) -> SessionId {
    let Identity::User(caller) = &user.context.identity else {
        panic!("nobody")
    };
    caller.session
}

async fn closed(world: &World) -> Vec<SessionId> {
    world
        .gateway
        .hears(|heard| {
            heard.iter().find_map(|downstream| match &downstream.event {
                Some(Event::SessionsEnded(ended)) => Some(ended.session_ids.iter().copied().map(SessionId).collect()),
                _ => None,
            })
        })
        .await
}

#[tokio::test]
async fn a_name_is_taken_whatever_its_case_and_a_wrong_password_opens_nothing() {
    let world = World::new().await;
    let ada = world.user_named("Ada").await;
    let again = RegisterRequest {
        name: "aDA".to_owned(),
        password: "another horse".to_owned(),
        display_name: String::new(),
        device_id: "phone".to_owned(),
        ..Default::default()
    };
    let taken = world.api.auth.register(Context::default(), again).await.unwrap_err();
    assert_eq!(taken.reason(), Reason::NameTaken);
    for (name, password) in [("ada", "wrong horse"), ("nobody", "correct horse")] {
        let refused = world
            .api
            .auth
            .log_in(Context::default(), log_in(name, password, "phone"))
            .await
            .unwrap_err();
        assert_eq!(refused.reason(), Reason::WrongCredentials);
    }
    let answer = world
        .api
        .auth
        .log_in(Context::default(), log_in("ADA", "correct horse", "phone"))
        .await
        .unwrap();
    assert_eq!(world.user(&answer.tokens.unwrap()).id, ada.id);
    assert_eq!(answer.user.unwrap().display_name, "Ada");
}

#[tokio::test]
async fn a_refresh_token_works_once_and_its_reuse_ends_the_session_at_once() {
    let world = World::new().await;
    let (ada, first) = world.registers("ada").await;
    world.online(&ada).await;
    let refresh = |token: &str| {
        let request = RefreshRequest {
            refresh_token: token.to_owned(),
            ..Default::default()
        };
        world.api.auth.refresh(Context::default(), request)
    };
    let second = refresh(&first.refresh_token).await.unwrap().tokens.unwrap();
    let third = refresh(&second.refresh_token).await.unwrap().tokens.unwrap();
    assert_eq!(session(&world.user(&third)), session(&ada), "the session goes on");
    assert!(!world.ended.contains(session(&ada)).await);
    let reused = refresh(&first.refresh_token).await.unwrap_err();
    assert_eq!(reused.reason(), Reason::RefreshReused);
    assert!(
        world.ended.contains(session(&ada)).await,
        "its access token is worth nothing either"
    );
    assert_eq!(closed(&world).await, [session(&ada)]);
    assert!(refresh(&third.refresh_token).await.is_err());
    for garbage in ["x", "1.2.3", "zz.zz.zz"] {
        assert_eq!(refresh(garbage).await.unwrap_err().reason(), Reason::RefreshInvalid);
    }
}

#[tokio::test]
async fn logging_out_ends_one_session_or_all() {
    let world = World::new().await;
    let laptop = world.user_named("ada").await;
    world.online(&laptop).await;
    let other = |device: &'static str| async {
        let answer = world
            .api
            .auth
            .log_in(Context::default(), log_in("ada", "correct horse", device))
            .await
            .unwrap();
        world.user(&answer.tokens.unwrap())
    };
    let (phone, tablet) = (other("phone").await, other("tablet").await);
    world
        .api
        .auth
        .log_out(phone.context.clone(), LogOutRequest::default())
        .await
        .unwrap();
    assert_eq!(closed(&world).await, [session(&phone)]);
    assert!(world.ended.contains(session(&phone)).await && !world.ended.contains(session(&laptop)).await);
    let ended = world
        .api
        .auth
        .log_out_all(tablet.context.clone(), LogOutAllRequest::default())
        .await
        .unwrap()
        .ended;
    assert_eq!(ended, 2, "the phone's was ended before");
    assert!(world.ended.contains(session(&laptop)).await && world.ended.contains(session(&tablet)).await);
}

#[tokio::test]
async fn logging_in_again_on_a_device_ends_the_session_that_it_had() {
    let world = World::new().await;
    let before = world.user_named("ada").await;
    world.online(&before).await;
    world
        .api
        .auth
        .log_in(Context::default(), log_in("ada", "correct horse", "laptop"))
        .await
        .unwrap();
    assert_eq!(closed(&world).await, [session(&before)]);
    assert!(world.ended.contains(session(&before)).await);
}

#[tokio::test]
async fn a_profile_changes_by_its_mask_and_an_empty_display_name_is_the_name() {
    let world = World::new().await;
    let ada = world.user_named("ada").await;
    let change = |profile: Profile, paths: &[&str]| {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        let request = UpdateProfileRequest {
            profile: Some(profile),
            update_mask: Some(FieldMask { paths }),
            ..Default::default()
        };
        world.api.users.update_profile(ada.context.clone(), request)
    };
    let profile = Profile {
        display_name: "Ada L.".to_owned(),
        about: "Counts on engines.".to_owned(),
        ..Default::default()
    };
    let shown = |user: Option<Account>| user.map(|user| (user.display_name, user.about)).unwrap();
    let both = change(profile.clone(), &[]).await.unwrap().user;
    assert_eq!(shown(both), ("Ada L.".to_owned(), "Counts on engines.".to_owned()));
    let cleared = change(Profile::default(), &["display_name"]).await.unwrap().user;
    assert_eq!(shown(cleared), ("ada".to_owned(), "Counts on engines.".to_owned()));
    let request = LookUpUsersRequest {
        names: vec!["ADA".to_owned(), "nobody".to_owned()],
        user_ids: vec![],
        ..Default::default()
    };
    let found = world
        .api
        .users
        .look_up_users(ada.context.clone(), request)
        .await
        .unwrap()
        .users;
    assert_eq!(found.iter().map(|user| user.user_id).collect::<Vec<_>>(), [ada.id.0]);
}
