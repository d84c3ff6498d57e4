mod kept;

use super::Repo;
use crate::{RepoConfig, store::conformance::client_id};
use im_infra::clock::ManualClock;
use im_schema::{
    failure::Failure,
    internal::v1::{
        AdvanceReadRequest, CreateUserRequest, EnsureDirectRequest, FindUsersRequest, InsertGroupRequest, NewMessage,
        OpenSessionRequest, PageConversationsRequest, ReadMessagesRequest, ReadRostersRequest, RotateSessionRequest,
        StoreMessagesRequest, UpdateUserRequest, Upstream, VerifyPasswordRequest, store_outcome::Kind,
    },
    parlance::Reason,
    rpc::Peer,
    v1::{Content, Profile, Text, User, content},
    wkt::{FieldMask, Timestamp},
};
use tempfile::TempDir;

const NOW: u64 = 1_764_000_000_000;

async fn repo() -> (Repo, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let config = RepoConfig {
        folder: folder.path().join("repo"),
        bcrypt_cost: 4,
        ..RepoConfig::default()
    };
    (Repo::build(config, ManualClock::at(NOW), None).await.unwrap(), folder)
}

async fn register(repo: &Repo, id: u64, name: &str) -> Result<(), Failure> {
    let user = User {
        user_id: id,
        name: name.to_owned(),
        created_at: Some(Timestamp::from_millis(NOW)),
        ..User::default()
    };
    let request = CreateUserRequest {
        user: Some(user),
        password: "correct horse".to_owned(),
        ..Default::default()
    };
    repo.users.create_user(Peer, request).await?;
    Ok(())
}

fn at(ms: u64) -> Option<Timestamp> {
    Some(Timestamp::from_millis(ms))
}

fn text(id: u64, conversation_id: u64, sender_id: u64, body: &str) -> NewMessage {
    let content = Content {
        kind: Some(content::Kind::Text(Text {
            body: body.to_owned(),
            ..Default::default()
        })),
        ..Default::default()
    };
    let upstream = Upstream {
        conversation_id,
        sender_id,
        client_message_id: client_id(NOW, id).to_vec().into(),
        content: Some(content),
        ..Upstream::default()
    };
    NewMessage {
        message_id: id,
        upstream: Some(upstream),
        verify: false,
        ..Default::default()
    }
}

#[tokio::test]
async fn users_get_in_with_the_right_password_only() {
    let (repo, _folder) = repo().await;
    register(&repo, 7, "Ada").await.unwrap();
    let taken = register(&repo, 8, "aDA").await.unwrap_err();
    assert_eq!(taken.reason(), Reason::NameTaken);
    let verify = async |name: &str, password: &str| {
        let request = VerifyPasswordRequest {
            name: name.to_owned(),
            password: password.to_owned(),
            ..Default::default()
        };
        repo.users.verify_password(Peer, request).await.map_err(Failure::from)
    };
    let user = verify("ADA", "correct horse").await.unwrap().user.unwrap();
    assert_eq!(
        (user.user_id, user.name.as_str(), user.display_name.as_str()),
        (7, "Ada", "Ada")
    );
    let wrong = verify("ada", "wrong horse").await.unwrap_err();
    let unknown = verify("bob", "correct horse").await.unwrap_err();
    assert_eq!(wrong.reason(), Reason::WrongCredentials);
    assert_eq!((unknown.reason(), unknown.message()), (wrong.reason(), wrong.message()));
}

