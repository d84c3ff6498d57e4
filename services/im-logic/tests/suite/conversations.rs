//! Groups, their members, lists in pages, and who is told of it.

use crate::world::{User, World};
use im_schema::{
    failure::Failure,
    internal::v1::downstream::Event,
    parlance::Reason,
    v1::{
        AddMembersRequest, ChangeRoleRequest, ConversationChange, CreateGroupRequest, GetConversationRequest,
        LeaveGroupRequest, ListConversationsRequest, ListMembersRequest, MemberRole, OpenDirectRequest,
        RemoveMemberRequest, RenameGroupRequest,
    },
};

fn reason<T: std::fmt::Debug>(result: Result<T, Failure>) -> Reason {
    result.unwrap_err().reason()
}

async fn change_role(world: &World, by: &User, group: u64, of: &User, role: MemberRole) -> Result<(), Failure> {
    let request = ChangeRoleRequest {
        conversation_id: group,
        user_id: of.id.0,
        role: role as i32,
        ..Default::default()
    };
    world
        .api
        .conversations
        .change_role(by.context.clone(), request)
        .await
        .map(|_| ())
}

async fn remove(world: &World, by: &User, group: u64, whom: u64) -> Result<(), Failure> {
    let request = RemoveMemberRequest {
        conversation_id: group,
        user_id: whom,
        ..Default::default()
    };
    world
        .api
        .conversations
        .remove_member(by.context.clone(), request)
        .await
        .map(|_| ())
}

async fn rename(world: &World, by: &User, group: u64, title: &str) -> Result<String, Failure> {
    let request = RenameGroupRequest {
        conversation_id: group,
        title: title.to_owned(),
        ..Default::default()
    };
    let answer = world
        .api
        .conversations
        .rename_group(by.context.clone(), request)
        .await?;
    Ok(answer.conversation.unwrap().title)
}

/// What users were told about conversations, in order.
async fn told(world: &World, count: usize) -> Vec<(Vec<u64>, ConversationChange, String)> {
    world
        .gateway
        .hears(|heard| {
            let changes = heard.iter().filter_map(|downstream| match &downstream.event {
                Some(Event::ConversationChanged(changed)) => {
                    Some((downstream.recipients.clone(), changed.change(), changed.title.clone()))
                }
                _ => None,
            });
            let changes: Vec<_> = changes.collect();
            (changes.len() >= count).then_some(changes)
        })
        .await
}

#[tokio::test]
async fn a_direct_conversation_is_one_for_both_and_needs_two() {
    let world = World::new().await;
    let (ada, bob) = (world.user_named("ada").await, world.user_named("bob").await);
    world.online(&bob).await;
    assert_eq!(world.direct(&ada, &bob).await, world.direct(&bob, &ada).await);
    assert_eq!(
        told(&world, 1).await,
        [(vec![bob.id.0], ConversationChange::Joined, String::new())]
    );
    let open = |user_id: u64| {
        world.api.conversations.open_direct(
            ada.context.clone(),
            OpenDirectRequest {
                user_id,
                ..Default::default()
            },
        )
    };
    assert_eq!(reason(open(ada.id.0).await), Reason::PeerIsSelf);
    assert_eq!(reason(open(99).await), Reason::UserNotFound);
    let chat = world.direct(&ada, &bob).await;
    assert_eq!(reason(rename(&world, &ada, chat, "us").await), Reason::NotAGroup);
}

#[tokio::test]
async fn roles_decide_and_the_owner_stays_until_another_is() {
    let world = World::new().await;
    let (ada, bob, cal) = (
        world.user_named("ada").await,
        world.user_named("bob").await,
        world.user_named("cal").await,
    );
    let eve = world.user_named("eve").await;
    let group = world.group(&ada, &[&bob, &cal]).await;
    assert_eq!(reason(rename(&world, &bob, group, "mine").await), Reason::RoleTooLow);
    assert_eq!(
        reason(rename(&world, &eve, group, "mine").await),
        Reason::ConversationNotFound
    );
    assert_eq!(reason(remove(&world, &bob, group, cal.id.0).await), Reason::RoleTooLow);
    assert_eq!(
        reason(remove(&world, &ada, group, eve.id.0).await),
        Reason::MemberNotFound
    );
    change_role(&world, &ada, group, &bob, MemberRole::Admin).await.unwrap();
    assert_eq!(rename(&world, &bob, group, "Boiler room").await.unwrap(), "Boiler room");
    assert_eq!(
        reason(remove(&world, &bob, group, ada.id.0).await),
        Reason::OwnerMustStay
    );
    assert_eq!(
        reason(change_role(&world, &bob, group, &cal, MemberRole::Admin).await),
        Reason::RoleTooLow
    );
    let leave = |user: &User| {
        world.api.conversations.leave_group(
            user.context.clone(),
            LeaveGroupRequest {
                conversation_id: group,
                ..Default::default()
            },
        )
    };
    assert_eq!(reason(leave(&ada).await), Reason::OwnerMustStay);
    assert_eq!(
        reason(change_role(&world, &ada, group, &ada, MemberRole::Member).await),
        Reason::OwnerMustStay
    );
    change_role(&world, &ada, group, &cal, MemberRole::Owner).await.unwrap();
    leave(&ada).await.unwrap();
    let get = GetConversationRequest {
        conversation_id: group,
        ..Default::default()
    };
    assert_eq!(
        reason(
            world
                .api
                .conversations
                .get_conversation(ada.context.clone(), get.clone())
                .await
        ),
        Reason::ConversationNotFound
    );
    let seen = world
        .api
        .conversations
        .get_conversation(cal.context.clone(), get)
        .await
        .unwrap()
        .conversation
        .unwrap();
    assert_eq!((seen.role(), seen.member_count), (MemberRole::Owner, 2));
}

