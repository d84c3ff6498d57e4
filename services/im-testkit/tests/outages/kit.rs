//! An engine that a test may end, and waiting for what it brings about.

use im_infra::engines::Own;
use im_schema::{
    ids::ConversationId,
    v1::{self, client_frame, server_frame},
};
use im_testkit::{Device, Ground, Town, User, message, text_of};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// Tests follow each other: each has a whole platform, and judges by what its engine does, not by what the machine can do at once.
pub(crate) static TURN: Mutex<()> = Mutex::const_new(());
/// What does not happen within this time does not happen, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);
/// How soon it is looked again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// An engine of one test.
pub(crate) struct Engine(Arc<Own>);

impl Engine {
    pub(crate) async fn up(name: &'static str) -> Self {
        let own = tokio::task::spawn_blocking(move || Own::up(&[name])).await;
        Self(Arc::new(own.expect("the engine starts")))
    }

    pub(crate) fn address(&self, server: &str) -> String {
        self.0.address(server).to_owned()
    }

    /// Ends a server as a crash would.
    pub(crate) async fn kill(&self, server: &'static str) {
        self.does(move |own| own.kill(server)).await;
    }

    /// Brings it back on its data.
    pub(crate) async fn start(&self, server: &'static str) {
        self.does(move |own| own.start(server)).await;
    }

    /// Ends all of it.
    pub(crate) async fn end(self) {
        let ended = tokio::task::spawn_blocking(move || drop(self.0)).await;
        ended.expect("the engine ends");
    }

    async fn does(&self, action: impl FnOnce(&Own) + Send + 'static) {
        let own = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || action(&own)).await;
        done.expect("the script works");
    }
}

/// One process of each role, with these settings.
pub(crate) async fn town(settings: &[(&str, &str)]) -> Town {
    let town = Town::start(Ground::Roles(env!("CARGO_BIN_EXE_parlance-node")), settings).await;
    for role in ["gateway", "logic", "repo", "task"] {
        every(&town, role, READY).await;
    }
    town
}

pub(crate) const READY: &str = r#"{"status":"ready","failing":[],"degraded":[]}"#;

/// Waits until it holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < PATIENCE, "{what}: not after {PATIENCE:?}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Waits until every process of a role says this of its readiness, in the right status.
pub(crate) async fn every(town: &Town, role: &str, verdict: &str) {
    let status = if verdict.contains(r#""status":"ready""#) {
        200
    } else {
        503
    };
    for url in town.urls(role) {
        let what = format!("{role} at {url} says {verdict}");
        until(&what, async || readiness(&url).await == (status, verdict.to_owned())).await;
    }
}

async fn readiness(url: &str) -> (u16, String) {
    let answer = reqwest::get(format!("{url}/health/ready"))
        .await
        .expect("the process answers");
    (answer.status().as_u16(), answer.text().await.expect("an answer"))
}

/// The texts of a conversation, in order.
pub(crate) async fn texts(user: &User, conversation: ConversationId) -> Vec<String> {
    let page = user
        .history(conversation, "direction=LIST_DIRECTION_FORWARD&limit=100")
        .await
        .expect("the history is there");
    page.messages
        .iter()
        .map(|message| text_of(message).to_owned())
        .collect()
}

/// Sends a message until it is accepted and stored, as a client does: again with the same id while it is told to.
pub(crate) async fn persists(device: &mut Device, message: &v1::SendMessageRequest) -> v1::Stored {
    let begun = Instant::now();
    loop {
        let request_id = device.send(client_frame::Body::Send(message.clone())).await;
        match fate(device, request_id, &message.client_message_id).await {
            Ok(stored) => return stored,
            Err(problem) => assert!(problem.retryable, "{problem:?}"),
        }
        assert!(begun.elapsed() < PATIENCE, "the message is not taken");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// What becomes of a message, however long that takes. Of another one it may be told again after an outage.
async fn fate(device: &mut Device, request_id: u64, id: &str) -> Result<v1::Stored, v1::Problem> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        for frame in device.so_far().await {
            match frame.body {
                Some(server_frame::Body::Stored(stored)) if stored.client_message_id == id => return Ok(stored),
                Some(server_frame::Body::Rejected(rejected)) if rejected.client_message_id == id => {
                    return Err(rejected.problem.unwrap_or_default());
                }
                Some(server_frame::Body::Error(problem)) if frame.request_id == request_id => return Err(problem),
                _ => {}
            }
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    panic!("nothing is heard of the message");
}

/// Messages go on: one that is sent is stored, and received.
pub(crate) async fn says(sender: &mut User, receiver: &mut User, conversation: ConversationId, text: &str) {
    persists(sender, &message(conversation, text)).await;
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let received = receiver.so_far().await;
        let says = |frame: &v1::ServerFrame| match &frame.body {
            Some(server_frame::Body::Message(message)) => text_of(message) == text,
            _ => false,
        };
        if received.iter().any(says) {
            return;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    panic!("{text} does not come");
}