#[tokio::test]
async fn a_mask_says_what_changes_and_an_empty_display_name_is_the_name() {
    let (repo, _folder) = repo().await;
    register(&repo, 7, "Ada").await.unwrap();
    let profile = Profile {
        display_name: "Ada L.".into(),
        about: "engines".into(),
        ..Default::default()
    };
    let update = async |profile: &Profile, mask: Option<FieldMask>| {
        let request = UpdateUserRequest {
            user_id: 7,
            profile: Some(profile.clone()),
            update_mask: mask,
            ..Default::default()
        };
        let user = repo.users.update_user(Peer, request).await.unwrap().user.unwrap();
        (user.display_name, user.about)
    };
    let only_about = Some(FieldMask::of(["about"]));
    assert_eq!(update(&profile, only_about).await, ("Ada".into(), "engines".into()));
    assert_eq!(update(&profile, None).await, ("Ada L.".into(), "engines".into()));
    assert_eq!(
        update(&Profile::default(), Some(FieldMask::default())).await,
        ("Ada".into(), String::new())
    );
    let nobody = UpdateUserRequest {
        user_id: 9,
        profile: Some(profile),
        update_mask: None,
        ..Default::default()
    };
    let nobody = Failure::from(repo.users.update_user(Peer, nobody).await.unwrap_err());
    assert_eq!(nobody.reason(), Reason::UserNotFound);
    let found = FindUsersRequest {
        user_ids: vec![7, 9],
        names: vec!["ADA".into()],
        ..Default::default()
    };
    assert_eq!(repo.users.find_users(Peer, found).await.unwrap().users.len(), 1);
}

#[tokio::test]
async fn refresh_tokens_rotate_and_reuse_is_told() {
    let (repo, _folder) = repo().await;
    let open = OpenSessionRequest {
        session_id: 5,
        user_id: 7,
        device_id: "laptop".into(),
        refresh_hash: vec![1; 32].into(),
        expires_at: at(NOW + 1_000),
        ..Default::default()
    };
    assert_eq!(
        repo.users
            .open_session(Peer, open.clone())
            .await
            .unwrap()
            .replaced_session_id,
        0
    );
    let rotate = async |old: u8, new: u8, now_ms: u64| {
        let request = RotateSessionRequest {
            old_hash: vec![old; 32].into(),
            new_hash: vec![new; 32].into(),
            now: at(now_ms),
            expires_at: at(now_ms + 1_000),
            ..Default::default()
        };
        repo.users.rotate_session(Peer, request).await.map_err(Failure::from)
    };
    assert_eq!(rotate(1, 2, NOW).await.unwrap().session_id, 5);
    assert_eq!(rotate(9, 3, NOW).await.unwrap_err().reason(), Reason::RefreshInvalid);
    assert_eq!(
        rotate(2, 3, NOW + 1_000).await.unwrap_err().reason(),
        Reason::RefreshInvalid
    );
    assert_eq!(rotate(1, 3, NOW).await.unwrap_err().reason(), Reason::RefreshReused);
    assert_eq!(rotate(2, 3, NOW).await.unwrap_err().reason(), Reason::RefreshInvalid);
    let again = OpenSessionRequest {
        session_id: 6,
        refresh_hash: vec![4; 32].into(),
        ..open
    };
    assert_eq!(
        repo.users.open_session(Peer, again).await.unwrap().replaced_session_id,
        0
    );
}

