//! Conversations.

use super::{NOW, World};
use crate::store::{ConversationView, NewDirect, NewGroup, RosterRecord};
use im_schema::{
    ids::{ConversationId, UserId},
    v1::{ConversationKind, MemberRole},
};

/// Whoever asks first, and in whichever order.
pub async fn a_pair_has_one_direct_conversation(world: &World) {
    let (ada, bob) = (world.user().await, world.user().await);
    let direct = NewDirect {
        id: world.id().into(),
        user: bob,
        peer: ada,
        created_at_ms: NOW,
    };
    let (view, created) = world.store.ensure_direct(direct).await.unwrap().unwrap();
    assert!(created);
    let expected = ConversationView {
        id: direct.id,
        kind: ConversationKind::Direct as i32,
        title: String::new(),
        peer: Some(ada),
        member_count: 2,
        created_at_ms: NOW,
        last_activity_ms: NOW,
        last_message: None,
        last_sequence: 0,
        read_sequence: 0,
        role: MemberRole::Member as i32,
    };
    assert_eq!(view, expected);
    let again = NewDirect {
        id: world.id().into(),
        user: ada,
        peer: bob,
        created_at_ms: NOW + 5,
    };
    let (view, created) = world.store.ensure_direct(again).await.unwrap().unwrap();
    assert_eq!(
        (view, created),
        (
            ConversationView {
                peer: Some(bob),
                ..expected
            },
            false
        )
    );
}

/// All who ask at once get the same, and one of them is told that it is new.
pub async fn a_pair_that_races_gets_one_conversation(world: &World) {
    let (ada, bob) = (world.user().await, world.user().await);
    let asks = (0..8).map(|n| {
        let (user, peer) = if n % 2 == 0 { (ada, bob) } else { (bob, ada) };
        let direct = NewDirect {
            id: world.id().into(),
            user,
            peer,
            created_at_ms: NOW,
        };
        async move { world.store.ensure_direct(direct).await.unwrap().unwrap() }
    });
    let answers = futures::future::join_all(asks).await;
    assert!(answers.iter().all(|(view, _)| view.id == answers[0].0.id));
    assert_eq!(answers.iter().filter(|(_, created)| *created).count(), 1);
}

/// The owner is one of them, once.
pub async fn a_group_has_its_members(world: &World) {
    let users = world.users(3).await;
    let group = NewGroup {
        id: world.id().into(),
        title: "Engine room".into(),
        owner: users[1],
        members: vec![users[0], users[2], users[1]],
        created_at_ms: NOW,
    };
    let view = world.store.insert_group(group.clone()).await.unwrap().unwrap();
    assert_eq!(
        (view.title.as_str(), view.member_count, view.peer),
        ("Engine room", 3, None)
    );
    assert_eq!(
        (view.kind, view.role),
        (ConversationKind::Group as i32, MemberRole::Owner as i32)
    );
    assert_eq!(
        world.view(users[0], group.id).await.unwrap().role,
        MemberRole::Member as i32
    );
    assert_eq!(world.view(world.user().await, group.id).await, None);
}

/// Nothing is left behind of an attempt.
pub async fn unknown_users_are_in_no_conversation(world: &World) {
    let ada = world.user().await;
    let nobody = UserId::from(1);
    let direct = NewDirect {
        id: world.id().into(),
        user: ada,
        peer: nobody,
        created_at_ms: NOW,
    };
    assert!(world.store.ensure_direct(direct).await.unwrap().is_none());
    let group = NewGroup {
        id: world.id().into(),
        title: "x".into(),
        owner: ada,
        members: vec![nobody],
        created_at_ms: NOW,
    };
    assert!(world.store.insert_group(group).await.unwrap().is_none());
    assert!(
        world
            .store
            .page_conversations(ada, None, 10)
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

/// The newest activity first, with the newest message; several can be read in any order.
pub async fn lists_follow_activity(world: &World) {
    let users = world.users(4).await;
    let (first, second) = (
        world.direct(users[0], users[1]).await,
        world.direct(users[0], users[2]).await,
    );
    let third = world.group(users[3], &users[..1]).await;
    let place = world.say(second, users[2], NOW + 20).await;
    world.say(first, users[0], NOW + 30).await;
    let page = world.store.page_conversations(users[0], None, 10).await.unwrap();
    assert_eq!(
        page.items.iter().map(|view| view.id).collect::<Vec<_>>(),
        [first, second, third]
    );
    assert!(!page.more);
    let view = &page.items[1];
    assert_eq!(
        (view.last_sequence, view.read_sequence, view.last_activity_ms),
        (1, 0, NOW + 20)
    );
    let last = view.last_message.as_ref().unwrap();
    assert_eq!((last.id, last.sequence, last.sender), (place.id, 1, users[2]));
    let asked = [third, 1.into(), first];
    let read = world.store.conversations(users[0], &asked).await.unwrap();
    assert_eq!(read, [page.items[2].clone(), page.items[0].clone()]);
}

/// Equal times are told apart by id, and a page goes on where the one before ended.
pub async fn pages_do_not_repeat(world: &World) {
    let ada = world.user().await;
    let mut expected = Vec::new();
    for n in 0..7_u64 {
        let conversation = world.group(ada, &[]).await;
        let at = NOW + n / 3;
        world.say(conversation, ada, at).await;
        expected.push((at, conversation));
    }
    expected.sort_unstable();
    expected.reverse();
    let mut seen: Vec<(u64, ConversationId)> = Vec::new();
    loop {
        let page = world
            .store
            .page_conversations(ada, seen.last().copied(), 2)
            .await
            .unwrap();
        seen.extend(page.items.iter().map(|view| (view.last_activity_ms, view.id)));
        if !page.more {
            break;
        }
        assert_eq!(page.items.len(), 2);
    }
    assert_eq!(seen, expected);
}

/// A direct conversation has none.
pub async fn titles_are_for_groups(world: &World) {
    let (ada, bob) = (world.user().await, world.user().await);
    let (group, direct) = (world.group(ada, &[]).await, world.direct(ada, bob).await);
    assert!(world.store.set_title(group, "Boiler room").await.unwrap());
    assert_eq!(world.view(ada, group).await.unwrap().title, "Boiler room");
    assert!(!world.store.set_title(direct, "x").await.unwrap());
    assert!(!world.store.set_title(1.into(), "x").await.unwrap());
}

/// The count is there in any case.
pub async fn rosters_leave_out_large_memberships(world: &World) {
    let users = world.users(4).await;
    let (large, small) = (
        world.group(users[1], &users).await,
        world.direct(users[0], users[3]).await,
    );
    let mut rosters = world.store.rosters(&[large, small, 1.into(), small], 3).await.unwrap();
    rosters.sort_by_key(|roster| roster.id);
    let member = MemberRole::Member as i32;
    let expected_large = RosterRecord {
        id: large,
        kind: ConversationKind::Group as i32,
        title: "Engine room".into(),
        member_count: 4,
        members: Vec::new(),
    };
    let expected_small = RosterRecord {
        id: small,
        kind: ConversationKind::Direct as i32,
        title: String::new(),
        member_count: 2,
        members: vec![(users[0], member), (users[3], member)],
    };
    assert_eq!(rosters, [expected_large, expected_small]);
    let whole = world.store.rosters(&[large], 4).await.unwrap().pop().unwrap();
    let owner = MemberRole::Owner as i32;
    assert_eq!(
        whole.members,
        [
            (users[0], member),
            (users[1], owner),
            (users[2], member),
            (users[3], member)
        ]
    );
}
