//! A registered user with one device online.

use crate::{Device, Protocol};
use im_schema::{
    ids::{ConversationId, UserId},
    json, v1,
};
use serde::{Serialize, de::DeserializeOwned};
use std::ops::{Deref, DerefMut};
use uuid::Uuid;
use v1::{client_frame, content, server_frame};

/// A user. Verbs of [`Device`] are those of the user's first device.
pub struct User {
    /// The name.
    pub name: String,
    /// The id.
    pub id: UserId,
    /// Of the first device.
    pub tokens: v1::Tokens,
    url: String,
    device: Device,
}

/// Every user's password.
pub const PASSWORD: &str = "correct horse";

impl Deref for User {
    type Target = Device;

    fn deref(&self) -> &Device {
        &self.device
    }
}

impl DerefMut for User {
    fn deref_mut(&mut self) -> &mut Device {
        &mut self.device
    }
}

impl User {
    /// Registers over REST and connects the device `first`.
    ///
    /// # Panics
    /// If the name is taken.
    pub async fn register(url: &str, name: &str) -> Self {
        let request = v1::RegisterRequest {
            name: name.into(),
            password: PASSWORD.into(),
            device_id: "first".into(),
            ..Default::default()
        };
        let answer: v1::RegisterResponse = call(url, None, "POST", "/v1/users", &request)
            .await
            .expect("the user is registered");
        let (user, tokens) = (answer.user.expect("a user"), answer.tokens.expect("tokens"));
        let device = Device::connect(url, &tokens.access_token, Protocol::Binary).await;
        Self {
            name: user.name.clone(),
            id: user.user(),
            tokens,
            url: url.to_owned(),
            device,
        }
    }

    /// Logs another device in and connects it.
    ///
    /// # Panics
    /// If that is refused.
    pub async fn device(&self, device_id: &str, protocol: Protocol) -> Device {
        let tokens = self.log_in(device_id).await;
        Device::connect(&self.url, &tokens.access_token, protocol).await
    }

    /// Logs a device in.
    ///
    /// # Panics
    /// If that is refused.
    pub async fn log_in(&self, device_id: &str) -> v1::Tokens {
        let request = v1::LogInRequest {
            name: self.name.clone(),
            password: PASSWORD.into(),
            device_id: device_id.into(),
            ..Default::default()
        };
        let answer: v1::LogInResponse = call(&self.url, None, "POST", "/v1/sessions", &request)
            .await
            .expect("the user is logged in");
        answer.tokens.expect("tokens")
    }

    /// Where the platform is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// New tokens for those of the first device, which are used up by it.
    ///
    /// # Errors
    /// The problem that the server answers, with the HTTP status.
    pub async fn refreshes(&mut self) -> Result<(), (u16, v1::Problem)> {
        self.tokens = refresh(&self.url, &self.tokens.refresh_token).await?;
        Ok(())
    }

    /// Connects the first device again, e.g. after the platform was started anew at `url`.
    pub async fn reconnect(&mut self, url: &str) {
        url.clone_into(&mut self.url);
        self.device = Device::connect(url, &self.tokens.access_token, Protocol::Binary).await;
    }

    /// Calls REST as this user.
    ///
    /// # Errors
    /// The problem that the server answers, with the HTTP status.
    pub async fn rest<A: DeserializeOwned>(
        &self,
        verb: &str,
        path: &str,
        body: &impl Serialize,
    ) -> Result<A, (u16, v1::Problem)> {
        call(&self.url, Some(&self.tokens.access_token), verb, path, body).await
    }

    /// The direct conversation with another user.
    ///
    /// # Panics
    /// If that is refused.
    pub async fn with(&mut self, other: &Self) -> ConversationId {
        let request = v1::OpenDirectRequest {
            user_id: other.id.0,
            ..Default::default()
        };
        match self.ask(client_frame::Body::OpenDirect(request)).await {
            server_frame::Body::OpenDirect(v1::OpenDirectResponse {
                conversation: Some(conversation),
                ..
            }) => conversation.conversation(),
            other => panic!("not opened: {other:?}"),
        }
    }

    /// Creates a group with other users.
    ///
    /// # Panics
    /// If that is refused.
    pub async fn creates_group(&mut self, title: &str, members: &[UserId]) -> ConversationId {
        let request = v1::CreateGroupRequest {
            title: title.to_owned(),
            user_ids: members.iter().map(|id| id.0).collect(),
            ..Default::default()
        };
        match self.ask(client_frame::Body::CreateGroup(request)).await {
            server_frame::Body::CreateGroup(v1::CreateGroupResponse {
                conversation: Some(conversation),
                ..
            }) => conversation.conversation(),
            other => panic!("not created: {other:?}"),
        }
    }

