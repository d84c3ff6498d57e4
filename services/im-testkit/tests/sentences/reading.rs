//! Unread counts, conversation lists, history.

use crate::town;
use im_schema::{
    ids::ConversationId,
    v1::{self, client_frame, server_frame},
};
use im_testkit::{User, message, text_of};

async fn marks_read(user: &mut User, conversation: ConversationId, sequence: u64) -> (u64, u64) {
    let request = v1::MarkReadRequest {
        conversation_id: conversation.0,
        sequence,
        ..Default::default()
    };
    match user.ask(client_frame::Body::MarkRead(request)).await {
        server_frame::Body::MarkRead(answer) => (answer.read_sequence, answer.unread_count),
        other => panic!("not marked: {other:?}"),
    }
}

async fn unread(user: &User, conversation: ConversationId) -> (u64, u64) {
    let conversation = user.sees(conversation).await.expect("the user is a member");
    (conversation.unread_count, conversation.last_sequence)
}

#[tokio::test]
async fn unread_counts_are_exact() {
    let town = town().await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    assert_eq!(unread(&bob, conversation).await, (0, 0));
    for text in ["1", "2", "3", "4"] {
        alice.sends(text).into(conversation).await;
    }
    assert_eq!(unread(&bob, conversation).await, (4, 4));
    assert_eq!(unread(&alice, conversation).await, (0, 4), "who sends has read");
    assert_eq!(marks_read(&mut bob, conversation, 3).await, (3, 1));
    assert_eq!(
        marks_read(&mut bob, conversation, 2).await,
        (3, 1),
        "it never moves back"
    );
    bob.sends("5").into(conversation).await;
    assert_eq!(
        unread(&bob, conversation).await,
        (0, 5),
        "who answers has read what came before"
    );
    assert_eq!(unread(&alice, conversation).await, (1, 5));
    assert_eq!(
        marks_read(&mut alice, conversation, 99).await,
        (5, 0),
        "what lies beyond the last counts as the last"
    );
    alice.sends("6").into(conversation).await;
    assert_eq!(unread(&bob, conversation).await, (1, 6));
    let mallory = town.user("mallory").await;
    let request = v1::MarkReadRequest {
        conversation_id: 0,
        sequence: 1,
        ..Default::default()
    };
    let path = format!("/v1/conversations/{conversation}/read-position");
    let (status, problem) = mallory
        .rest::<v1::MarkReadResponse>("PUT", &path, &request)
        .await
        .expect_err("no member");
    assert_eq!((status, problem.reason.as_str()), (403, "NOT_A_MEMBER"));
}

#[tokio::test]
async fn a_new_member_has_nothing_to_catch_up_with_but_may_read_it() {
    let town = town().await;
    let (mut alice, bob) = (town.user("alice").await, town.user("bob").await);
    let group = alice.creates_group("tea", &[]).await;
    alice.sends("before").into(group).await;
    let request = v1::AddMembersRequest {
        conversation_id: group.0,
        user_ids: vec![bob.id.0],
        ..Default::default()
    };
    alice.ask(client_frame::Body::AddMembers(request)).await;
    let seen = bob.sees(group).await.expect("bob is a member");
    assert_eq!(seen.last_sequence, 1);
    assert_eq!(
        seen.unread_count,
        seen.last_sequence - seen.read_sequence,
        "one rule for everybody"
    );
}

#[tokio::test]
async fn the_conversation_with_the_latest_activity_comes_first() {
    let town = town().await;
    let mut alice = town.user("alice").await;
    let mut conversations = Vec::new();
    for name in ["bob", "carol", "dave", "erin", "frank"] {
        let mut other = town.user(name).await;
        conversations.push(other.sends(name).to(&alice).await.conversation());
    }
    alice.sends("back to carol").into(conversations[1]).await;
    let expected: Vec<_> = [1, 4, 3, 2, 0]
        .into_iter()
        .map(|index: usize| conversations[index])
        .collect();
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/conversations?pageSize=2&pageToken={token}");
        let page: v1::ListConversationsResponse = alice.rest("GET", &path, &()).await.expect("a page");
        assert!(page.conversations.len() <= 2);
        seen.extend(page.conversations);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(
        seen.iter().map(v1::Conversation::conversation).collect::<Vec<_>>(),
        expected
    );
    let texts: Vec<_> = seen
        .iter()
        .map(|conversation| text_of(conversation.last_message.as_ref().expect("a message")))
        .collect();
    assert_eq!(texts, ["back to carol", "frank", "erin", "dave", "bob"]);
    assert_eq!(
        seen.iter()
            .map(|conversation| conversation.unread_count)
            .collect::<Vec<_>>(),
        [0, 1, 1, 1, 1]
    );
    assert!(
        seen.iter()
            .all(|conversation| conversation.peer().0 != 0 && conversation.member_count == 2)
    );
    let answer = alice
        .rest::<v1::ListConversationsResponse>("GET", "/v1/conversations?pageToken=x", &())
        .await;
    assert_eq!(answer.expect_err("no token").1.reason, "PAGE_TOKEN_INVALID");
}

#[tokio::test]
async fn history_is_read_in_both_directions() {
    let town = town().await;
    let (mut alice, bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    let frames: Vec<_> = (1..=25)
        .map(|number| v1::ClientFrame {
            request_id: number,
            body: Some(client_frame::Body::Send(message(conversation, "x"))),
            ..Default::default()
        })
        .collect();
    alice.send_frames(&frames).await;
    for _ in &frames {
        alice.fate().await.expect("stored");
    }
    let forward = pages(&bob, conversation, "LIST_DIRECTION_FORWARD").await;
    assert_eq!(
        forward,
        [(1..=10).collect::<Vec<u64>>(), (11..=20).collect(), (21..=25).collect()]
    );
    let backward = pages(&bob, conversation, "LIST_DIRECTION_BACKWARD").await;
    assert_eq!(
        backward,
        [
            (16..=25).rev().collect::<Vec<u64>>(),
            (6..=15).rev().collect(),
            (1..=5).rev().collect()
        ]
    );
    let beyond = bob
        .history(conversation, "fromSequence=26&direction=LIST_DIRECTION_FORWARD")
        .await
        .expect("bob is a member");
    assert_eq!((beyond.messages.len(), beyond.next_sequence), (0, 0));
}

/// The sequences, page by page.
async fn pages(user: &User, conversation: ConversationId, direction: &str) -> Vec<Vec<u64>> {
    let (mut pages, mut from) = (Vec::new(), 0);
    loop {
        let query = format!("fromSequence={from}&direction={direction}&limit=10");
        let page = user.history(conversation, &query).await.expect("the user is a member");
        pages.push(page.messages.iter().map(|message| message.sequence).collect());
        from = page.next_sequence;
        if from == 0 {
            return pages;
        }
    }
}
