//! Lists in pages: sizes, tokens, and the way through all pages.

use futures::{StreamExt as _, TryStreamExt as _};
use im_schema::{
    failure::Failure,
    internal::v1::ConversationPosition,
    page::{Keys, List as _, Whom},
    parlance::Reason,
    rpc::{Call, Context},
    services::{ConversationServiceClient, MessageServiceClient, conversation_service, message_service},
    v1::*,
};
use proptest::prelude::*;
use std::sync::{Arc, Mutex};

const SECRET: &[u8] = b"a secret of thirty-two bytes or more";

fn keys() -> Keys {
    Keys::new(SECRET)
}

fn conversations(page_token: &str) -> ListConversationsRequest {
    ListConversationsRequest {
        page_token: page_token.into(),
        ..Default::default()
    }
}

fn members(conversation_id: u64, page_token: &str) -> ListMembersRequest {
    ListMembersRequest {
        conversation_id,
        page_token: page_token.into(),
        ..Default::default()
    }
}

/// A token of Ada's list of members of conversation 1.
fn token(position: u64) -> String {
    let page = keys().open(Whom::User(7), &members(1, "")).expect("the first page");
    page.next(Some(&position))
}

fn is_refused(whom: Whom, request: &ListMembersRequest) -> bool {
    match keys().open(whom, request) {
        Ok(_) => false,
        Err(refusal) => {
            assert_eq!(refusal.reason(), Reason::PageTokenInvalid);
            true
        }
    }
}

#[test]
fn sizes_are_within_the_limits_of_the_schema() {
    for (wish, size) in [(0, 50), (1, 1), (100, 100), (101, 100), (u32::MAX, 100)] {
        let request = ListConversationsRequest {
            page_size: wish,
            ..Default::default()
        };
        assert_eq!(request.size(), size, "{wish}");
        assert_eq!(keys().open(Whom::User(7), &request).expect("a page").size, size);
    }
    let limit = |limit| ListMessagesRequest {
        limit,
        ..Default::default()
    };
    assert_eq!((limit(0).size(), limit(7).size(), limit(5000).size()), (50, 7, 200));
}

#[test]
fn a_token_says_where_the_next_page_begins() {
    let position = ConversationPosition {
        active_at_ms: 1_700_000_000_000,
        conversation_id: 5,
        ..Default::default()
    };
    let first = keys().open(Whom::User(7), &conversations("")).expect("the first page");
    assert_eq!(first.from, None);
    assert_eq!(first.next(None), "");
    let second = conversations(&first.next(Some(&position)));
    let second = keys().open(Whom::User(7), &second).expect("the second page");
    assert_eq!(second.from, Some(position.clone()));
    assert_eq!(
        second.next(Some(&position)),
        first.next(Some(&position)),
        "the list is the same"
    );
}

#[test]
fn a_token_is_good_for_the_same_caller_list_and_request_only() {
    let token = token(42);
    assert!(!is_refused(Whom::User(7), &members(1, &token)));
    assert!(is_refused(Whom::User(8), &members(1, &token)), "another user");
    assert!(is_refused(Whom::Anybody, &members(1, &token)), "a visitor");
    assert!(is_refused(Whom::Service, &members(1, &token)), "a service");
    assert!(is_refused(Whom::User(7), &members(2, &token)), "another conversation");
    let other_list = keys().open(Whom::User(7), &conversations(&token));
    assert_eq!(other_list.expect_err("another list").reason(), Reason::PageTokenInvalid);
    let other_keys = Keys::new(b"another secret of thirty-two bytes").open(Whom::User(7), &members(1, &token));
    assert!(other_keys.is_err(), "another deployment");
    let larger = ListMembersRequest {
        page_size: 400,
        ..members(1, &token)
    };
    assert_eq!(
        keys().open(Whom::User(7), &larger).expect("another size").from,
        Some(42)
    );
}

