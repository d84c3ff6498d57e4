//! gRPC: codes and details, also of bytes that no client makes.

use crate::town;
use im_schema::{
    failure::Failure,
    parlance::Reason,
    rpc::Context,
    services::{MessageServiceClient, message_service},
    v1::{self},
};
use tonic::{
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::{Channel, Endpoint},
};

/// Sends and takes bytes as they are.
#[derive(Clone, Default)]
pub(crate) struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = tonic::Status;

    fn encode(&mut self, item: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), tonic::Status> {
        bytes::BufMut::put_slice(out, &item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = tonic::Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, tonic::Status> {
        let mut item = vec![0; bytes::Buf::remaining(bytes)];
        bytes::Buf::copy_to_slice(bytes, &mut item);
        Ok(Some(item))
    }
}

async fn raw(channel: &Channel, token: &str, method: &'static str, body: Vec<u8>) -> tonic::Status {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.expect("the server listens");
    let mut request = tonic::Request::new(body);
    if !token.is_empty() {
        request.metadata_mut().insert(
            "authorization",
            format!("Bearer {token}").parse().expect("a token is a header's value"),
        );
    }
    let path = http::uri::PathAndQuery::from_static(method);
    client.unary(request, path, Raw).await.expect_err("it is refused")
}

#[tokio::test]
async fn grpc_says_what_is_wrong() {
    const LIST: &str = "/parlance.v1.MessageService/ListMessages";
    let town = town().await;
    let (mut alice, bob, mallory) = (
        town.user("alice").await,
        town.user("bob").await,
        town.user("mallory").await,
    );
    let theirs = alice.with(&bob).await;
    let channel = Endpoint::from_shared(town.url())
        .expect("an address")
        .connect()
        .await
        .expect("the server listens");
    let token = mallory.tokens.access_token.clone();
    let reason = |status: &tonic::Status| Failure::from_status(status).spec().name;

    let status = raw(&channel, &token, LIST, vec![0xff; 20]).await;
    assert_eq!(
        (status.code(), reason(&status)),
        (tonic::Code::InvalidArgument, "MALFORMED"),
        "{status:?}"
    );
    let status = raw(&channel, &token, LIST, vec![0; 100 * 1024]).await;
    assert_eq!(
        (status.code(), reason(&status)),
        (tonic::Code::ResourceExhausted, "TOO_LARGE"),
        "{status:?}"
    );
    let status = raw(&channel, "", LIST, vec![8, 1]).await;
    assert_eq!(
        (status.code(), reason(&status)),
        (tonic::Code::Unauthenticated, "UNAUTHENTICATED"),
        "{status:?}"
    );
    let status = raw(&channel, "rubbish", LIST, vec![8, 1]).await;
    assert_eq!(
        (status.code(), reason(&status)),
        (tonic::Code::Unauthenticated, "UNAUTHENTICATED"),
        "{status:?}"
    );
    for unknown in [
        "/parlance.v1.MessageService/Dance",
        "/parlance.v1.NoService/Dance",
        "/parlance.internal.v1.MessageRepo/ReadMessages",
    ] {
        let status = raw(&channel, &token, unknown, vec![]).await;
        assert_eq!(status.code(), tonic::Code::Unimplemented, "{unknown}: {status:?}");
    }

    let messages = MessageServiceClient::from_service(message_service::remote(channel));
    let ask = |request| messages.list_messages(Context::bearer(token.as_str()), request);
    let wrong = v1::ListMessagesRequest {
        conversation_id: 0,
        direction: 9,
        limit: 10,
        ..Default::default()
    };
    let failure = ask(wrong).await.expect_err("it breaks two rules");
    let fields: Vec<_> = failure
        .broken_rules()
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(
        (failure.reason(), fields),
        (Reason::InvalidArgument, vec!["conversationId", "direction"])
    );
    let foreign = v1::ListMessagesRequest {
        conversation_id: theirs.0,
        ..Default::default()
    };
    assert_eq!(
        ask(foreign).await.expect_err("mallory is no member").reason(),
        Reason::NotAMember
    );
}
