//! Users and conversations of one run, made and read over REST. Everything is asked again until it is answered: the platform may just be getting up.

use super::{ledger::Found, notes::found};
use im_schema::{json, v1};
use serde::{Serialize, de::DeserializeOwned};
use std::{io, time::Duration};
use tokio::time::{Instant, sleep};

/// For so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A user.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) id: u64,
    name: String,
    pub(super) token: String,
}

/// A conversation and the places of its members in the cast.
#[derive(Debug, Clone)]
pub(super) struct Conversation {
    pub(super) id: u64,
    pub(super) members: Vec<usize>,
}

/// REST at any gateway.
pub(super) struct Api<'a> {
    client: reqwest::Client,
    gateways: &'a [String],
}

impl<'a> Api<'a> {
    pub(super) fn new(gateways: &'a [String]) -> Self {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build();
        Self {
            client: client.expect("a client can be made"),
            gateways,
        }
    }

    /// # Errors
    /// Nobody registers the user in a minute.
    pub(super) async fn register(&self) -> io::Result<Person> {
        // an answer may be lost: whoever asks again needs another name
        let request = || v1::RegisterRequest {
            name: format!("u{:016x}", rand::random::<u64>()),
            password: "correct horse".into(),
            device_id: "phone".into(),
            ..Default::default()
        };
        let answer: v1::RegisterResponse = self.ask("POST", "/v1/users", None, request).await?;
        let (user, tokens) = (answer.user.unwrap_or_default(), answer.tokens.unwrap_or_default());
        Ok(Person {
            id: user.user_id,
            name: user.name,
            token: tokens.access_token,
        })
    }

    /// A token of another device.
    ///
    /// # Errors
    /// Nobody logs it in in a minute.
    pub(super) async fn log_in(&self, person: &Person, device_id: &str) -> io::Result<String> {
        let request = || v1::LogInRequest {
            name: person.name.clone(),
            password: "correct horse".into(),
            device_id: device_id.into(),
            ..Default::default()
        };
        let answer: v1::LogInResponse = self.ask("POST", "/v1/sessions", None, request).await?;
        Ok(answer.tokens.unwrap_or_default().access_token)
    }

    /// One of everybody, one of the first three, and one of each neighbouring pair.
    ///
    /// # Errors
    /// Nobody makes them in a minute.
    pub(super) async fn conversations(&self, cast: &[Person]) -> io::Result<Vec<Conversation>> {
        let mut conversations = Vec::new();
        for size in [cast.len(), 3] {
            let request = || v1::CreateGroupRequest {
                title: "everybody".into(),
                user_ids: cast[1..size].iter().map(|person| person.id).collect(),
                ..Default::default()
            };
            let made: v1::CreateGroupResponse = self.ask("POST", "/v1/groups", Some(&cast[0].token), request).await?;
            conversations.push(Conversation {
                id: made.conversation.unwrap_or_default().conversation_id,
                members: (0..size).collect(),
            });
        }
        for first in 0..cast.len() - 1 {
            let request = || v1::OpenDirectRequest {
                user_id: cast[first + 1].id,
                ..Default::default()
            };
            let opened: v1::OpenDirectResponse = self
                .ask("POST", "/v1/direct-conversations", Some(&cast[first].token), request)
                .await?;
            conversations.push(Conversation {
                id: opened.conversation.unwrap_or_default().conversation_id,
                members: vec![first, first + 1],
            });
        }
        Ok(conversations)
    }

    /// All of a conversation, from the oldest message on.
    ///
    /// # Errors
    /// Nobody answers in a minute.
    pub(super) async fn history(&self, conversation: &Conversation, cast: &[Person]) -> io::Result<Vec<Found>> {
        let reader = &cast[conversation.members[0]];
        let mut history = Vec::new();
        let mut from = 0;
        loop {
            let path = format!(
                "/v1/conversations/{}/messages?fromSequence={from}&direction=LIST_DIRECTION_FORWARD&limit=200",
                conversation.id
            );
            let page: v1::ListMessagesResponse = self.ask("GET", &path, Some(&reader.token), || ()).await?;
            history.extend(page.messages.into_iter().map(found));
            match page.next_sequence {
                0 => return Ok(history),
                next => from = next,
            }
        }
    }

    async fn ask<Q: Serialize, A: DeserializeOwned>(
        &self,
        verb: &str,
        path: &str,
        token: Option<&str>,
        request: impl Fn() -> Q,
    ) -> io::Result<A> {
        let deadline = Instant::now() + PATIENCE;
        let mut gateways = self.gateways.iter().cycle();
        loop {
            let gateway = gateways.next().expect("there are gateways");
            match self.try_ask(verb, &format!("{gateway}{path}"), token, &request()).await {
                Ok(answer) => return Ok(answer),
                Err(error) if Instant::now() > deadline => {
                    return Err(io::Error::other(format!("{verb} {path}: {error}")));
                }
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        }
    }

    async fn try_ask<A: DeserializeOwned>(
        &self,
        verb: &str,
        url: &str,
        token: Option<&str>,
        body: &impl Serialize,
    ) -> Result<A, String> {
        let verb: reqwest::Method = verb.parse().expect("a verb");
        let mut request = self.client.request(verb, url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let body = json::to_vec(body);
        if body != b"null" {
            request = request.header("content-type", "application/json").body(body);
        }
        let response = request.send().await.map_err(|error| error.to_string())?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|error| error.to_string())?;
        if !status.is_success() {
            return Err(format!("{status} {}", String::from_utf8_lossy(&bytes)));
        }
        json::from_slice_lenient(&bytes).map_err(|error| error.to_string())
    }
}
