//! The same request by REST, gRPC, both kinds of WebSocket and from within the process gets the same answer, and the same error: every method
//! with its sample (`every.rs`), and here some with what only a person thinks of.

mod every;

use crate::town;
use im_schema::{
    failure::Failure,
    rpc::Context,
    services::{
        ConversationServiceClient, MessageServiceClient, UserServiceClient, conversation_service, message_service,
        user_service,
    },
    v1::{self, ServerFrame, client_frame::Body, server_frame},
};
use im_testkit::{Device, Protocol, User};
use serde::{Serialize, de::DeserializeOwned};
use tonic::transport::Endpoint;

type Answer = Result<ServerFrame, Box<v1::Problem>>;

struct Caller {
    user: User,
    text: Device,
    binary: Device,
    grpc: Clients,
    /// Missing where logic is in another process.
    local: Option<Clients>,
}

/// The generated clients, whatever stands behind them.
struct Clients {
    conversations: ConversationServiceClient,
    messages: MessageServiceClient,
    users: UserServiceClient,
}

impl Caller {
    /// Asks all five ways.
    async fn asks<A>(
        &mut self,
        body: Body,
        (verb, path, rest_body): (&str, &str, &impl Serialize),
        call: impl AsyncFn(&Clients) -> Result<A, Failure>,
    ) -> Answer
    where
        A: DeserializeOwned,
        ServerFrame: From<A>,
    {
        let by_grpc = answer(call(&self.grpc).await);
        if let Some(local) = &self.local {
            assert_eq!(answer(call(local).await), by_grpc, "local call and gRPC");
        }
        let by_rest = self
            .user
            .rest::<A>(verb, path, rest_body)
            .await
            .map(ServerFrame::from)
            .map_err(|(_, problem)| Box::new(problem));
        let by_text = frame(self.text.ask(body.clone()).await);
        let by_binary = frame(self.binary.ask(body).await);
        assert_eq!(by_grpc, by_rest, "gRPC and REST");
        assert_eq!(by_text, by_rest, "text and REST");
        assert_eq!(by_binary, by_rest, "binary and REST");
        by_rest
    }
}

fn answer<A>(answer: Result<A, Failure>) -> Answer
where
    ServerFrame: From<A>,
{
    answer
        .map(ServerFrame::from)
        .map_err(|failure| Box::new(failure.problem()))
}

fn frame(body: server_frame::Body) -> Answer {
    match body {
        server_frame::Body::Error(problem) => Err(Box::new(problem)),
        body => Ok(ServerFrame {
            request_id: 0,
            body: Some(body),
            ..Default::default()
        }),
    }
}

fn reason(answer: Answer) -> String {
    answer.expect_err("it is refused").reason
}

