//! What a client remembers, whatever becomes of its connections.

use super::ledger::{Found, Id, Ledger, Said, View};
use im_schema::v1::{self, client_frame, content, server_frame};
use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};
use tokio::time::Instant;

/// Before what was refused for now is asked again, if the server does not ask for more.
const PAUSE: Duration = Duration::from_millis(200);

/// What a client remembers, shared with whoever looks whether it is through.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) ledger: Ledger,
    pub(super) view: View,
    /// Sent, and nothing final heard of them; in the order of sending.
    pub(super) open: VecDeque<Id>,
    /// Times without service, each beyond the pause that the server asked for.
    pub(super) outages: Vec<Duration>,
}

/// What one connection is about.
pub(super) struct Session {
    next_request: u64,
    /// Messages by the request that they were sent with.
    requests: HashMap<u64, Id>,
    resume: Resume,
    /// Messages to send again, and when.
    again: Vec<(Instant, Id)>,
    /// The pause that the server asks for before the next connection.
    pub(super) asked: Duration,
}

/// Asking for what was missed, one request at a time.
enum Resume {
    Due(Instant),
    UnderWay(u64),
    Done,
}

impl Session {
    pub(super) fn new() -> Self {
        Self {
            next_request: 1,
            requests: HashMap::new(),
            resume: Resume::Due(Instant::now()),
            again: Vec::new(),
            asked: Duration::ZERO,
        }
    }

    pub(super) fn frame(&mut self, body: client_frame::Body) -> v1::ClientFrame {
        let request_id = self.next_request;
        self.next_request += 1;
        v1::ClientFrame {
            request_id,
            body: Some(body),
            ..Default::default()
        }
    }

    /// The frame that sends a message, for the first time or again.
    pub(super) fn send(&mut self, id: &Id, said: &Said) -> v1::ClientFrame {
        let text = content::Kind::Text(v1::Text {
            body: said.text.clone(),
            ..Default::default()
        });
        let request = v1::SendMessageRequest {
            conversation_id: said.conversation,
            client_message_id: id.clone(),
            content: Some(v1::Content {
                kind: Some(text),
                ..Default::default()
            }),
            ..Default::default()
        };
        let frame = self.frame(client_frame::Body::Send(request));
        self.requests.insert(frame.request_id, id.clone());
        frame
    }

    /// What has to be asked now: messages again, and for what was missed.
    pub(super) fn due(&mut self, notes: &Notes) -> Vec<v1::ClientFrame> {
        let now = Instant::now();
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.again)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.again = later;
        let mut frames = Vec::new();
        for (_, id) in due {
            if let Some((said, _)) = notes.ledger.sent.get(&id) {
                frames.push(self.send(&id, said));
            }
        }
        if matches!(self.resume, Resume::Due(at) if at <= now) {
            let position = |conversation_id: &u64| v1::Position {
                conversation_id: *conversation_id,
                sequence: notes.view.position(*conversation_id),
                ..Default::default()
            };
            let positions = notes.view.received.keys().map(position).collect();
            let resume = v1::Resume {
                positions,
                ..Default::default()
            };
            let frame = self.frame(client_frame::Body::Resume(resume));
            self.resume = Resume::UnderWay(frame.request_id);
            frames.push(frame);
        }
        frames
    }

    /// Takes in what the server says; whether it was that a message is accepted.
    pub(super) fn hear(&mut self, frame: v1::ServerFrame, notes: &mut Notes, now: Duration) -> bool {
        let request_id = frame.request_id;
        match frame.body {
            Some(server_frame::Body::Accepted(accepted)) => {
                notes.ledger.accepted.entry(accepted.client_message_id).or_insert(now);
                return true;
            }
            Some(server_frame::Body::Stored(stored)) => self.stored(stored, notes),
            Some(server_frame::Body::Rejected(rejected)) => {
                let problem = rejected.problem.unwrap_or_default();
                self.refused(rejected.client_message_id, &problem, notes);
            }
            Some(server_frame::Body::Message(message)) => {
                let (conversation, sequence) = (message.conversation_id, message.sequence);
                self.receive(conversation, sequence, message.client_message_id, notes);
            }
            Some(server_frame::Body::Resumed(resumed)) => {
                let gaps = notes.view.received.keys().any(|id| notes.view.has_gap(*id));
                self.resume = if resumed.incomplete.is_empty() && !gaps {
                    Resume::Done
                } else {
                    // what is not there yet will be in a moment
                    Resume::Due(Instant::now() + PAUSE)
                };
            }
            Some(server_frame::Body::Error(problem)) => self.error(request_id, &problem, notes),
            Some(server_frame::Body::GoAway(away)) => {
                self.asked = Duration::from_millis(away.reconnect_after_ms.into());
            }
            _ => {}
        }
        false
    }

    /// What stands for the message on the connection that it was sent by.
    fn stored(&mut self, stored: v1::Stored, notes: &mut Notes) {
        let (id, sequence) = (stored.client_message_id, stored.sequence);
        notes.open.retain(|open| *open != id);
        let before = notes.ledger.stored.insert(id.clone(), sequence);
        if before.is_some_and(|before| before != sequence) {
            notes.ledger.contradictions.push(id.clone());
        }
        self.receive(stored.conversation_id, sequence, id, notes);
    }

    fn receive(&mut self, conversation: u64, sequence: u64, id: Id, notes: &mut Notes) {
        notes.view.receive(conversation, sequence, id);
        if notes.view.has_gap(conversation) && matches!(self.resume, Resume::Done) {
            self.resume = Resume::Due(Instant::now());
        }
    }

    fn error(&mut self, request_id: u64, problem: &v1::Problem, notes: &mut Notes) {
        if matches!(self.resume, Resume::UnderWay(under_way) if under_way == request_id) {
            self.resume = Resume::Due(Instant::now() + pause(problem));
        } else if let Some(id) = self.requests.remove(&request_id) {
            self.refused(id, problem, notes);
        }
    }

    /// Refused for now: again after a pause. For good: that is what became of it.
    fn refused(&mut self, id: Id, problem: &v1::Problem, notes: &mut Notes) {
        if !notes.open.contains(&id) {
            return;
        }
        if problem.retryable {
            self.again.push((Instant::now() + pause(problem), id));
        } else {
            notes.open.retain(|open| *open != id);
            notes
                .ledger
                .rejected
                .insert(id, format!("{}: {}", problem.reason, problem.message));
        }
    }
}

/// A message of the history.
pub(super) fn found(message: v1::Message) -> Found {
    let text = match message.content.and_then(|content| content.kind) {
        Some(content::Kind::Text(text)) => text.body,
        other => format!("{other:?}"),
    };
    Found {
        id: message.client_message_id,
        sequence: message.sequence,
        said: Said {
            conversation: message.conversation_id,
            sender: message.sender_id,
            text,
        },
    }
}

fn pause(problem: &v1::Problem) -> Duration {
    Duration::from_millis(problem.retry_after_ms).max(PAUSE)
}
