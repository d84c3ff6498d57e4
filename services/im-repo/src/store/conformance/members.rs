//! Members and their read positions.

use super::{NOW, World};
use crate::store::{MemberDeleted, MembersInserted, NewMembers, ReadPosition, RoleSet};
use im_schema::{
    ids::{ConversationId, UserId},
    v1::MemberRole,
};

const OWNER: i32 = MemberRole::Owner as i32;
const ADMIN: i32 = MemberRole::Admin as i32;
const MEMBER: i32 = MemberRole::Member as i32;

fn newcomers(conversation: ConversationId, users: &[UserId]) -> NewMembers {
    NewMembers {
        conversation,
        users: users.to_vec(),
        joined_at_ms: NOW + 1,
        max_members: 5,
    }
}

async fn role(world: &World, conversation: ConversationId, user: UserId) -> Option<i32> {
    world
        .store
        .standings(&[(conversation, user)])
        .await
        .unwrap()
        .pop()
        .map(|(_, _, role)| role)
}

/// They can read what was said before, and have it behind them.
pub async fn newcomers_have_nothing_unread(world: &World) {
    let users = world.users(3).await;
    let group = world.group(users[0], &users[1..2]).await;
    for n in 0..3 {
        world.say(group, users[0], NOW + n).await;
    }
    let added = world.store.insert_members(newcomers(group, &users[2..])).await.unwrap();
    assert_eq!(added, MembersInserted::Added(vec![users[2]]));
    world.say(group, users[0], NOW + 4).await;
    let view = world.view(users[2], group).await.unwrap();
    assert_eq!((view.last_sequence, view.read_sequence, view.member_count), (4, 3, 3));
    assert_eq!(world.view(users[1], group).await.unwrap().read_sequence, 0);
}

/// Whatever hinders one hinders all; members stay as they are.
pub async fn members_are_added_all_or_none(world: &World) {
    let store = &world.store;
    let users = world.users(6).await;
    let group = world.group(users[0], &users[1..3]).await;
    let direct = world.direct(users[0], users[1]).await;
    let add = async |at, who: &[UserId]| store.insert_members(newcomers(at, who)).await.unwrap();
    assert_eq!(add(group, &[users[3], 1.into()]).await, MembersInserted::NoUser);
    assert_eq!(add(1.into(), &users[3..4]).await, MembersInserted::NoGroup);
    assert_eq!(add(direct, &users[3..4]).await, MembersInserted::NoGroup);
    assert_eq!(add(group, &users[3..6]).await, MembersInserted::Full);
    assert_eq!(store.rosters(&[group], 10).await.unwrap()[0].member_count, 3);
    let some = [users[4], users[0], users[3], users[4]];
    assert_eq!(
        add(group, &some).await,
        MembersInserted::Added(vec![users[3], users[4]])
    );
    assert_eq!(add(group, &users[..5]).await, MembersInserted::Added(Vec::new()));
    let roster = store.rosters(&[group], 10).await.unwrap().pop().unwrap();
    assert_eq!(roster.member_count, 5);
    assert_eq!(roster.members[0], (users[0], OWNER));
}

/// And can come back.
pub async fn members_leave(world: &World) {
    let store = &world.store;
    let users = world.users(2).await;
    let group = world.group(users[0], &users[1..]).await;
    assert_eq!(store.delete_member(group, users[1]).await.unwrap(), MemberDeleted::Done);
    assert_eq!(
        store.delete_member(group, users[1]).await.unwrap(),
        MemberDeleted::NoMember
    );
    assert_eq!(world.view(users[1], group).await, None);
    assert_eq!(world.view(users[0], group).await.unwrap().member_count, 1);
    store.insert_members(newcomers(group, &users[1..])).await.unwrap();
    assert_eq!(world.view(users[0], group).await.unwrap().member_count, 2);
}

/// And nobody leaves a direct conversation.
pub async fn owners_stay(world: &World) {
    let store = &world.store;
    let users = world.users(2).await;
    let (group, direct) = (
        world.group(users[0], &users[1..]).await,
        world.direct(users[0], users[1]).await,
    );
    assert_eq!(
        store.delete_member(group, users[0]).await.unwrap(),
        MemberDeleted::Owner
    );
    assert_eq!(store.set_role(group, users[0], ADMIN).await.unwrap(), RoleSet::Owner);
    assert_eq!(
        store.delete_member(direct, users[1]).await.unwrap(),
        MemberDeleted::NoMember
    );
    assert_eq!(
        store.set_role(direct, users[1], ADMIN).await.unwrap(),
        RoleSet::NoMember
    );
    assert_eq!(role(world, group, users[0]).await, Some(OWNER));
}

