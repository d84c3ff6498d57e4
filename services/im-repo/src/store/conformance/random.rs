//! Random calls against a model in memory.

use super::{NOW, World};
use crate::store::{MemberDeleted, NewMembers, NewMessage, StoreOutcome};
use im_schema::ids::{ConversationId, UserId};
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::collections::BTreeMap;

struct Model {
    conversation: ConversationId,
    messages: Vec<NewMessage>,
    /// Read position of each member.
    members: BTreeMap<UserId, u64>,
}

impl Model {
    /// What storing `message` must give: its sequence, and whether it is there already.
    fn store(&mut self, message: &NewMessage) -> (u64, bool) {
        let same = |old: &&NewMessage| old.sender == message.sender && old.client_id == message.client_id;
        if let Some(old) = self.messages.iter().find(same) {
            let sequence = self.messages.iter().position(|each| std::ptr::eq(each, old)).unwrap() as u64 + 1;
            return (sequence, true);
        }
        self.messages.push(message.clone());
        let sequence = self.messages.len() as u64;
        if let Some(read) = self.members.get_mut(&message.sender) {
            *read = sequence;
        }
        (sequence, false)
    }
}

/// Sending, sending again, reading, joining and leaving in any order: sequences have no gap and unread counts are exact.
pub async fn any_interleaving_keeps_the_books(world: &World) {
    for seed in 0..8 {
        run(world, StdRng::seed_from_u64(seed)).await;
    }
}

async fn run(world: &World, mut random: StdRng) {
    let users = world.users(5).await;
    let mut models = Vec::new();
    for n in 1..=3 {
        let conversation = world.group(users[0], &users[..n]).await;
        let members = users[..n].iter().map(|user| (*user, 0)).collect();
        models.push(Model {
            conversation,
            messages: Vec::new(),
            members,
        });
    }
    for step in 0..120_u64 {
        let now_ms = NOW + step * random.random_range(0..2_000);
        let user = users[random.random_range(0..users.len())];
        let which = random.random_range(0..models.len());
        match random.random_range(0..10) {
            0..5 => send(world, &mut models, &users, &mut random, now_ms).await,
            5 | 6 => read(world, &mut models[which], user, random.random_range(0..40)).await,
            7 | 8 => join(world, &mut models[which], user).await,
            _ => leave(world, &mut models[which], user, user == users[0]).await,
        }
    }
    for model in &models {
        compare(world, model, &users).await;
    }
}

async fn send(world: &World, models: &mut [Model], users: &[UserId], random: &mut StdRng, now_ms: u64) {
    let mut batch = Vec::new();
    for _ in 0..random.random_range(1..20) {
        let model = &models[random.random_range(0..models.len())];
        let sender = users[random.random_range(0..users.len())];
        let message = match random.random_bool(0.3) && !model.messages.is_empty() {
            true => model.messages[random.random_range(0..model.messages.len())].clone(),
            false => world.message(model.conversation, sender, now_ms),
        };
        batch.push(NewMessage {
            id: world.id().into(),
            verify: true,
            ..message
        });
    }
    let outcomes = world.store.store_messages(batch.clone(), now_ms).await.unwrap();
    assert_eq!(outcomes.len(), batch.len());
    for (outcome, message) in outcomes.iter().zip(&batch) {
        let model = models
            .iter_mut()
            .find(|model| model.conversation == message.conversation)
            .unwrap();
        match (model.store(message), outcome) {
            ((sequence, false), StoreOutcome::Stored(place)) | ((sequence, true), StoreOutcome::Duplicate(place)) => {
                assert_eq!(place.sequence, sequence);
            }
            (expected, outcome) => panic!("expected {expected:?}, got {outcome:?}"),
        }
    }
}

async fn read(world: &World, model: &mut Model, user: UserId, to: u64) {
    let position = world.store.advance_read(model.conversation, user, to).await.unwrap();
    let last = model.messages.len() as u64;
    let expected = model.members.get_mut(&user).map(|read| {
        *read = (*read).max(to.min(last));
        (*read, last - *read)
    });
    assert_eq!(
        position.map(|position| (position.read_sequence, position.unread_count)),
        expected
    );
}

async fn join(world: &World, model: &mut Model, user: UserId) {
    let members = NewMembers {
        conversation: model.conversation,
        users: vec![user],
        joined_at_ms: NOW,
        max_members: 100,
    };
    world.store.insert_members(members).await.unwrap();
    model.members.entry(user).or_insert(model.messages.len() as u64);
}

async fn leave(world: &World, model: &mut Model, user: UserId, owner: bool) {
    let expected = match (owner, model.members.contains_key(&user)) {
        (true, _) => MemberDeleted::Owner,
        (false, true) => MemberDeleted::Done,
        (false, false) => MemberDeleted::NoMember,
    };
    assert_eq!(
        world.store.delete_member(model.conversation, user).await.unwrap(),
        expected
    );
    if expected == MemberDeleted::Done {
        model.members.remove(&user);
    }
}

async fn compare(world: &World, model: &Model, users: &[UserId]) {
    let (messages, last) = world
        .store
        .read_messages(model.conversation, 0, true, 10_000)
        .await
        .unwrap();
    assert_eq!(last, model.messages.len() as u64);
    assert!(messages.iter().map(|message| message.sequence).eq(1..=last));
    for (stored, sent) in messages.iter().zip(&model.messages) {
        assert_eq!(
            (stored.sender, stored.client_id, &stored.content),
            (sent.sender, sent.client_id, &sent.content)
        );
    }
    for user in users {
        let view = world.view(*user, model.conversation).await;
        assert_eq!(
            view.as_ref().map(|view| view.read_sequence),
            model.members.get(user).copied()
        );
        if let Some(view) = view {
            assert_eq!(
                (view.last_sequence, view.member_count as usize),
                (last, model.members.len())
            );
        }
    }
}
