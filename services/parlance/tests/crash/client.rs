//! Senders who remember what they were told.

use crate::{
    checker::{Found, Id, Ledger, Sent},
    plan::SenderPlan,
};
use bytes::BytesMut;
use futures::{SinkExt as _, StreamExt as _};
use im_schema::{
    frame,
    rpc::Context,
    services::{
        AuthServiceClient, ConversationServiceClient, MessageServiceClient, auth_service, conversation_service,
        message_service,
    },
    v1::{self, client_frame, content, server_frame},
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::{collections::HashSet, time::Duration};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};
use tonic::transport::Endpoint;
use uuid::Uuid;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The services that need no connection.
pub(crate) struct Api {
    auth: AuthServiceClient,
    conversations: ConversationServiceClient,
    messages: MessageServiceClient,
}

impl Api {
    pub(crate) async fn connect(url: &str) -> Self {
        let endpoint = Endpoint::from_shared(url.to_owned()).expect("an address");
        let channel = endpoint.connect().await.expect("the server listens");
        Self {
            auth: AuthServiceClient::from_service(auth_service::remote(channel.clone())),
            conversations: ConversationServiceClient::from_service(conversation_service::remote(channel.clone())),
            messages: MessageServiceClient::from_service(message_service::remote(channel)),
        }
    }
}

/// A conversation, and who may read it.
pub(crate) struct Conversation {
    id: u64,
    members: Vec<usize>,
}

/// One of everybody, and one of each neighbouring pair.
pub(crate) async fn open_conversations(api: &Api, senders: &[Sender]) -> Vec<Conversation> {
    let user_ids = senders[1..].iter().map(|sender| sender.user).collect();
    let request = v1::CreateGroupRequest {
        title: "everybody".into(),
        user_ids,
        ..Default::default()
    };
    let group = api
        .conversations
        .create_group(senders[0].context(), request)
        .await
        .expect("the group is created");
    let id = group.conversation.expect("a conversation").conversation_id;
    let mut conversations = vec![Conversation {
        id,
        members: (0..senders.len()).collect(),
    }];
    for pair in senders.windows(2) {
        let request = v1::OpenDirectRequest {
            user_id: pair[1].user,
            ..Default::default()
        };
        let direct = api
            .conversations
            .open_direct(pair[0].context(), request)
            .await
            .expect("the conversation is opened");
        let id = direct.conversation.expect("a conversation").conversation_id;
        conversations.push(Conversation {
            id,
            members: vec![pair[0].plan.index, pair[1].plan.index],
        });
    }
    conversations
}

/// The whole history, from the oldest message on.
pub(crate) async fn read_all(api: &Api, senders: &[Sender], conversation: &Conversation) -> Vec<Found> {
    let reader = &senders[conversation.members[0]];
    let mut found = Vec::new();
    let mut request = v1::ListMessagesRequest {
        conversation_id: conversation.id,
        from_sequence: 0,
        direction: v1::ListDirection::Forward.into(),
        limit: 200,
        ..Default::default()
    };
    loop {
        let page = api
            .messages
            .list_messages(reader.context(), request.clone())
            .await
            .expect("a member may read");
        found.extend(page.messages.into_iter().map(|message| Found {
            sequence: message.sequence,
            message: Sent {
                conversation: message.conversation_id,
                sender: message.sender_id,
                text: text_of(message.content),
            },
            id: message.client_message_id,
        }));
        match page.next_sequence {
            0 => return found,
            next => request.from_sequence = next,
        }
    }
}

fn text_of(content: Option<v1::Content>) -> String {
    match content.and_then(|content| content.kind) {
        Some(content::Kind::Text(text)) => text.body,
        other => format!("{other:?}"),
    }
}

/// A user who sends.
pub(crate) struct Sender {
    plan: SenderPlan,
    random: StdRng,
    user: u64,
    token: String,
    conversations: Vec<u64>,
    /// In the order of sending.
    order: Vec<Id>,
    /// Those that are sent again if they were not accepted.
    insisted: HashSet<Id>,
    ledger: Ledger,
}

impl Sender {
    pub(crate) async fn register(api: &Api, plan: &SenderPlan) -> Self {
        let request = v1::RegisterRequest {
            name: format!("sender-{}", plan.index),
            password: "correct horse".into(),
            device_id: "one".into(),
            ..v1::RegisterRequest::default()
        };
        let answer = api
            .auth
            .register(Context::default(), request)
            .await
            .expect("the user is registered");
        Self {
            random: StdRng::seed_from_u64(plan.seed),
            plan: plan.clone(),
            user: answer.user.expect("a user").user_id,
            token: answer.tokens.expect("tokens").access_token,
            conversations: Vec::new(),
            order: Vec::new(),
            insisted: HashSet::new(),
            ledger: Ledger::default(),
        }
    }

    pub(crate) fn takes_part_in(&mut self, all: &[Conversation]) {
        let own = all
            .iter()
            .filter(|conversation| conversation.members.contains(&self.plan.index));
        self.conversations = own.map(|conversation| conversation.id).collect();
    }

    pub(crate) fn index(&self) -> usize {
        self.plan.index
    }

    pub(crate) fn ledger(&self) -> Ledger {
        self.ledger.clone()
    }

    fn context(&self) -> Context {
        Context {
            token: Some(self.token.as_str().into()),
            ..Context::default()
        }
    }

