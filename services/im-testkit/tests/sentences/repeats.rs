//! What a client repeats is done once, on REST and on gRPC, and lists are read to their end.

use crate::town;
use futures::{
    TryStreamExt as _,
    future::{join, join_all},
};
use im_schema::{
    json,
    parlance::Reason,
    rpc::Context,
    services::{ConversationServiceClient, MessageServiceClient, conversation_service},
    v1,
};
use im_testkit::{Town, User};
use reqwest::{Method, StatusCode};
use tonic::transport::{Channel, Endpoint};

fn channel(town: &Town) -> Channel {
    Endpoint::from_shared(town.url()).expect("an address").connect_lazy()
}

fn with_key(user: &User, key: &str) -> Context {
    Context {
        idempotency_key: Some(key.into()),
        ..Context::bearer(user.tokens.access_token.as_str())
    }
}

/// Sends a request over REST under an idempotency key.
async fn rest(town: &Town, token: Option<&str>, path: &str, key: &str, body: &str) -> (StatusCode, String) {
    let mut request = reqwest::Client::new()
        .request(Method::POST, format!("{}{path}", town.url()))
        .header("Idempotency-Key", key)
        .header("content-type", "application/json")
        .body(body.to_owned());
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.expect("the server answers");
    (answer.status(), answer.text().await.expect("text"))
}