proptest! {
    #[test]
    fn any_position_comes_back(position: u64) {
        let token = token(position);
        prop_assert!(token.len() <= 64);
        let page = keys().open(Whom::User(7), &members(1, &token)).expect("the page");
        prop_assert_eq!(page.from, Some(position));
    }

    #[test]
    fn a_changed_token_is_refused(position: u64, at: prop::sample::Index, letter in "[A-Za-z0-9_-]") {
        let token = token(position);
        let mut changed = token.clone();
        let at = at.index(token.len());
        changed.replace_range(at..=at, &letter);
        prop_assert!(changed == token || is_refused(Whom::User(7), &members(1, &changed)));
    }

    #[test]
    fn garbage_is_refused(garbage in ".{1,64}") {
        prop_assert!(is_refused(Whom::User(7), &members(1, &garbage)));
    }
}

/// A list of 25 members behind the generated client, read 10 at a time; it fails when asked for a page behind `broken`.
fn town(broken: u64, asked: Arc<Mutex<Vec<u64>>>) -> ConversationServiceClient {
    ConversationServiceClient::from_service(tower::service_fn(move |call: Call<conversation_service::Request>| {
        let asked = Arc::clone(&asked);
        async move {
            let conversation_service::Request::ListMembers(request) = call.request else {
                panic!("only members are asked for");
            };
            let page = keys().open(Whom::User(7), &request)?;
            let after = page.from.unwrap_or_default();
            asked.lock().unwrap().push(after);
            if after >= broken {
                return Err(Failure::unavailable("the page is away"));
            }
            let last = (after + u64::from(page.size)).min(25);
            let found = (after + 1..=last).map(|user_id| Member {
                user_id,
                ..Default::default()
            });
            Ok(conversation_service::Response::ListMembers(ListMembersResponse {
                members: found.collect(),
                next_page_token: page.next((last < 25).then_some(&last)),
                ..Default::default()
            }))
        }
    }))
}

#[tokio::test]
async fn all_items_come_in_order_and_pages_are_read_when_needed() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let request = ListMembersRequest {
        page_size: 10,
        ..members(1, "")
    };
    let mut items = Box::pin(town(99, Arc::clone(&asked)).list_members_items(Context::default(), request));
    for expected in 1..=10 {
        assert_eq!(
            items.next().await.expect("an item").expect("no failure").user_id,
            expected
        );
    }
    assert_eq!(*asked.lock().unwrap(), [0], "the second page is not needed yet");
    let rest: Vec<_> = items.try_collect().await.expect("no failure");
    assert_eq!(
        rest.iter().map(|member| member.user_id).collect::<Vec<_>>(),
        (11..=25).collect::<Vec<_>>()
    );
    assert_eq!(*asked.lock().unwrap(), [0, 10, 20]);
}

#[tokio::test]
async fn the_first_failure_ends_the_stream_behind_what_is_good() {
    let request = ListMembersRequest {
        page_size: 10,
        ..members(1, "")
    };
    let items: Vec<_> = town(10, Arc::default())
        .list_members_items(Context::default(), request)
        .collect()
        .await;
    assert_eq!(items.len(), 11);
    assert!(items[..10].iter().all(Result::is_ok));
    assert_eq!(items[10].as_ref().expect_err("away").reason(), Reason::Unavailable);
}

#[tokio::test]
async fn an_open_cursor_leads_through_all_pages_too_and_never_in_circles() {
    let client = |stuck: bool| {
        MessageServiceClient::from_service(tower::service_fn(
            move |call: Call<message_service::Request>| async move {
                let message_service::Request::ListMessages(request) = call.request else {
                    panic!("only messages are asked for");
                };
                let from = request.from_sequence.max(1);
                let message = Message {
                    sequence: from,
                    ..Default::default()
                };
                Ok::<_, Failure>(message_service::Response::ListMessages(ListMessagesResponse {
                    messages: vec![message],
                    next_sequence: if stuck { from } else { (from + 1) % 4 },
                    ..Default::default()
                }))
            },
        ))
    };
    let request = ListMessagesRequest {
        from_sequence: 1,
        ..Default::default()
    };
    let items = client(false).list_messages_items(Context::default(), request.clone());
    let sequences: Vec<_> = items
        .map_ok(|message| message.sequence)
        .try_collect()
        .await
        .expect("no failure");
    assert_eq!(sequences, [1, 2, 3]);
    let stuck: Vec<_> = client(true)
        .list_messages_items(Context::default(), request)
        .collect()
        .await;
    assert_eq!(stuck.len(), 1);
    assert_eq!(stuck[0].as_ref().expect_err("a circle").reason(), Reason::Internal);
}