#[tokio::test]
async fn all_ways_lead_to_the_same_answer() {
    let town = town().await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.sends("hi").to(&bob).await.conversation();
    bob.sends("hello").into(conversation).await;
    let channel = Endpoint::from_shared(town.url())
        .expect("an address")
        .connect()
        .await
        .expect("the server listens");
    let grpc = Clients {
        conversations: ConversationServiceClient::from_service(conversation_service::remote(channel.clone())),
        messages: MessageServiceClient::from_service(message_service::remote(channel.clone())),
        users: UserServiceClient::from_service(user_service::remote(channel)),
    };
    let local = town.services().map(|services| Clients {
        conversations: services.conversation,
        messages: services.message,
        users: services.user,
    });
    let context = Context::bearer(alice.tokens.access_token.as_str());
    let (text, binary) = (
        alice.device("text", Protocol::Text).await,
        alice.device("binary", Protocol::Binary).await,
    );
    let (bob, alice_id) = (bob.id, alice.id);
    let mut alice = Caller {
        user: alice,
        text,
        binary,
        grpc,
        local,
    };
    let id = conversation.0;

    for (id, refusal) in [
        (id, None),
        (42, Some("CONVERSATION_NOT_FOUND")),
        (0, Some("INVALID_ARGUMENT")),
    ] {
        let request = v1::GetConversationRequest {
            conversation_id: id,
            ..Default::default()
        };
        let rest = ("GET", &*format!("/v1/conversations/{id}"), &());
        let answer = alice
            .asks(Body::GetConversation(request.clone()), rest, async |on| {
                on.conversations
                    .get_conversation(context.clone(), request.clone())
                    .await
            })
            .await;
        assert_eq!(answer.err().map(|problem| problem.reason).as_deref(), refusal);

        let request = v1::ListMembersRequest {
            conversation_id: id,
            page_size: 1,
            page_token: String::new(),
            ..Default::default()
        };
        let rest = ("GET", &*format!("/v1/conversations/{id}/members?pageSize=1"), &());
        let answer = alice
            .asks(Body::ListMembers(request.clone()), rest, async |on| {
                on.conversations.list_members(context.clone(), request.clone()).await
            })
            .await;
        assert_eq!(answer.err().map(|problem| problem.reason).as_deref(), refusal);
    }
    for (id, limit, refusal) in [
        (id, 1, None),
        (id, 201, None),
        (42, 1, Some("NOT_A_MEMBER")),
        (0, 1, Some("INVALID_ARGUMENT")),
    ] {
        let request = v1::ListMessagesRequest {
            conversation_id: id,
            limit,
            ..Default::default()
        };
        let rest = ("GET", &*format!("/v1/conversations/{id}/messages?limit={limit}"), &());
        let answer = alice
            .asks(Body::ListMessages(request.clone()), rest, async |on| {
                on.messages.list_messages(context.clone(), request.clone()).await
            })
            .await;
        assert_eq!(answer.err().map(|problem| problem.reason).as_deref(), refusal);
    }
    let request = v1::ListConversationsRequest {
        page_size: 0,
        page_token: "rubbish".into(),
        ..Default::default()
    };
    let rest = ("GET", "/v1/conversations?pageToken=rubbish", &());
    let call = async |on: &Clients| {
        let answer = on.conversations.list_conversations(context.clone(), request.clone());
        answer.await
    };
    assert_eq!(
        reason(alice.asks(Body::ListConversations(request.clone()), rest, call).await),
        "PAGE_TOKEN_INVALID"
    );

    for (user, refusal) in [
        (bob.0, None),
        (alice_id.0, Some("PEER_IS_SELF")),
        (42, Some("USER_NOT_FOUND")),
    ] {
        let request = v1::OpenDirectRequest {
            user_id: user,
            ..Default::default()
        };
        let rest = ("POST", "/v1/direct-conversations", &request);
        let answer = alice
            .asks(Body::OpenDirect(request.clone()), rest, async |on| {
                on.conversations.open_direct(context.clone(), request.clone()).await
            })
            .await;
        assert_eq!(answer.err().map(|problem| problem.reason).as_deref(), refusal);
    }
    let request = v1::CreateGroupRequest {
        title: "x".repeat(65),
        user_ids: vec![7, 7],
        ..Default::default()
    };
    let call = async |on: &Clients| on.conversations.create_group(context.clone(), request.clone()).await;
    let answer = alice
        .asks(
            Body::CreateGroup(request.clone()),
            ("POST", "/v1/groups", &request),
            call,
        )
        .await;
    assert_eq!(answer.expect_err("it breaks two rules").violations.len(), 2);

    let request = v1::MarkReadRequest {
        conversation_id: id,
        sequence: 2,
        ..Default::default()
    };
    let by_rest = v1::MarkReadRequest {
        conversation_id: 0,
        ..request.clone()
    };
    let rest = ("PUT", &*format!("/v1/conversations/{id}/read-position"), &by_rest);
    alice
        .asks(Body::MarkRead(request.clone()), rest, async |on| {
            on.messages.mark_read(context.clone(), request.clone()).await
        })
        .await
        .expect("alice is a member");

    let request = v1::LookUpUsersRequest {
        names: vec!["BOB".into()],
        user_ids: Vec::new(),
        ..Default::default()
    };
    let call = async |on: &Clients| on.users.look_up_users(context.clone(), request.clone()).await;
    alice
        .asks(
            Body::LookUpUsers(request.clone()),
            ("GET", "/v1/users?names=BOB", &()),
            call,
        )
        .await
        .expect("there is bob");
}