    /// Sends again what it insists on, then new messages, until the connection is gone.
    pub(crate) async fn send_until_the_end(&mut self, url: &str) {
        let Some(mut link) = Link::open(url, &self.token).await else {
            return;
        };
        let mut waiting = self.again();
        let mut unanswered = 0;
        loop {
            while unanswered < self.plan.window {
                let burst = self.random.random_range(1..=self.plan.burst);
                while waiting.len() < burst {
                    waiting.push(self.compose());
                }
                let burst: Vec<_> = waiting.drain(..burst).collect();
                unanswered += burst.len();
                if link.send(&self.frames(&burst)).await.is_none() {
                    return;
                }
            }
            match link.next().await {
                Some(frames) => {
                    unanswered -= frames
                        .into_iter()
                        .filter(|frame| self.note(frame))
                        .count()
                        .min(unanswered);
                }
                None => return,
            }
        }
    }

    /// Sends again what it insists on and a last message to each conversation, and waits until all of that is stored: then so is everything before.
    pub(crate) async fn settle(&mut self, url: &str) {
        let mut link = Link::open(url, &self.token).await.expect("the server listens");
        let mut waiting = self.again();
        for conversation in self.conversations.clone() {
            waiting.push(self.compose_for(conversation));
        }
        for few in waiting.chunks(50) {
            link.send(&self.frames(few)).await.expect("the connection is open");
        }
        let mut open: HashSet<Id> = waiting.into_iter().collect();
        while !open.is_empty() {
            for frame in link.next().await.expect("the connection stays open") {
                self.note(&frame);
            }
            open.retain(|id| !self.ledger.stored.contains_key(id));
        }
    }

    fn again(&self) -> Vec<Id> {
        let unheard = |id: &&Id| self.insisted.contains(*id) && !self.ledger.accepted.contains(*id);
        self.order.iter().filter(unheard).cloned().collect()
    }

    fn compose(&mut self) -> Id {
        let conversation = self.conversations[self.random.random_range(0..self.conversations.len())];
        self.compose_for(conversation)
    }

    fn compose_for(&mut self, conversation: u64) -> Id {
        let id = Uuid::now_v7().to_string();
        let length = if self.random.random_bool(0.05) {
            4_000
        } else {
            self.random.random_range(0..200)
        };
        let text = format!("{} {} {}", self.plan.index, self.order.len(), "x".repeat(length));
        self.ledger.sent.insert(
            id.clone(),
            Sent {
                conversation,
                sender: self.user,
                text,
            },
        );
        self.order.push(id.clone());
        if self.random.random_bool(0.5) {
            self.insisted.insert(id.clone());
        }
        id
    }

    fn frames(&self, ids: &[Id]) -> Vec<v1::ClientFrame> {
        let frame = |id: &Id| {
            let sent = &self.ledger.sent[id];
            let content = Some(v1::Content {
                kind: Some(content::Kind::Text(v1::Text {
                    body: sent.text.clone(),
                    ..Default::default()
                })),
                ..Default::default()
            });
            let request = v1::SendMessageRequest {
                conversation_id: sent.conversation,
                client_message_id: id.clone(),
                content,
                ..Default::default()
            };
            v1::ClientFrame {
                request_id: 1,
                body: Some(client_frame::Body::Send(request)),
                ..Default::default()
            }
        };
        ids.iter().map(frame).collect()
    }

    /// `true` if the frame answers a message at once.
    fn note(&mut self, frame: &v1::ServerFrame) -> bool {
        match &frame.body {
            Some(server_frame::Body::Accepted(accepted)) => {
                self.ledger.accepted.insert(accepted.client_message_id.clone());
                true
            }
            Some(server_frame::Body::Stored(stored)) => {
                let before = self
                    .ledger
                    .stored
                    .insert(stored.client_message_id.clone(), stored.sequence);
                self.ledger.broken_promises += usize::from(before.is_some_and(|before| before != stored.sequence));
                false
            }
            Some(server_frame::Body::Rejected(rejected)) => {
                eprintln!("rejected: {rejected:?}");
                self.ledger.broken_promises += 1;
                false
            }
            Some(server_frame::Body::Error(problem)) => {
                eprintln!("refused: {problem:?}");
                true
            }
            _ => false,
        }
    }
}

/// A connection that may break at any moment.
struct Link(WebSocketStream<TcpStream>);

impl Link {
    async fn open(url: &str, token: &str) -> Option<Self> {
        let authority = url.strip_prefix("http://").expect("an address");
        let mut request = format!("ws://{authority}/v1/ws")
            .into_client_request()
            .expect("a request");
        let headers = request.headers_mut();
        headers.insert(
            "authorization",
            format!("Bearer {token}").parse().expect("a token is a header's value"),
        );
        headers.insert(
            "sec-websocket-protocol",
            http::HeaderValue::from_static("parlance.v1.binary"),
        );
        let stream = TcpStream::connect(authority).await.ok()?;
        Some(Self(client_async(request, stream).await.ok()?.0))
    }

    async fn send(&mut self, frames: &[v1::ClientFrame]) -> Option<()> {
        let mut bytes = BytesMut::new();
        frames
            .iter()
            .for_each(|client_frame| frame::encode_binary(client_frame, &mut bytes));
        self.0.send(Message::Binary(bytes.freeze())).await.ok()
    }

    /// The frames of the next message; `None` once the connection is gone.
    async fn next(&mut self) -> Option<Vec<v1::ServerFrame>> {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next())
                .await
                .expect("a living server answers")?
            {
                Ok(Message::Binary(bytes)) => {
                    let frames: Result<Vec<_>, _> = frame::decode_binary(&bytes).collect();
                    return Some(frames.expect("the server sends valid protobuf"));
                }
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}
