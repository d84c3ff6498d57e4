//! A WebSocket connection that remembers what it received.

use crate::PATIENCE;
use bytes::BytesMut;
use futures::{SinkExt as _, StreamExt as _};
use im_schema::{frame, ids::ConversationId, json, v1};
use std::collections::VecDeque;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest as _},
};
use v1::{client_frame, content, server_frame};

/// How frames are written on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// ProtoJSON, one frame a line.
    Text,
    /// Protobuf, each frame behind its length.
    Binary,
}

impl Protocol {
    /// Name of the subprotocol.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "parlance.v1.json",
            Self::Binary => "parlance.v1.binary",
        }
    }
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The close code; 0 if the connection broke without one.
    pub code: u16,
    /// The reason beside it.
    pub reason: String,
}

/// A connection of a user's device.
pub struct Device {
    socket: WebSocketStream<TcpStream>,
    protocol: Protocol,
    inbox: VecDeque<v1::ServerFrame>,
    next_request: u64,
    /// The frame that the connection began with.
    pub ready: v1::Ready,
}

impl Device {
    /// Connects with a token and waits for `ready`.
    ///
    /// # Panics
    /// If the connection is refused.
    pub async fn connect(url: &str, token: &str, protocol: Protocol) -> Self {
        Self::try_connect(url, token, protocol)
            .await
            .expect("the connection is accepted")
    }

    /// Connects with a token and waits for `ready`.
    ///
    /// # Errors
    /// What the server answers in place of an upgrade.
    ///
    /// # Panics
    /// If the first frame is not `ready`.
    pub async fn try_connect(url: &str, token: &str, protocol: Protocol) -> Result<Self, Box<tungstenite::Error>> {
        let authority = url.trim_start_matches("http://");
        let stream = TcpStream::connect(authority).await.map_err(tungstenite::Error::Io)?;
        stream.set_nodelay(true).map_err(tungstenite::Error::Io)?;
        Self::over(stream, url, token, protocol).await
    }

    /// Connects over a stream that takes few bytes before somebody reads. Not as few as can be: once a window below one segment has closed, it
    /// opens only when the sender asks, which it does ever more seldom.
    ///
    /// # Panics
    /// If the connection is refused.
    pub async fn narrow(url: &str, token: &str, protocol: Protocol) -> Self {
        let address = url
            .trim_start_matches("http://")
            .parse()
            .expect("the address has a number and a port");
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(64 << 10).expect("a small buffer");
        let stream = socket.connect(address).await.expect("the server listens");
        Self::over(stream, url, token, protocol)
            .await
            .expect("the connection is accepted")
    }

    async fn over(
        stream: TcpStream,
        url: &str,
        token: &str,
        protocol: Protocol,
    ) -> Result<Self, Box<tungstenite::Error>> {
        let mut request = format!("{}/v1/ws", url.replacen("http", "ws", 1)).into_client_request()?;
        let headers = request.headers_mut();
        headers.insert(
            "authorization",
            format!("Bearer {token}").parse().expect("a token is a header's value"),
        );
        headers.insert(
            "sec-websocket-protocol",
            http::HeaderValue::from_static(protocol.name()),
        );
        let (socket, _) = client_async(request, stream).await?;
        let ready = v1::Ready::default();
        let mut device = Self {
            socket,
            protocol,
            inbox: VecDeque::new(),
            next_request: 1,
            ready,
        };
        let first = device.next().await.expect("a connection begins with a frame");
        match first.body {
            Some(server_frame::Body::Ready(ready)) => device.ready = ready,
            other => panic!("a connection began with {other:?}"),
        }
        Ok(device)
    }

    /// Sends a frame; its request id.
    ///
    /// # Panics
    /// If the connection is over.
    pub async fn send(&mut self, body: client_frame::Body) -> u64 {
        let request_id = self.next_request;
        self.next_request += 1;
        self.send_frames(&[v1::ClientFrame {
            request_id,
            body: Some(body),
            ..Default::default()
        }])
        .await;
        request_id
    }

