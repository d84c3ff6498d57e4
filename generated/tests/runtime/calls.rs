//! The same call in this process and over a socket.

use crate::kitchen::{TOKEN, authenticated, channel, serve};
use im_schema::{
    DESCRIPTOR_SET,
    parlance::Reason,
    rpc::{Access, Context, Validate},
    services::{METHODS, MessageServiceClient, message_service},
    v1::*,
};
use std::time::{Duration, Instant};

/// The client in this process, and one over a socket.
async fn both() -> [MessageServiceClient; 2] {
    let local = authenticated();
    let remote = message_service::remote(channel(serve(local.clone()).await));
    [local, MessageServiceClient::from_service(remote)]
}

fn to(conversation_id: u64) -> SendMessageRequest {
    SendMessageRequest {
        conversation_id,
        client_message_id: "id".into(),
        content: None,
        ..Default::default()
    }
}

#[tokio::test]
async fn answers_are_the_same() {
    for client in both().await {
        let answer = client
            .send_message(Context::bearer(TOKEN), to(9))
            .await
            .expect("an answer");
        let message = answer.message.expect("a message");
        assert_eq!(
            (
                message.conversation().0,
                message.sender().0,
                message.client_message_id.as_str()
            ),
            (9, 7, "id")
        );
        let answer = client
            .mark_read(
                Context::bearer(TOKEN),
                MarkReadRequest {
                    conversation_id: 9,
                    sequence: 4,
                    ..Default::default()
                },
            )
            .await;
        assert_eq!(answer.expect("an answer").read_sequence, 4);
    }
}

#[tokio::test]
async fn errors_are_the_same() {
    for client in both().await {
        let declared = client
            .send_message(Context::bearer(TOKEN), to(1))
            .await
            .expect_err("refused");
        assert_eq!(
            (declared.reason(), declared.message()),
            (Reason::NotAMember, "only members may send")
        );

        let fault = client
            .send_message(Context::bearer(TOKEN), to(2))
            .await
            .expect_err("a fault");
        assert_eq!(fault.reason(), Reason::Internal);
        assert!(!fault.message().contains("disk"), "the cause stays inside: {fault}");

        let limited = client
            .send_message(Context::bearer(TOKEN), to(3))
            .await
            .expect_err("limited");
        assert_eq!(
            (limited.reason(), limited.wait()),
            (Reason::RateLimited, Some(Duration::from_millis(1500)))
        );

        let undeclared = client
            .send_message(Context::bearer(TOKEN), to(4))
            .await
            .expect_err("a fault");
        assert_eq!(undeclared.reason(), Reason::Internal);
    }
}

#[tokio::test]
async fn without_a_token_there_is_no_caller() {
    for client in both().await {
        for context in [Context::default(), Context::bearer("bob's")] {
            let refused = client.send_message(context, to(9)).await.expect_err("no caller");
            assert_eq!(refused.reason(), Reason::Unauthenticated);
        }
    }
}

#[tokio::test]
async fn a_deadline_goes_with_the_call() {
    let [_, remote] = both().await;
    let soon = Some(Instant::now() + Duration::from_millis(50));
    let context = Context {
        deadline: soon,
        ..Context::bearer(TOKEN)
    };
    let late = remote
        .list_messages(context.clone(), ListMessagesRequest::default())
        .await
        .expect_err("too slow");
    assert_eq!(late.reason(), Reason::DeadlineExceeded);
    let late = remote
        .list_messages(context, ListMessagesRequest::default())
        .await
        .expect_err("late already");
    assert_eq!(late.reason(), Reason::DeadlineExceeded);
}

#[tokio::test]
async fn a_server_that_is_away_is_unavailable() {
    let unused = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port");
    let client = MessageServiceClient::from_service(message_service::remote(channel(unused)));
    let away = client
        .send_message(Context::bearer(TOKEN), to(9))
        .await
        .expect_err("nobody there");
    assert_eq!(away.reason(), Reason::Unavailable);
}

#[tokio::test]
async fn bytes_that_are_no_message_are_malformed_and_no_fault() {
    let channel = channel(serve(authenticated()).await);
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.expect("a server");
    // a string in the place of the id
    let nonsense = Pseudo { text: "id".into() };
    let path = message_service::SEND_MESSAGE.path.parse().expect("a path");
    let codec = im_schema::grpc::Codec::<Pseudo, SendMessageResponse>::default();
    let status = grpc
        .unary(tonic::Request::new(nonsense), path, codec)
        .await
        .expect_err("refused");
    let failure = im_schema::failure::Failure::from_status(&status);
    assert_eq!(failure.reason(), Reason::Malformed, "{failure}");
}

#[derive(Clone, PartialEq, prost::Message)]
struct Pseudo {
    #[prost(string, tag = "1")]
    text: String,
}

#[test]
fn a_request_is_checked_by_the_rules_of_its_message() {
    let request = message_service::Request::MarkRead(MarkReadRequest::default());
    let failure = request.validate().expect_err("nothing is set");
    let fields: Vec<_> = failure
        .broken_rules()
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(fields, ["conversationId", "sequence"]);
}

#[test]
fn the_table_has_every_method_once() {
    let mut paths: Vec<_> = METHODS.iter().map(|method| method.path).collect();
    assert!(paths.contains(&"/parlance.v1.MessageService/SendMessage"));
    let count = paths.len();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), count);
    let internal = METHODS
        .iter()
        .filter(|method| method.service.starts_with("parlance.internal."));
    assert!(internal.into_iter().all(|method| method.access == Access::Internal));
}

#[test]
fn the_descriptor_set_is_whole() {
    let set = <prost_types::FileDescriptorSet as prost::Message>::decode(DESCRIPTOR_SET).expect("a descriptor set");
    assert!(
        set.file
            .iter()
            .any(|file| file.name() == "google/protobuf/timestamp.proto")
    );
}
