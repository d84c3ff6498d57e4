//! Groups: members come and go, have roles, and may be many.

use crate::{town, town_with};
use im_schema::{
    ids::{ConversationId, UserId},
    v1::{self, ConversationChange, MemberRole, client_frame, server_frame},
};
use im_testkit::{Device, PASSWORD, User, call, message, text_of};

/// Waits for the notice that a conversation changed in this way.
async fn notices(device: &mut Device, group: ConversationId, change: ConversationChange) -> v1::ConversationChanged {
    let pick = |frame: &v1::ServerFrame| match &frame.body {
        Some(server_frame::Body::ConversationChanged(changed))
            if changed.conversation() == group && changed.change() == change =>
        {
            Some(changed.clone())
        }
        _ => None,
    };
    device.find("a notice", pick).await
}

async fn gives_role(
    owner: &User,
    group: ConversationId,
    user: UserId,
    role: MemberRole,
) -> Result<v1::Member, (u16, v1::Problem)> {
    let request = v1::ChangeRoleRequest {
        role: role.into(),
        ..Default::default()
    };
    let path = format!("/v1/conversations/{group}/members/{user}");
    let answer: v1::ChangeRoleResponse = owner.rest("PATCH", &path, &request).await?;
    Ok(answer.member.expect("a member"))
}

async fn renames(
    user: &User,
    group: ConversationId,
    title: &str,
) -> Result<v1::RenameGroupResponse, (u16, v1::Problem)> {
    let request = v1::RenameGroupRequest {
        title: title.into(),
        ..Default::default()
    };
    user.rest("PATCH", &format!("/v1/conversations/{group}"), &request)
        .await
}

async fn adds(
    user: &User,
    group: ConversationId,
    others: &[UserId],
) -> Result<v1::AddMembersResponse, (u16, v1::Problem)> {
    let request = v1::AddMembersRequest {
        conversation_id: 0,
        user_ids: others.iter().map(|id| id.0).collect(),
        ..Default::default()
    };
    user.rest("POST", &format!("/v1/conversations/{group}/members"), &request)
        .await
}

async fn removes(
    user: &User,
    group: ConversationId,
    other: UserId,
) -> Result<v1::RemoveMemberResponse, (u16, v1::Problem)> {
    user.rest("DELETE", &format!("/v1/conversations/{group}/members/{other}"), &())
        .await
}

async fn leaves(user: &User, group: ConversationId) -> Result<v1::LeaveGroupResponse, (u16, v1::Problem)> {
    user.rest("POST", &format!("/v1/conversations/{group}/leave"), &())
        .await
}

fn reason<T: std::fmt::Debug>(result: Result<T, (u16, v1::Problem)>) -> String {
    result.expect_err("it is refused").1.reason
}

#[tokio::test]
async fn what_is_said_in_a_group_reaches_all_others() {
    let town = town().await;
    let (mut alice, mut bob, mut carol) = (
        town.user("alice").await,
        town.user("bob").await,
        town.user("carol").await,
    );
    let group = alice.creates_group("tea", &[bob.id, carol.id]).await;
    for member in [&mut bob, &mut carol] {
        assert_eq!(notices(member, group, ConversationChange::Joined).await.title, "tea");
    }
    alice.sends("tea?").into(group).await;
    bob.receives("tea?").await;
    carol.receives("tea?").await;
    bob.sends("yes").into(group).await;
    alice.receives("yes").await;
    assert_eq!(carol.receives("yes").await.sequence, 2);
}

#[tokio::test]
async fn who_was_added_hears_what_comes_and_reads_what_was() {
    let town = town().await;
    let (mut alice, bob, mut carol) = (
        town.user("alice").await,
        town.user("bob").await,
        town.user("carol").await,
    );
    let group = alice.creates_group("tea", &[bob.id]).await;
    alice.sends("before").into(group).await;
    assert_eq!(
        carol
            .refused(client_frame::Body::Send(message(group, "hello?")))
            .await
            .reason,
        "NOT_A_MEMBER"
    );
    let added = adds(&alice, group, &[bob.id, carol.id])
        .await
        .expect("alice owns the group");
    assert_eq!(
        added.added_users().collect::<Vec<_>>(),
        [carol.id],
        "bob was in it already"
    );
    assert_eq!(added.conversation.expect("a conversation").member_count, 3);
    notices(&mut carol, group, ConversationChange::Joined).await;
    alice.sends("welcome").into(group).await;
    carol.receives("welcome").await;
    assert_eq!(carol.sends("thanks").into(group).await.sequence, 3);
    let history = carol
        .history(group, "direction=LIST_DIRECTION_FORWARD")
        .await
        .expect("carol is a member");
    assert_eq!(
        history.messages.iter().map(text_of).collect::<Vec<_>>(),
        ["before", "welcome", "thanks"]
    );
}