fn reason(body: &str) -> String {
    let problem: v1::Problem = json::from_slice(body.as_bytes()).expect("a problem");
    problem.reason
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_created_twice_is_one_group_on_rest_and_grpc() {
    let town = town().await;
    let ada = town.user("ada").await;
    let token = ada.tokens.access_token.as_str();
    let body = r#"{"title":"Engine room"}"#;
    let first = rest(&town, Some(token), "/v1/groups", "k-1", body).await;
    assert_eq!(first.0, StatusCode::OK, "{}", first.1);
    assert_eq!(rest(&town, Some(token), "/v1/groups", "k-1", body).await, first);
    // the same call on another transport is the same call
    let client = ConversationServiceClient::from_service(conversation_service::remote(channel(&town)));
    let create = |context, title: &str| {
        let request = v1::CreateGroupRequest {
            title: title.into(),
            ..Default::default()
        };
        client.create_group(context, request)
    };
    let again = create(with_key(&ada, "k-1"), "Engine room")
        .await
        .expect("the same group");
    assert_eq!(json::to_string(&again), first.1);
    let other = create(with_key(&ada, "k-2"), "Engine room")
        .await
        .expect("another group");
    assert_ne!(other, again);

    let (status, problem) = rest(&town, Some(token), "/v1/groups", "k-1", r#"{"title":"Kitchen"}"#).await;
    assert_eq!(
        (status.as_u16(), reason(&problem).as_str()),
        (422, "IDEMPOTENCY_KEY_REUSED")
    );
    let refused = create(with_key(&ada, "k-2"), "Kitchen")
        .await
        .expect_err("another request");
    assert_eq!(refused.reason(), Reason::IdempotencyKeyReused);

    let request = v1::ListConversationsRequest::default();
    let listed = client
        .list_conversations(Context::bearer(token), request)
        .await
        .expect("a list");
    assert_eq!(listed.conversations.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_that_come_at_once_on_rest_and_grpc_are_one_call_and_all_get_its_answer() {
    let town = town().await;
    let ada = town.user("ada").await;
    let token = ada.tokens.access_token.as_str();
    let client = ConversationServiceClient::from_service(conversation_service::remote(channel(&town)));
    for round in 0..5 {
        let (key, title) = (format!("k-{round}"), format!("Group {round}"));
        let body = format!(r#"{{"title":"{title}"}}"#);
        let by_rest = join_all((0..4).map(|_| rest(&town, Some(token), "/v1/groups", &key, &body)));
        let by_grpc = join_all((0..4).map(|_| {
            let request = v1::CreateGroupRequest {
                title: title.clone(),
                ..Default::default()
            };
            client.create_group(with_key(&ada, &key), request)
        }));
        let (by_rest, by_grpc) = join(by_rest, by_grpc).await;
        let by_grpc = by_grpc
            .into_iter()
            .map(|answer| (StatusCode::OK, json::to_string(&answer.expect("the group"))));
        let mut answers: Vec<_> = by_rest.into_iter().chain(by_grpc).collect();
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn registering_and_refreshing_twice_under_a_key_gives_the_same_tokens() {
    let town = town().await;
    let body = r#"{"name":"ada","password":"correct horse","deviceId":"laptop"}"#;
    let first = rest(&town, None, "/v1/users", "k-1", body).await;
    assert_eq!(first.0, StatusCode::OK, "{}", first.1);
    assert_eq!(rest(&town, None, "/v1/users", "k-1", body).await, first);
    let (status, problem) = rest(&town, None, "/v1/users", "k-2", body).await;
    assert_eq!((status.as_u16(), reason(&problem).as_str()), (409, "NAME_TAKEN"));

    let registered: v1::RegisterResponse = json::from_slice(first.1.as_bytes()).expect("tokens");
    let refresh = json::to_string(&v1::RefreshRequest {
        refresh_token: registered.tokens.expect("tokens").refresh_token,
        ..Default::default()
    });
    let renewed = rest(&town, None, "/v1/sessions/refresh", "k-3", &refresh).await;
    assert_eq!(renewed.0, StatusCode::OK, "{}", renewed.1);
    assert_eq!(
        rest(&town, None, "/v1/sessions/refresh", "k-3", &refresh).await,
        renewed
    );
    let (_, problem) = rest(&town, None, "/v1/sessions/refresh", "k-4", &refresh).await;
    assert_eq!(reason(&problem), "REFRESH_REUSED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_none_is_refused_by_name() {
    let town = town().await;
    let ada = town.user("ada").await;
    let long = "x".repeat(129);
    let token = Some(ada.tokens.access_token.as_str());
    for key in ["a b", "", &long] {
        let (status, body) = rest(&town, token, "/v1/groups", key, r#"{"title":"Tea"}"#).await;
        let problem: v1::Problem = json::from_slice(body.as_bytes()).expect("a problem");
        assert_eq!(
            (status.as_u16(), problem.violations[0].field.as_str()),
            (400, "Idempotency-Key"),
            "{key}"
        );
    }
    let client = ConversationServiceClient::from_service(conversation_service::remote(channel(&town)));
    let request = v1::CreateGroupRequest {
        title: "Tea".into(),
        ..Default::default()
    };
    let refused = client
        .create_group(with_key(&ada, &long), request)
        .await
        .expect_err("too long");
    assert_eq!(refused.broken_rules()[0].field, "idempotency-key");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_read_to_their_end_and_sizes_are_coerced() {
    let town = town().await;
    let ada = town.user("ada").await;
    let context = || Context::bearer(ada.tokens.access_token.as_str());
    let client = ConversationServiceClient::remote(channel(&town));
    for number in 0..7 {
        let request = v1::CreateGroupRequest {
            title: format!("Group {number}"),
            ..Default::default()
        };
        client.create_group(context(), request).await.expect("a group");
    }
    let request = |page_size| v1::ListConversationsRequest {
        page_size,
        ..Default::default()
    };
    let groups: Vec<_> = client
        .list_conversations_items(context(), request(2))
        .try_collect()
        .await
        .expect("groups");
    let mut ids: Vec<_> = groups.iter().map(|group| group.conversation_id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((groups.len(), ids.len()), (7, 7));
    let all = client
        .list_conversations(context(), request(u32::MAX))
        .await
        .expect("a size that is coerced");
    assert_eq!((all.conversations.len(), all.next_page_token.as_str()), (7, ""));

    let foreign = client
        .list_conversations(context(), request(2))
        .await
        .expect("a page")
        .next_page_token;
    let bob = town.user("bob").await;
    let stolen = v1::ListConversationsRequest {
        page_token: foreign,
        ..request(2)
    };
    let bobs = Context::bearer(bob.tokens.access_token.as_str());
    let refused = client.list_conversations(bobs, stolen).await.expect_err("ada's token");
    assert_eq!(refused.reason(), Reason::PageTokenInvalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_read_to_its_end_in_either_direction() {
    let town = town().await;
    let (mut ada, bob) = (town.user("ada").await, town.user("bob").await);
    let conversation = ada.with(&bob).await;
    for number in 0..5 {
        ada.sends(&format!("message {number}")).into(conversation).await;
    }
    let client = MessageServiceClient::remote(channel(&town));
    let read = |direction: v1::ListDirection| {
        let request = v1::ListMessagesRequest {
            conversation_id: conversation.0,
            direction: direction.into(),
            limit: 2,
            ..Default::default()
        };
        client.list_messages_items(Context::bearer(bob.tokens.access_token.as_str()), request)
    };
    let forward: Vec<_> = read(v1::ListDirection::Forward).try_collect().await.expect("messages");
    assert_eq!(
        forward.iter().map(|message| message.sequence).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5]
    );
    let backward: Vec<_> = read(v1::ListDirection::Backward).try_collect().await.expect("messages");
    assert_eq!(
        backward.iter().map(|message| message.sequence).collect::<Vec<_>>(),
        [5, 4, 3, 2, 1]
    );
}