/// There is one owner at any time.
pub async fn ownership_passes_on(world: &World) {
    let store = &world.store;
    let users = world.users(3).await;
    let group = world.group(users[0], &users[1..]).await;
    let RoleSet::Done(member) = store.set_role(group, users[1], ADMIN).await.unwrap() else {
        panic!("no member")
    };
    assert_eq!((member.user, member.role, member.joined_at_ms), (users[1], ADMIN, NOW));
    let RoleSet::Done(member) = store.set_role(group, users[2], OWNER).await.unwrap() else {
        panic!("no member")
    };
    assert_eq!(member.role, OWNER);
    let RoleSet::Done(member) = store.set_role(group, users[2], OWNER).await.unwrap() else {
        panic!("no member")
    };
    assert_eq!(member.role, OWNER);
    let roles = store.rosters(&[group], 10).await.unwrap().pop().unwrap().members;
    assert_eq!(roles, [(users[0], ADMIN), (users[1], ADMIN), (users[2], OWNER)]);
    assert_eq!(
        store.set_role(group, 1.into(), MEMBER).await.unwrap(),
        RoleSet::NoMember
    );
}

/// By id, whole or only the ids.
pub async fn members_come_in_pages(world: &World) {
    let store = &world.store;
    let users = world.users(5).await;
    let group = world.group(users[4], &users).await;
    let first = store.page_members(group, 0.into(), 3).await.unwrap();
    assert_eq!(
        first.items.iter().map(|member| member.user).collect::<Vec<_>>(),
        &users[..3]
    );
    assert!(first.more);
    assert_eq!(first.items[0].name, format!("User-{}", u64::from(users[0])));
    let second = store.page_members(group, users[2], 3).await.unwrap();
    assert_eq!(
        second.items.iter().map(|member| member.role).collect::<Vec<_>>(),
        [MEMBER, OWNER]
    );
    assert!(!second.more);
    let ids = store.page_member_ids(group, users[0], 4).await.unwrap();
    assert_eq!((ids.items.as_slice(), ids.more), (&users[1..], false));
    let ids = store.page_member_ids(group, 0.into(), 4).await.unwrap();
    assert_eq!((ids.items.as_slice(), ids.more), (&users[..4], true));
}

/// Pairs that are none are left out.
pub async fn standings_name_only_members(world: &World) {
    let users = world.users(3).await;
    let (group, direct) = (
        world.group(users[0], &users[1..2]).await,
        world.direct(users[1], users[2]).await,
    );
    let asked = [
        (group, users[0]),
        (group, users[2]),
        (direct, users[2]),
        (direct, users[0]),
        (1.into(), users[0]),
    ];
    let mut standings = world.store.standings(&asked).await.unwrap();
    standings.sort_unstable();
    assert_eq!(standings, [(group, users[0], OWNER), (direct, users[2], MEMBER)]);
    assert!(world.store.standings(&[]).await.unwrap().is_empty());
}

/// At most to the last message, never back.
pub async fn read_positions_move_forward(world: &World) {
    let store = &world.store;
    let users = world.users(3).await;
    let direct = world.direct(users[0], users[1]).await;
    for n in 0..4 {
        world.say(direct, users[0], NOW + n).await;
    }
    let advance = async |to| store.advance_read(direct, users[1], to).await.unwrap().unwrap();
    let at = |read_sequence, unread_count, moved| ReadPosition {
        read_sequence,
        unread_count,
        moved,
    };
    assert_eq!(advance(2).await, at(2, 2, true));
    assert_eq!(advance(2).await, at(2, 2, false));
    assert_eq!(advance(1).await, at(2, 2, false));
    assert_eq!(advance(u64::MAX).await, at(4, 0, true));
    assert_eq!(world.view(users[1], direct).await.unwrap().read_sequence, 4);
    assert_eq!(store.advance_read(direct, users[2], 1).await.unwrap(), None);
    assert_eq!(store.advance_read(1.into(), users[0], 1).await.unwrap(), None);
}