#[tokio::test]
async fn who_was_removed_neither_hears_nor_speaks() {
    let town = town().await;
    let (mut alice, mut bob, mut carol) = (
        town.user("alice").await,
        town.user("bob").await,
        town.user("carol").await,
    );
    let group = alice.creates_group("tea", &[bob.id, carol.id]).await;
    carol.sends("hi").into(group).await;
    removes(&alice, group, carol.id).await.expect("alice owns the group");
    notices(&mut carol, group, ConversationChange::Left).await;
    assert_eq!(
        carol
            .refused(client_frame::Body::Send(message(group, "still here")))
            .await
            .reason,
        "NOT_A_MEMBER"
    );
    alice.sends("she is gone").into(group).await;
    bob.receives("hi").await;
    bob.receives("she is gone").await;
    let heard = carol.so_far().await;
    assert!(
        !heard
            .iter()
            .any(|frame| matches!(frame.body, Some(server_frame::Body::Message(_)))),
        "{heard:?}"
    );
    let refused = [
        reason(carol.history(group, "").await),
        reason(carol.sees(group).await),
        reason(
            carol
                .rest::<v1::ListMembersResponse>("GET", &format!("/v1/conversations/{group}/members"), &())
                .await,
        ),
    ];
    assert_eq!(
        refused,
        ["NOT_A_MEMBER", "CONVERSATION_NOT_FOUND", "CONVERSATION_NOT_FOUND"]
    );
    assert_eq!(carol.resumes(&[(group, 1)]).await.1.gone_conversation_ids, [group.0]);
    assert_eq!(reason(removes(&alice, group, carol.id).await), "MEMBER_NOT_FOUND");
    adds(&alice, group, &[carol.id]).await.expect("she may come back");
    alice.sends("back again").into(group).await;
    carol.receives("back again").await;
}

#[tokio::test]
async fn who_left_is_out() {
    let town = town().await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let group = alice.creates_group("tea", &[bob.id]).await;
    leaves(&bob, group).await.expect("bob may leave");
    notices(&mut bob, group, ConversationChange::Left).await;
    notices(&mut alice, group, ConversationChange::Members).await;
    assert_eq!(
        bob.refused(client_frame::Body::Send(message(group, "bye")))
            .await
            .reason,
        "NOT_A_MEMBER"
    );
    assert_eq!(alice.sees(group).await.expect("alice is a member").member_count, 1);
    assert_eq!(reason(leaves(&alice, group).await), "OWNER_MUST_STAY");
}

#[tokio::test]
async fn roles_say_who_may_do_what() {
    let town = town().await;
    let (mut alice, mut bob, carol) = (
        town.user("alice").await,
        town.user("bob").await,
        town.user("carol").await,
    );
    let dave = town.user("dave").await;
    let group = alice.creates_group("tea", &[bob.id, carol.id]).await;

    assert_eq!(reason(renames(&bob, group, "beer").await), "ROLE_TOO_LOW");
    assert_eq!(reason(adds(&bob, group, &[dave.id]).await), "ROLE_TOO_LOW");
    assert_eq!(reason(removes(&bob, group, carol.id).await), "ROLE_TOO_LOW");
    assert_eq!(
        reason(gives_role(&bob, group, bob.id, MemberRole::Admin).await),
        "ROLE_TOO_LOW"
    );
    assert_eq!(reason(renames(&dave, group, "beer").await), "CONVERSATION_NOT_FOUND");

    let member = gives_role(&alice, group, bob.id, MemberRole::Admin)
        .await
        .expect("alice owns the group");
    assert_eq!((member.user(), member.role()), (bob.id, MemberRole::Admin));
    renames(&bob, group, "beer").await.expect("admins may rename");
    assert_eq!(
        notices(&mut alice, group, ConversationChange::Renamed).await.title,
        "beer"
    );
    adds(&bob, group, &[dave.id]).await.expect("admins may add");
    assert_eq!(reason(removes(&bob, group, alice.id).await), "OWNER_MUST_STAY");
    removes(&bob, group, dave.id)
        .await
        .expect("admins may remove plain members");

    gives_role(&alice, group, bob.id, MemberRole::Owner)
        .await
        .expect("the owner may make another one the owner");
    assert_eq!(
        alice.sees(group).await.expect("alice is a member").role(),
        MemberRole::Admin
    );
    assert_eq!(
        bob.sees(group).await.expect("bob is a member").role(),
        MemberRole::Owner
    );
    assert_eq!(
        reason(gives_role(&alice, group, carol.id, MemberRole::Admin).await),
        "ROLE_TOO_LOW"
    );
    leaves(&alice, group).await.expect("admins may leave");

    let direct = bob.with(&carol).await;
    assert_eq!(reason(renames(&bob, direct, "two").await), "NOT_A_GROUP");
    assert_eq!(reason(leaves(&bob, direct).await), "NOT_A_GROUP");
    assert_eq!(reason(adds(&bob, group, &[UserId(42)]).await), "USER_NOT_FOUND");
}