    /// Sends frames as one WebSocket message.
    ///
    /// # Panics
    /// If the connection is over.
    pub async fn send_frames(&mut self, frames: &[v1::ClientFrame]) {
        let message = match self.protocol {
            Protocol::Binary => {
                let mut bytes = BytesMut::new();
                frames
                    .iter()
                    .for_each(|client_frame| frame::encode_binary(client_frame, &mut bytes));
                Message::Binary(bytes.freeze())
            }
            Protocol::Text => Message::text(frames.iter().map(json::to_string).collect::<Vec<_>>().join("\n")),
        };
        self.send_raw(message).await;
    }

    /// Sends a WebSocket message as it is.
    ///
    /// # Panics
    /// If the connection is over.
    pub async fn send_raw(&mut self, message: Message) {
        self.socket.send(message).await.expect("the connection takes a message");
    }

    /// The next frame, or how the connection ended.
    ///
    /// # Errors
    /// The connection is over.
    ///
    /// # Panics
    /// If nothing comes in time, or what comes is no frame.
    pub async fn next(&mut self) -> Result<v1::ServerFrame, Closed> {
        loop {
            if let Some(server_frame) = self.inbox.pop_front() {
                return Ok(server_frame);
            }
            let message = tokio::time::timeout(PATIENCE, self.socket.next())
                .await
                .expect("a frame comes in time");
            match message {
                Some(Ok(Message::Binary(bytes))) => {
                    let frames: Result<Vec<_>, _> = frame::decode_binary(&bytes).collect();
                    self.inbox.extend(frames.expect("the server sends valid protobuf"));
                }
                Some(Ok(Message::Text(text))) => {
                    let read = |line: &str| {
                        json::from_slice_lenient::<v1::ServerFrame>(line.as_bytes())
                            .expect("the server sends valid JSON")
                    };
                    self.inbox.extend(text.lines().map(read));
                }
                Some(Ok(Message::Close(close))) => {
                    let (code, reason) = close.map_or((1005, String::new()), |close| {
                        (close.code.into(), close.reason.to_string())
                    });
                    return Err(Closed { code, reason });
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => {
                    return Err(Closed {
                        code: 0,
                        reason: String::new(),
                    });
                }
            }
        }
    }

    /// The first frame for which `pick` has an answer; those before it are skipped.
    ///
    /// # Panics
    /// If the connection ends or nothing fitting comes in time.
    pub async fn find<T>(&mut self, what: &str, mut pick: impl FnMut(&v1::ServerFrame) -> Option<T>) -> T {
        let mut skipped = Vec::new();
        let search = async {
            loop {
                match self.next().await {
                    Ok(server_frame) => match pick(&server_frame) {
                        Some(found) => return Ok(found),
                        None => skipped.push(server_frame),
                    },
                    Err(closed) => return Err(closed),
                }
            }
        };
        match tokio::time::timeout(PATIENCE, search).await {
            Ok(Ok(found)) => found,
            Ok(Err(closed)) => {
                panic!("waiting for {what}: the connection ended with {closed:?}; before came {skipped:?}")
            }
            Err(_) => panic!("{what} does not come; in its place came {skipped:?}"),
        }
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Panics
    /// If no answer comes.
    pub async fn ask(&mut self, body: client_frame::Body) -> server_frame::Body {
        let request_id = self.send(body).await;
        self.find("an answer", |frame| {
            (frame.request_id == request_id).then(|| frame.body.clone()).flatten()
        })
        .await
    }

    /// The next `message` frame, whatever else comes before.
    ///
    /// # Panics
    /// If none comes.
    pub async fn message(&mut self) -> v1::Message {
        let pick = |frame: &v1::ServerFrame| match &frame.body {
            Some(server_frame::Body::Message(message)) => Some(message.clone()),
            _ => None,
        };
        self.find("a message", pick).await
    }

    /// Waits for the next message and checks its text.
    ///
    /// # Panics
    /// If none comes or it says something else.
    pub async fn receives(&mut self, text: &str) -> v1::Message {
        let message = self.message().await;
        assert_eq!(text_of(&message), text);
        message
    }

    /// The next `count` messages, in the order in which they come.
    ///
    /// # Panics
    /// If fewer come.
    pub async fn messages(&mut self, count: usize) -> Vec<v1::Message> {
        let mut messages = Vec::with_capacity(count);
        while messages.len() < count {
            messages.push(self.message().await);
        }
        messages
    }

    /// What became of the next message that this connection sent: `stored`, or the problem of `rejected` or `error`.
    ///
    /// # Panics
    /// If nothing is heard of it.
    pub async fn fate(&mut self) -> Result<v1::Stored, v1::Problem> {
        let pick = |frame: &v1::ServerFrame| match &frame.body {
            Some(server_frame::Body::Stored(stored)) => Some(Ok(stored.clone())),
            Some(server_frame::Body::Rejected(rejected)) => Some(Err(rejected.problem.clone().unwrap_or_default())),
            Some(server_frame::Body::Error(problem)) => Some(Err(problem.clone())),
            _ => None,
        };
        self.find("a message's fate", pick).await
    }

    /// Sends a request that has to be refused, at once or after it was accepted.
    ///
    /// # Panics
    /// If it is not.
    pub async fn refused(&mut self, body: client_frame::Body) -> v1::Problem {
        let request_id = self.send(body).await;
        let pick = |frame: &v1::ServerFrame| match &frame.body {
            _ if frame.request_id != request_id => None,
            Some(server_frame::Body::Error(problem)) => Some(problem.clone()),
            Some(server_frame::Body::Rejected(rejected)) => Some(rejected.problem.clone().unwrap_or_default()),
            Some(server_frame::Body::Accepted(_)) => None,
            other => panic!("not refused: {other:?}"),
        };
        self.find("a refusal", pick).await
    }

    /// All frames that the server had for this connection when it read this call: those before the answer to a ping.
    ///
    /// # Panics
    /// If the connection ends.
    pub async fn so_far(&mut self) -> Vec<v1::ServerFrame> {
        let request_id = self.send(client_frame::Body::Ping(v1::Ping::default())).await;
        let mut frames = Vec::new();
        loop {
            match self.next().await {
                Ok(frame) if frame.request_id == request_id => return frames,
                Ok(frame) => frames.push(frame),
                Err(closed) => panic!("the connection ended with {closed:?} after {frames:?}"),
            }
        }
    }

    /// Asks for what was missed: the messages, and the answer that follows them.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn resumes(&mut self, positions: &[(ConversationId, u64)]) -> (Vec<v1::Message>, v1::Resumed) {
        let position = |(conversation, sequence): &(ConversationId, u64)| v1::Position {
            conversation_id: conversation.0,
            sequence: *sequence,
            ..Default::default()
        };
        let request_id = self
            .send(client_frame::Body::Resume(v1::Resume {
                positions: positions.iter().map(position).collect(),
                ..Default::default()
            }))
            .await;
        let mut missed = Vec::new();
        let pick = |frame: &v1::ServerFrame| match &frame.body {
            Some(server_frame::Body::Message(message)) => {
                missed.push(message.clone());
                None
            }
            Some(server_frame::Body::Resumed(resumed)) if frame.request_id == request_id => Some(resumed.clone()),
            Some(server_frame::Body::Error(problem)) => panic!("not resumed: {problem:?}"),
            _ => None,
        };
        let resumed = self.find("the end of what was missed", pick).await;
        (missed, resumed)
    }

    /// Waits until the server ends the connection.
    ///
    /// # Panics
    /// If it does not.
    pub async fn closed(&mut self) -> Closed {
        let end = async {
            loop {
                if let Err(closed) = self.next().await {
                    return closed;
                }
            }
        };
        tokio::time::timeout(PATIENCE, end)
            .await
            .expect("the server ends the connection")
    }

    /// Goes away without a word, as a device does whose network is gone.
    pub fn vanishes(self) {}
}

/// What a text message says; empty for other kinds.
#[must_use]
pub fn text_of(message: &v1::Message) -> &str {
    match message.content.as_ref().and_then(|content| content.kind.as_ref()) {
        Some(content::Kind::Text(text)) => &text.body,
        _ => "",
    }
}