#[tokio::test]
async fn who_comes_and_who_goes_is_told_and_so_are_the_others() {
    let world = World::new().await;
    let (ada, bob, cal) = (
        world.user_named("ada").await,
        world.user_named("bob").await,
        world.user_named("cal").await,
    );
    for user in [&ada, &bob, &cal] {
        world.online(user).await;
    }
    let group = world.group(&ada, &[&bob]).await;
    let add = AddMembersRequest {
        conversation_id: group,
        user_ids: vec![bob.id.0, cal.id.0],
        ..Default::default()
    };
    let answer = world
        .api
        .conversations
        .add_members(ada.context.clone(), add)
        .await
        .unwrap();
    assert_eq!(
        answer.added_user_ids,
        [cal.id.0],
        "who is a member already stays as before"
    );
    assert_eq!(answer.conversation.unwrap().member_count, 3);
    remove(&world, &ada, group, bob.id.0).await.unwrap();
    rename(&world, &ada, group, "Boiler room").await.unwrap();
    let sorted = |mut users: Vec<u64>| {
        users.sort_unstable();
        users
    };
    let changes = told(&world, 6).await;
    let changes: Vec<_> = changes
        .into_iter()
        .map(|(users, change, title)| (sorted(users), change, title))
        .collect();
    let old = "Engine room".to_owned();
    let both = |one: &User, other: &User| sorted(vec![one.id.0, other.id.0]);
    assert_eq!(
        changes,
        [
            (both(&ada, &bob), ConversationChange::Joined, old.clone()),
            (vec![cal.id.0], ConversationChange::Joined, old.clone()),
            (both(&ada, &bob), ConversationChange::Members, old.clone()),
            (vec![bob.id.0], ConversationChange::Left, old.clone()),
            (both(&ada, &cal), ConversationChange::Members, old),
            (both(&ada, &cal), ConversationChange::Renamed, "Boiler room".to_owned()),
        ]
    );
}

#[tokio::test]
async fn a_group_of_users_who_do_not_exist_is_not_made() {
    let world = World::new().await;
    let ada = world.user_named("ada").await;
    let request = CreateGroupRequest {
        title: "nobody".to_owned(),
        user_ids: vec![99],
        ..Default::default()
    };
    assert_eq!(
        reason(world.api.conversations.create_group(ada.context.clone(), request).await),
        Reason::UserNotFound
    );
    let alone = world.group(&ada, &[&ada]).await;
    let get = GetConversationRequest {
        conversation_id: alone,
        ..Default::default()
    };
    let seen = world
        .api
        .conversations
        .get_conversation(ada.context.clone(), get.clone())
        .await
        .unwrap()
        .conversation
        .unwrap();
    assert_eq!(seen.member_count, 1);
}

#[tokio::test]
async fn lists_are_read_to_their_end_in_pages_and_tokens_are_good_for_their_list_only() {
    let world = World::new().await;
    let ada = world.user_named("ada").await;
    let mut others = Vec::new();
    for number in 0..5 {
        others.push(world.user_named(&format!("user{number}")).await);
    }
    let group = world.group(&ada, &others.iter().collect::<Vec<_>>()).await;
    let mut chats = Vec::new();
    for other in &others {
        let chat = world.direct(&ada, other).await;
        world.sends(&ada, chat, "hi").await.unwrap();
        chats.push(chat);
    }
    let (mut listed, mut token) = (Vec::new(), String::new());
    loop {
        let request = ListConversationsRequest {
            page_size: 2,
            page_token: token,
            ..Default::default()
        };
        let page = world
            .api
            .conversations
            .list_conversations(ada.context.clone(), request)
            .await
            .unwrap();
        listed.extend(
            page.conversations
                .iter()
                .map(|conversation| conversation.conversation_id),
        );
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let expected: Vec<u64> = chats.iter().rev().copied().chain([group]).collect();
    assert_eq!(listed, expected, "latest activity first, each once");

    let (mut members, mut token) = (Vec::new(), String::new());
    loop {
        let request = ListMembersRequest {
            conversation_id: group,
            page_size: 4,
            page_token: token.clone(),
            ..Default::default()
        };
        let page = world
            .api
            .conversations
            .list_members(others[0].context.clone(), request)
            .await
            .unwrap();
        members.extend(page.members.iter().map(|member| member.user_id));
        if page.next_page_token.is_empty() {
            break;
        }
        token = page.next_page_token;
    }
    assert_eq!(members.len(), 6);
    assert!(members.is_sorted());
    for page_token in ["garbage".to_owned(), token.clone()] {
        let request = ListConversationsRequest {
            page_size: 2,
            page_token,
            ..Default::default()
        };
        let refused = world
            .api
            .conversations
            .list_conversations(ada.context.clone(), request)
            .await;
        assert_eq!(reason(refused), Reason::PageTokenInvalid);
    }
    let eve = world.user_named("eve").await;
    let request = ListMembersRequest {
        conversation_id: group,
        ..ListMembersRequest::default()
    };
    assert_eq!(
        reason(world.api.conversations.list_members(eve.context.clone(), request).await),
        Reason::ConversationNotFound
    );
}
