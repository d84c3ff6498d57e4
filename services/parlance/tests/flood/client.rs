//! Clients without manners.

use bytes::BytesMut;
use futures::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use im_schema::{
    frame,
    rpc::Context,
    services::{AuthServiceClient, ConversationServiceClient, auth_service, conversation_service},
    v1::{self, client_frame, content, server_frame},
};
use std::{
    ops::AddAssign,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};
use tonic::transport::Endpoint;
use uuid::Uuid;

/// Bytes of each message's text.
const TEXT: usize = 8_000;
/// Messages that go out together.
const BURST: usize = 6;
/// A write that takes so long was held up by the server.
const WAIT: Duration = Duration::from_millis(50);

/// Registers and opens conversations.
pub(crate) struct Api {
    auth: AuthServiceClient,
    conversations: ConversationServiceClient,
}

/// A registered user.
pub(crate) struct User {
    id: u64,
    token: String,
}

/// What a sender has seen.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) sent: u64,
    pub(crate) accepted: u64,
    /// Refused with a reason that says to try again.
    pub(crate) told_to_come_again: u64,
    pub(crate) refused_for_good: u64,
    /// Writes that the server held up.
    pub(crate) waits: u64,
}

impl Tally {
    /// What the senders have put on their way.
    pub(crate) fn offered_kib(&self) -> u64 {
        self.sent * TEXT as u64 / 1024
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.accepted += other.accepted;
        self.told_to_come_again += other.told_to_come_again;
        self.refused_for_good += other.refused_for_good;
        self.waits += other.waits;
    }
}

impl Api {
    pub(crate) async fn connect(url: &str) -> Self {
        let endpoint = Endpoint::from_shared(url.to_owned()).expect("an address");
        let channel = endpoint.connect().await.expect("the server listens");
        Self {
            auth: AuthServiceClient::from_service(auth_service::remote(channel.clone())),
            conversations: ConversationServiceClient::from_service(conversation_service::remote(channel)),
        }
    }

    pub(crate) async fn user(&self, name: &str) -> User {
        let request = v1::RegisterRequest {
            name: format!("user-{name}"),
            password: "correct horse".to_owned(),
            device_id: "flood".to_owned(),
            ..Default::default()
        };
        let answer = self
            .auth
            .register(Context::default(), request)
            .await
            .expect("registered");
        User {
            id: answer.user.expect("a user").user_id,
            token: answer.tokens.expect("tokens").access_token,
        }
    }

    pub(crate) async fn direct(&self, one: &User, other: &User) -> u64 {
        let request = v1::OpenDirectRequest {
            user_id: other.id,
            ..Default::default()
        };
        let opened = self
            .conversations
            .open_direct(Context::bearer(one.token.as_str()), request)
            .await;
        opened
            .expect("opened")
            .conversation
            .expect("a conversation")
            .conversation_id
    }

    pub(crate) async fn last_sequence(&self, user: &User, conversation_id: u64) -> u64 {
        let request = v1::GetConversationRequest {
            conversation_id,
            ..Default::default()
        };
        let got = self
            .conversations
            .get_conversation(Context::bearer(user.token.as_str()), request)
            .await;
        got.expect("a member may look")
            .conversation
            .expect("a conversation")
            .last_sequence
    }
}

type Socket = WebSocketStream<TcpStream>;

/// A connection of a user.
pub(crate) struct Link {
    sink: SplitSink<Socket, Message>,
    stream: SplitStream<Socket>,
}

impl Link {
    pub(crate) async fn open(url: &str, user: &User) -> Self {
        let authority = url.trim_start_matches("http://");
        let mut request = format!("ws://{authority}/v1/ws")
            .into_client_request()
            .expect("a request");
        let headers = request.headers_mut();
        headers.insert(
            "authorization",
            format!("Bearer {}", user.token).parse().expect("a header"),
        );
        headers.insert(
            "sec-websocket-protocol",
            http::HeaderValue::from_static("parlance.v1.binary"),
        );
        let stream = TcpStream::connect(authority).await.expect("the server listens");
        let (socket, _) = client_async(request, stream).await.expect("the upgrade is accepted");
        let (sink, stream) = socket.split();
        Self { sink, stream }
    }