#[tokio::test]
async fn a_message_goes_in_and_comes_out() {
    let (repo, _folder) = repo().await;
    register(&repo, 7, "Ada").await.unwrap();
    register(&repo, 8, "Bob").await.unwrap();
    let direct = EnsureDirectRequest {
        conversation_id: 100,
        user_id: 7,
        peer_id: 8,
        created_at: at(NOW),
        ..Default::default()
    };
    let opened = repo.conversations.ensure_direct(Peer, direct.clone()).await.unwrap();
    assert!(opened.created);
    assert_eq!(opened.conversation.unwrap().peer_id, 8);
    let oneself = EnsureDirectRequest { peer_id: 7, ..direct };
    let oneself = Failure::from(repo.conversations.ensure_direct(Peer, oneself).await.unwrap_err());
    assert_eq!(oneself.reason(), Reason::UserNotFound);

    let again = NewMessage {
        verify: true,
        ..text(201, 100, 7, "hi")
    };
    let other = NewMessage {
        verify: true,
        message_id: 205,
        ..text(201, 100, 7, "ho")
    };
    let mut kinds = Vec::new();
    for batch in [
        vec![text(201, 100, 7, "hi"), text(202, 100, 8, "ho"), text(203, 101, 7, "x")],
        vec![again, other],
    ] {
        let request = StoreMessagesRequest {
            messages: batch,
            now_ms: NOW + 5,
            ..Default::default()
        };
        let outcomes = repo.messages.store_messages(Peer, request).await.unwrap().outcomes;
        kinds.extend(
            outcomes
                .iter()
                .map(|outcome| (outcome.kind(), outcome.message_id, outcome.sequence)),
        );
    }
    let expected = [
        (Kind::Stored, 201, 1),
        (Kind::Stored, 202, 2),
        (Kind::NoConversation, 0, 0),
        (Kind::Duplicate, 201, 1),
        (Kind::Conflict, 201, 1),
    ];
    assert_eq!(kinds, expected);

    let request = ReadMessagesRequest {
        conversation_id: 100,
        from_sequence: 0,
        forward: false,
        limit: 1,
        ..Default::default()
    };
    let history = repo.messages.read_messages(Peer, request).await.unwrap();
    let newest = &history.messages[0];
    assert_eq!(
        (history.messages.len(), history.last_sequence, newest.sequence),
        (1, 2, 2)
    );
    assert_eq!(newest.client_message_id, "019ab697-e800-7000-0000-0000000000ca");
    assert_eq!(newest.sent_at, at(NOW + 5));
    let list = PageConversationsRequest {
        user_id: 7,
        limit: 10,
        before_ms: 0,
        before_id: 0,
        ..Default::default()
    };
    let list = repo.conversations.page_conversations(Peer, list).await.unwrap();
    assert_eq!(
        (
            list.conversations[0].unread_count,
            list.conversations[0].last_message.as_ref()
        ),
        (1, Some(newest))
    );
    let read = AdvanceReadRequest {
        conversation_id: 100,
        user_id: 7,
        sequence: 9,
        ..Default::default()
    };
    let read = repo.conversations.advance_read(Peer, read).await.unwrap();
    assert_eq!((read.read_sequence, read.unread_count, read.moved), (2, 0, true));
    let stranger = AdvanceReadRequest {
        conversation_id: 100,
        user_id: 9,
        sequence: 1,
        ..Default::default()
    };
    let stranger = Failure::from(repo.conversations.advance_read(Peer, stranger).await.unwrap_err());
    assert_eq!(stranger.reason(), Reason::NotAMember);
}

#[tokio::test]
async fn a_roster_pairs_users_with_their_roles() {
    let (repo, _folder) = repo().await;
    for (id, name) in [(7, "Ada"), (8, "Bob"), (9, "Cleo")] {
        register(&repo, id, name).await.unwrap();
    }
    let group = InsertGroupRequest {
        conversation_id: 100,
        title: "Engine room".into(),
        owner_id: 8,
        user_ids: vec![9, 7],
        created_at: at(NOW),
        ..Default::default()
    };
    repo.conversations.insert_group(Peer, group).await.unwrap();
    let request = ReadRostersRequest {
        conversation_ids: vec![100, 101],
        max_members: 500,
        ..Default::default()
    };
    let rosters = repo.conversations.read_rosters(Peer, request).await.unwrap().rosters;
    assert_eq!(rosters.len(), 1);
    assert_eq!(
        (rosters[0].user_ids.as_slice(), rosters[0].roles.as_slice()),
        (&[7, 8, 9][..], &[3, 1, 3][..])
    );
}

#[tokio::test]
async fn a_closed_repo_is_unavailable() {
    let (repo, _folder) = repo().await;
    repo.close().await;
    let failure = register(&repo, 7, "Ada").await.unwrap_err();
    assert_eq!(failure.reason(), Reason::Unavailable);
    let request = ReadMessagesRequest {
        conversation_id: 1,
        ..ReadMessagesRequest::default()
    };
    let failure = Failure::from(repo.messages.read_messages(Peer, request).await.unwrap_err());
    assert_eq!(failure.reason(), Reason::Unavailable);
}