#[tokio::test]
async fn members_come_in_pages() {
    let town = town().await;
    let mut alice = town.user("alice").await;
    let mut all = vec![alice.id];
    for name in ["bob", "carol", "dave", "erin"] {
        all.push(town.user(name).await.id);
    }
    let group = alice.creates_group("tea", &all[1..]).await;
    let path = format!("/v1/conversations/{group}/members?pageSize=2");
    let (mut seen, mut token, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page: v1::ListMembersResponse = alice
            .rest("GET", &format!("{path}&pageToken={token}"), &())
            .await
            .expect("alice is a member");
        seen.extend(page.members.iter().map(v1::Member::user));
        pages += 1;
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    all.sort_unstable();
    assert_eq!((seen, pages), (all, 3));
    let answer = alice
        .rest::<v1::ListMembersResponse>("GET", &format!("{path}&pageToken=bm90IG9uZQ"), &())
        .await;
    assert_eq!(reason(answer), "PAGE_TOKEN_INVALID");
}

#[tokio::test]
async fn a_group_has_so_many_members_and_no_more() {
    let town = town_with(&[("logic.max_group_members", "3")]).await;
    let (mut alice, bob, carol) = (
        town.user("alice").await,
        town.user("bob").await,
        town.user("carol").await,
    );
    let dave = town.user("dave").await;
    let group = alice.creates_group("tea", &[bob.id, carol.id]).await;
    assert_eq!(reason(adds(&alice, group, &[dave.id]).await), "GROUP_FULL");
    let request = v1::CreateGroupRequest {
        title: "crowd".into(),
        user_ids: vec![bob.id.0, carol.id.0, dave.id.0],
        ..Default::default()
    };
    assert_eq!(
        alice.refused(client_frame::Body::CreateGroup(request)).await.reason,
        "GROUP_FULL"
    );
}

#[tokio::test]
async fn a_large_group_is_served_by_tasks() {
    const MEMBERS: usize = 600;
    const ONLINE: usize = 40;
    let town = town().await;
    let (mut alice, mut online) = (town.user("alice").await, Vec::new());
    for number in 1..=ONLINE {
        online.push(town.user(&format!("online-{number}")).await);
    }
    let mut members: Vec<_> = online.iter().map(|user| user.id).collect();
    members.extend(register(&town.url(), MEMBERS - 1 - ONLINE).await);
    let group = alice.creates_group("crowd", &members).await;
    assert_eq!(
        alice.sees(group).await.expect("alice is a member").member_count as usize,
        MEMBERS
    );
    assert_eq!(alice.sends("hello, crowd").into(group).await.sequence, 1);
    for user in &mut online {
        assert_eq!(user.receives("hello, crowd").await.sequence, 1);
    }
    online[0].sends("hello yourself").into(group).await;
    assert_eq!(alice.receives("hello yourself").await.sequence, 2);
    for user in &mut online[1..] {
        assert_eq!(user.receives("hello yourself").await.sequence, 2);
    }
    let removed = online.pop().expect("somebody is online");
    removes(&alice, group, removed.id).await.expect("alice owns the group");
    let mut removed = removed;
    notices(&mut removed, group, ConversationChange::Left).await;
    assert_eq!(
        removed
            .refused(client_frame::Body::Send(message(group, "still here")))
            .await
            .reason,
        "NOT_A_MEMBER"
    );
}

/// Registers users who never come online.
async fn register(url: &str, count: usize) -> Vec<UserId> {
    let mut users = Vec::with_capacity(count);
    for number in 1..=count {
        let name = format!("absent-{number}");
        let request = v1::RegisterRequest {
            name,
            password: PASSWORD.into(),
            device_id: "none".into(),
            ..Default::default()
        };
        let answer: v1::RegisterResponse = call(url, None, "POST", "/v1/users", &request)
            .await
            .expect("the user is registered");
        users.push(answer.user.expect("a user").user());
    }
    users
}
