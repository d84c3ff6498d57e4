//! A service that answers by the book, in this process or behind a socket.

use im_schema::{
    errors::SendMessageError,
    failure::Failure,
    ids::{SessionId, UserId},
    rpc::{Call, Caller, Identity},
    services::{MessageServiceClient, message_service},
    v1::*,
};
use std::{net::SocketAddr, time::Duration};
use tokio::net::TcpListener;
use tonic::transport::{Channel, Endpoint, Server, server::TcpIncoming};

/// Answers a call. It implements no trait, so that a method that is new in the schema asks nothing of it.
async fn cook(call: Call<message_service::Request>) -> Result<message_service::Response, Failure> {
    use message_service::{Request, Response};

    let caller = call.context.caller()?;
    if let Request::SendMessage(request) = call.request {
        let answer = send(&caller, request)?;
        return Ok(Response::SendMessage(answer));
    }
    if let Request::MarkRead(request) = call.request {
        return Ok(Response::MarkRead(MarkReadResponse {
            read_sequence: request.sequence,
            unread_count: 0,
            ..Default::default()
        }));
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    Err(Failure::unavailable(
        "everything else takes a minute, and nobody waits so long",
    ))
}

fn send(caller: &Caller, request: SendMessageRequest) -> Result<SendMessageResponse, SendMessageError> {
    match request.conversation_id {
        1 => Err(SendMessageError::not_a_member("only members may send")),
        2 => Err(SendMessageError::internal(std::io::Error::other("the disk is full"))),
        3 => Err(Failure::rate_limited("slowly")
            .retry_after(Duration::from_millis(1500))
            .into()),
        4 => Err(Failure::user_not_found("a reason that this method does not declare").into()),
        _ => Ok(SendMessageResponse {
            message: Some(Message {
                conversation_id: request.conversation_id,
                sender_id: caller.user.into(),
                client_message_id: request.client_message_id,
                content: request.content,
                ..Message::default()
            }),
            ..Default::default()
        }),
    }
}

/// The token that [`authenticated`] knows.
pub(crate) const TOKEN: &str = "ada's";

/// Ada, on her laptop.
pub(crate) fn ada() -> Caller {
    Caller {
        user: UserId(7),
        session: SessionId(70),
        device: "laptop".into(),
        admin: false,
        expires_at_ms: 0,
    }
}

/// The kitchen behind one layer, which knows Ada's token.
pub(crate) fn authenticated() -> MessageServiceClient {
    MessageServiceClient::from_service(tower::service_fn(move |mut call: Call<message_service::Request>| {
        if call.context.token.as_deref() == Some(TOKEN) {
            assert!(call.context.address.is_none_or(|address| address.is_loopback()));
            call.context.identity = Identity::User(ada());
        }
        cook(call)
    }))
}

/// Serves a client on a port of its own.
pub(crate) async fn serve(client: MessageServiceClient) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound socket");
    let server = Server::builder().add_service(message_service::grpc(client));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    address
}

/// A channel to a server.
pub(crate) fn channel(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}"))
        .expect("an address")
        .connect_lazy()
}