    /// A conversation as this user sees it.
    ///
    /// # Errors
    /// The problem that the server answers, with the HTTP status.
    ///
    /// # Panics
    /// If the answer has none.
    pub async fn sees(&self, conversation: ConversationId) -> Result<v1::Conversation, (u16, v1::Problem)> {
        let answer: v1::GetConversationResponse = self
            .rest("GET", &format!("/v1/conversations/{conversation}"), &())
            .await?;
        Ok(answer.conversation.expect("a conversation"))
    }

    /// A part of a conversation's history; `query` as in the API description, without the question mark.
    ///
    /// # Errors
    /// The problem that the server answers, with the HTTP status.
    pub async fn history(
        &self,
        conversation: ConversationId,
        query: &str,
    ) -> Result<v1::ListMessagesResponse, (u16, v1::Problem)> {
        self.rest(
            "GET",
            &format!("/v1/conversations/{conversation}/messages?{query}"),
            &(),
        )
        .await
    }

    /// Begins a sentence: `alice.sends("hi").to(&bob)`.
    pub fn sends(&mut self, text: &str) -> Sending<'_> {
        Sending {
            request: message(ConversationId(0), text),
            user: self,
        }
    }
}

/// A sentence that lacks its addressee.
pub struct Sending<'a> {
    user: &'a mut User,
    request: v1::SendMessageRequest,
}

impl Sending<'_> {
    /// Sends to another user and waits until the message is accepted and stored.
    pub async fn to(self, other: &User) -> v1::Stored {
        let conversation = self.user.with(other).await;
        self.into(conversation).await
    }

    /// Sends to a conversation and waits until the message is accepted and stored.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn into(mut self, conversation: ConversationId) -> v1::Stored {
        self.request.conversation_id = conversation.0;
        let id = self.request.client_message_id.clone();
        self.user.send(client_frame::Body::Send(self.request)).await;
        let mut accepted = false;
        let pick = |frame: &v1::ServerFrame| match &frame.body {
            Some(server_frame::Body::Accepted(receipt)) => {
                accepted |= receipt.client_message_id == id;
                None
            }
            Some(server_frame::Body::Stored(stored)) if stored.client_message_id == id => Some(stored.clone()),
            Some(server_frame::Body::Rejected(_) | server_frame::Body::Error(_)) => panic!("refused: {frame:?}"),
            _ => None,
        };
        let stored = self.user.device.find("stored", pick).await;
        assert!(accepted, "stored came without accepted before it");
        stored
    }
}

/// A text message with a new client id.
#[must_use]
pub fn message(conversation: ConversationId, text: &str) -> v1::SendMessageRequest {
    v1::SendMessageRequest {
        conversation_id: conversation.0,
        client_message_id: Uuid::now_v7().to_string(),
        content: Some(v1::Content {
            kind: Some(content::Kind::Text(v1::Text {
                body: text.to_owned(),
                ..Default::default()
            })),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Uses a refresh token.
///
/// # Errors
/// The problem that the server answers, with the HTTP status.
///
/// # Panics
/// If the answer has no tokens.
pub async fn refresh(url: &str, refresh_token: &str) -> Result<v1::Tokens, (u16, v1::Problem)> {
    let request = v1::RefreshRequest {
        refresh_token: refresh_token.to_owned(),
        ..Default::default()
    };
    let answer: v1::RefreshResponse = call(url, None, "POST", "/v1/sessions/refresh", &request).await?;
    Ok(answer.tokens.expect("tokens"))
}

/// Calls REST; with `&()` for a body there is none.
///
/// # Errors
/// The problem that the server answers, with the HTTP status.
///
/// # Panics
/// If the server does not answer, or not with JSON of the schema.
pub async fn call<A: DeserializeOwned>(
    url: &str,
    token: Option<&str>,
    verb: &str,
    path: &str,
    body: &impl Serialize,
) -> Result<A, (u16, v1::Problem)> {
    let verb: reqwest::Method = verb.parse().expect("a verb");
    let mut request = reqwest::Client::new().request(verb, format!("{url}{path}"));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let body = json::to_vec(body);
    if body != b"null" {
        request = request.header("content-type", "application/json").body(body);
    }
    let response = request.send().await.expect("the server answers");
    let status = response.status();
    let bytes = response.bytes().await.expect("the answer has a body");
    if status.is_success() {
        Ok(json::from_slice_lenient(&bytes).expect("the answer is of the schema"))
    } else {
        Err((
            status.as_u16(),
            json::from_slice_lenient(&bytes).expect("an error is a Problem"),
        ))
    }
}
