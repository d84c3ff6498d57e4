//! What comes again, or gets a late answer or none: it is stored once all the same.

use crate::world::{World, text_of, words};
use async_trait::async_trait;
use im_schema::{
    errors::{ReadHeadsError, ReadMessagesError, StoreMessagesError},
    failure::Failure,
    internal::v1::{
        ReadHeadsRequest, ReadHeadsResponse, ReadMessagesRequest, ReadMessagesResponse, StoreMessagesRequest,
        StoreMessagesResponse, downstream::Event,
    },
    parlance::Reason,
    rpc::Peer,
    services::MessageRepo,
    v1::LeaveGroupRequest,
};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

#[tokio::test]
async fn records_that_the_log_delivers_twice_are_stored_once_also_after_kv_was_emptied() {
    let mut world = World::new().await;
    let (ada, bob) = (world.user_named("ada").await, world.user_named("bob").await);
    let chat = world.direct(&ada, &bob).await;
    world.online(&bob).await;
    let records: Vec<_> = (0..50)
        .map(|number| world.upstream(&ada, chat, &number.to_string(), 1))
        .collect();
    world.accepts(records.clone()).await;
    world.gateway.messages(50).await;
    world.accepts(records.clone()).await;
    world.stop().await;
    world.restart().await;
    world.online(&bob).await;
    world.gateway.forgets();
    // as if nothing had been committed; and nobody can know any more whether it was told
    world.accepts(records).await;
    let told = world.gateway.messages(50).await;
    assert!(told.iter().take(50).map(|(_, message)| message.sequence).eq(1..=50));
    let next = world.sends(&ada, chat, "next").await.unwrap();
    assert_eq!(next.sequence, 51);
    assert_eq!(world.history(&ada, chat).await.len(), 51);
}

#[tokio::test]
async fn a_record_that_comes_again_after_its_sender_left_stays_stored_and_a_new_one_is_refused() {
    let mut world = World::new().await;
    let (ada, bob) = (world.user_named("ada").await, world.user_named("bob").await);
    let group = world.group(&ada, &[&bob]).await;
    let (record, fresh) = (
        world.upstream(&bob, group, "last words", 7),
        world.upstream(&bob, group, "one more", 8),
    );
    world.accepts(vec![record.clone()]).await;
    world.gateway.messages(1).await;
    let request = LeaveGroupRequest {
        conversation_id: group,
        ..Default::default()
    };
    world
        .api
        .conversations
        .leave_group(bob.context.clone(), request)
        .await
        .unwrap();
    world.stop().await;
    world.restart().await;
    world.gateway.forgets();
    let other = im_schema::internal::v1::Upstream {
        content: Some(words("other words")),
        ..record.clone()
    };
    world.accepts(vec![fresh, record, other]).await;
    let told = world.gateway.messages(1).await;
    assert_eq!((told[0].1.sequence, text_of(&told[0].1)), (1, "last words"));
    let rejected = |heard: &[_]| {
        let rejected = heard.iter().filter_map(origin_of_rejection).collect::<Vec<_>>();
        (rejected.len() >= 2).then_some(rejected)
    };
    assert_eq!(world.gateway.hears(rejected).await, [8, 7]);
    assert_eq!(world.history(&ada, group).await.len(), 1);
}

fn origin_of_rejection(downstream: &im_schema::internal::v1::Downstream) -> Option<u64> {
    match &downstream.event {
        Some(Event::Rejection(rejection)) => Some(rejection.origin.as_ref()?.connection_id),
        _ => None,
    }
}

/// A store whose answers get lost: it does its work, and its first calls end in `UNAVAILABLE`.
struct Lossy {
    inner: Arc<dyn MessageRepo>,
    lose: AtomicU32,
}

#[async_trait]
impl MessageRepo for Lossy {
    async fn store_messages(
        &self,
        peer: Peer,
        request: StoreMessagesRequest,
    ) -> Result<StoreMessagesResponse, StoreMessagesError> {
        let answer = self.inner.store_messages(peer, request).await?;
        match self
            .lose
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
        {
            Ok(_) => Err(Failure::new(Reason::Unavailable, "").into()),
            Err(_) => Ok(answer),
        }
    }

    async fn read_messages(
        &self,
        peer: Peer,
        request: ReadMessagesRequest,
    ) -> Result<ReadMessagesResponse, ReadMessagesError> {
        self.inner.read_messages(peer, request).await
    }

    async fn read_heads(&self, peer: Peer, request: ReadHeadsRequest) -> Result<ReadHeadsResponse, ReadHeadsError> {
        self.inner.read_heads(peer, request).await
    }
}

#[tokio::test]
async fn a_store_that_answers_late_or_never_costs_no_message_and_doubles_none() {
    let mut world = World::new().await;
    let (ada, bob) = (world.user_named("ada").await, world.user_named("bob").await);
    let chat = world.direct(&ada, &bob).await;
    world.online(&bob).await;
    world.stop().await;
    world
        .begin(Arc::new(Lossy {
            inner: Arc::clone(&world.repo.messages),
            lose: AtomicU32::new(3),
        }))
        .await;
    world
        .accepts(
            (0..20)
                .map(|number| world.upstream(&ada, chat, &number.to_string(), 1))
                .collect(),
        )
        .await;
    let told = world.gateway.messages(20).await;
    assert!(
        told.iter().map(|(_, message)| message.sequence).eq(1..=20),
        "told although a duplicate by then"
    );
    assert_eq!(world.history(&bob, chat).await.len(), 20);
}
