//! A caller who goes away, or whose time is up, at any moment of a call: what was committed is told all the same.

use crate::world::World;
use im_schema::{
    internal::v1::{Downstream, downstream::Event},
    v1::{CreateGroupRequest, ListConversationsRequest},
};
use std::{collections::BTreeSet, future::Future as _, task::Poll};

/// The conversations of which the gateway was told that they changed.
fn told(heard: &[Downstream]) -> BTreeSet<u64> {
    let changed = heard.iter().filter_map(|downstream| match &downstream.event {
        Some(Event::ConversationChanged(changed)) => Some(changed.conversation_id),
        _ => None,
    });
    changed.collect()
}

#[tokio::test]
async fn what_a_cancelled_call_has_committed_is_told() {
    let world = World::new().await;
    let (ada, bob) = (world.user_named("ada").await, world.user_named("bob").await);
    world.online(&bob).await;
    let mut cut = 0;
    for patience in 0..40 {
        let request = CreateGroupRequest {
            title: format!("after {patience}"),
            user_ids: vec![bob.id.0],
            ..Default::default()
        };
        let mut call = Box::pin(world.api.conversations.create_group(ada.context.clone(), request));
        // as a deadline does: the call is polled so often and then dropped, wherever it is
        let mut polls = 0;
        let answered = std::future::poll_fn(|cx| match call.as_mut().poll(cx) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending if polls == patience => Poll::Ready(None),
            Poll::Pending => {
                polls += 1;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        })
        .await;
        drop(call);
        match answered {
            Some(answer) => drop(answer.expect("created")),
            None => cut += 1,
        }
    }
    assert!(cut > 0, "every call was answered before it was cut off");
    // one more, uncut: whatever was committed before it is committed by now, since one writer does everything in order
    let last = world.group(&ada, &[&bob]).await;
    let request = ListConversationsRequest {
        page_size: 100,
        ..Default::default()
    };
    let listed = world
        .api
        .conversations
        .list_conversations(bob.context.clone(), request)
        .await
        .expect("listed");
    let stored: BTreeSet<u64> = listed.conversations.iter().map(|group| group.conversation_id).collect();
    assert!(
        stored.contains(&last) && stored.len() > 1,
        "some of those that were cut off are there: {stored:?}"
    );
    world
        .gateway
        .hears(|heard| stored.is_subset(&told(heard)).then_some(()))
        .await;
}