    /// Sends as fast as the socket takes it, and reads what it is told; together with others until nothing is `left`, in bytes.
    pub(crate) async fn flood(self, conversation: u64, until: Instant, left: Arc<AtomicI64>) -> Tally {
        let Self { mut sink, mut stream } = self;
        let mut tally = Tally::default();
        let text = "x".repeat(TEXT);
        let (mut sent, mut waits) = (0, 0);
        let write = async {
            while left.fetch_sub((BURST * TEXT) as i64, Ordering::Relaxed) > 0 {
                let begun = Instant::now();
                let written = tokio::time::timeout_at(until.into(), sink.send(burst(conversation, &text))).await;
                waits += u64::from(begun.elapsed() > WAIT);
                match written {
                    Ok(Ok(())) => sent += BURST as u64,
                    // closed, or time is up
                    Ok(Err(_)) | Err(_) => break,
                }
            }
        };
        let read = async {
            while let Some(frames) = next(&mut stream).await {
                frames.into_iter().for_each(|frame| tally.take(frame));
            }
        };
        tokio::select! {
            () = write => {}
            () = read => {}
        }
        tally.sent = sent;
        tally.waits = waits;
        tally
    }

    /// Reads everything.
    pub(crate) async fn read_until_closed(mut self) {
        while next(&mut self.stream).await.is_some() {}
    }

    /// Keeps the connection open and reads nothing.
    pub(crate) async fn hold(self, time: Duration) {
        tokio::time::sleep(time).await;
        drop(self);
    }

    /// Sends one message until it is stored; its sequence, or `None` if the server ends the connection first, as it does when it has to wait
    /// for a reader.
    pub(crate) async fn sends(&mut self, conversation: u64, text: &str) -> Option<u64> {
        let frame = said(conversation, text);
        let id = match &frame.body {
            Some(client_frame::Body::Send(request)) => request.client_message_id.clone(),
            _ => unreachable!("it is one"),
        };
        self.sink.send(encoded([&frame])).await.ok()?;
        loop {
            for answer in next(&mut self.stream).await? {
                match answer.body {
                    Some(server_frame::Body::Stored(stored)) if stored.client_message_id == id => {
                        return Some(stored.sequence);
                    }
                    Some(server_frame::Body::Error(problem)) if problem.retryable => {
                        self.sink.send(encoded([&frame])).await.ok()?;
                    }
                    Some(server_frame::Body::Error(problem)) => panic!("refused: {problem:?}"),
                    _ => {}
                }
            }
        }
    }

    /// The text of the next message.
    pub(crate) async fn receives(&mut self) -> String {
        loop {
            for frame in next(&mut self.stream).await.expect("the connection stays") {
                if let Some(server_frame::Body::Message(message)) = frame.body {
                    match message.content.and_then(|content| content.kind) {
                        Some(content::Kind::Text(text)) => return text.body,
                        other => panic!("{other:?}"),
                    }
                }
            }
        }
    }
}

impl Tally {
    fn take(&mut self, frame: v1::ServerFrame) {
        let problem = match frame.body {
            Some(server_frame::Body::Accepted(_)) => {
                self.accepted += 1;
                return;
            }
            Some(server_frame::Body::Error(problem)) => problem,
            Some(server_frame::Body::Rejected(rejected)) => rejected.problem.unwrap_or_default(),
            _ => return,
        };
        if problem.retryable {
            self.told_to_come_again += 1;
        } else {
            self.refused_for_good += 1;
        }
    }
}

/// The frames of the next message; `None` when the connection is over.
async fn next(stream: &mut SplitStream<Socket>) -> Option<Vec<v1::ServerFrame>> {
    loop {
        match stream.next().await? {
            Ok(Message::Binary(bytes)) => {
                return Some(
                    frame::decode_binary(&bytes)
                        .map(|frame| frame.expect("a frame"))
                        .collect(),
                );
            }
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

fn burst(conversation: u64, text: &str) -> Message {
    let frames: Vec<_> = (0..BURST).map(|_| said(conversation, text)).collect();
    encoded(&frames)
}

fn said(conversation_id: u64, text: &str) -> v1::ClientFrame {
    v1::ClientFrame::from(v1::SendMessageRequest {
        conversation_id,
        client_message_id: Uuid::now_v7().to_string(),
        content: Some(v1::Content {
            kind: Some(content::Kind::Text(v1::Text {
                body: text.to_owned(),
                ..Default::default()
            })),
            ..Default::default()
        }),
        ..Default::default()
    })
}

fn encoded<'a>(frames: impl IntoIterator<Item = &'a v1::ClientFrame>) -> Message {
    let mut bytes = BytesMut::new();
    for frame in frames {
        frame::encode_binary(frame, &mut bytes);
    }
    Message::Binary(bytes.freeze())
}
