//! What the user has said and what has no place in its conversation yet. Pure: whoever holds the connection does what this answers.

use im_schema::{
    ids::ConversationId,
    v1::{Problem, Rejected, SendMessageRequest},
};
use std::time::Duration;

/// Before what was refused for now is sent again, if the server does not ask for more.
const PAUSE: Duration = Duration::from_millis(200);

/// A message that has no place yet.
#[derive(Debug, Clone)]
pub(crate) struct Unsent {
    pub(crate) request: SendMessageRequest,
    pub(crate) accepted: bool,
    /// Why it was refused; then it is not tried again.
    pub(crate) refused: Option<String>,
    /// The request under which it is on its way; 0 before the first.
    request_id: u64,
}

/// A message to send again after a pause.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Again {
    pub(crate) request: SendMessageRequest,
    pub(crate) pause: Duration,
}

/// All of them, in the order in which they were said.
#[derive(Debug, Default)]
pub(crate) struct Outbox(Vec<Unsent>);

impl Outbox {
    /// The user says something.
    pub(crate) fn add(&mut self, request: SendMessageRequest) {
        self.0.push(Unsent {
            request,
            accepted: false,
            refused: None,
            request_id: 0,
        });
    }

    /// It is on its way under this request.
    pub(crate) fn sent(&mut self, client_message_id: &str, request_id: u64) {
        if let Some(unsent) = self.find(client_message_id) {
            unsent.request_id = request_id;
        }
    }

    /// The server has it durably.
    pub(crate) fn accepted(&mut self, client_message_id: &str) {
        if let Some(unsent) = self.find(client_message_id) {
            unsent.accepted = true;
        }
    }

    /// It has its place: here it is no longer.
    pub(crate) fn placed(&mut self, client_message_id: &str) -> Option<SendMessageRequest> {
        let place = self
            .0
            .iter()
            .position(|unsent| unsent.request.client_message_id == client_message_id)?;
        Some(self.0.remove(place).request)
    }

    /// The server has refused a request. `None` if none of these was sent with it; the inner `Option` is what to send again.
    pub(crate) fn failed(&mut self, request_id: u64, problem: &Problem) -> Option<Option<Again>> {
        let unsent = self
            .0
            .iter_mut()
            .find(|unsent| request_id != 0 && unsent.request_id == request_id)?;
        Some(unsent.fail(problem))
    }

    /// The server has rejected a message that it had accepted; what to send again.
    pub(crate) fn rejected(&mut self, rejected: &Rejected) -> Option<Again> {
        let unsent = self.find(&rejected.client_message_id)?;
        unsent.fail(&rejected.problem.clone().unwrap_or_default())
    }

    /// What has to be sent on a new connection.
    pub(crate) fn waiting(&self) -> Vec<SendMessageRequest> {
        let waiting = self.0.iter().filter(|unsent| unsent.refused.is_none());
        waiting.map(|unsent| unsent.request.clone()).collect()
    }

    /// Those of a conversation.
    pub(crate) fn of(&self, conversation: ConversationId) -> impl Iterator<Item = &Unsent> {
        self.0
            .iter()
            .filter(move |unsent| unsent.request.conversation_id == conversation.0)
    }

    fn find(&mut self, client_message_id: &str) -> Option<&mut Unsent> {
        self.0
            .iter_mut()
            .find(|unsent| unsent.request.client_message_id == client_message_id)
    }
}

impl Unsent {
    fn fail(&mut self, problem: &Problem) -> Option<Again> {
        self.request_id = 0;
        if problem.retryable {
            return Some(Again {
                request: self.request.clone(),
                pause: Duration::from_millis(problem.retry_after_ms).max(PAUSE),
            });
        }
        self.refused = Some(format!("{}: {}", problem.reason, problem.message));
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(ids: &[&str]) -> Outbox {
        let mut outbox = Outbox::default();
        for (id, request_id) in ids.iter().zip(1..) {
            outbox.add(SendMessageRequest {
                conversation_id: 7,
                client_message_id: (*id).to_owned(),
                ..Default::default()
            });
            outbox.sent(id, request_id);
        }
        outbox
    }

    fn problem(reason: &str, retryable: bool, retry_after_ms: u64) -> Problem {
        Problem {
            reason: reason.to_owned(),
            message: "no".to_owned(),
            retryable,
            retry_after_ms,
            ..Default::default()
        }
    }

    fn refusals(outbox: &Outbox) -> Vec<Option<&str>> {
        outbox
            .of(ConversationId(7))
            .map(|unsent| unsent.refused.as_deref())
            .collect()
    }

    #[test]
    fn what_may_succeed_later_is_sent_again_after_the_pause_that_was_asked_for() {
        let mut outbox = said(&["a", "b"]);
        let busy = problem("RATE_LIMITED", true, 1_500);
        let again = outbox.failed(2, &busy).flatten().expect("it is sent again");
        assert_eq!(
            (again.request.client_message_id.as_str(), again.pause.as_millis()),
            ("b", 1_500)
        );
        assert_eq!(outbox.failed(2, &busy), None, "that request is over");
        outbox.sent("b", 9);
        let soon = outbox.failed(9, &problem("UNAVAILABLE", true, 0)).flatten();
        assert_eq!(soon.map(|again| again.pause), Some(PAUSE));
        assert_eq!(refusals(&outbox), [None, None]);
        assert_eq!(outbox.waiting().len(), 2, "a new connection sends both");
    }

    #[test]
    fn what_never_will_is_marked_with_its_reason_and_not_sent_again() {
        let mut outbox = said(&["a", "b"]);
        assert_eq!(outbox.failed(1, &problem("TOO_LARGE", false, 0)), Some(None));
        let rejected = Rejected {
            client_message_id: "b".to_owned(),
            problem: Some(problem("NOT_A_MEMBER", false, 0)),
            ..Default::default()
        };
        assert_eq!(outbox.rejected(&rejected), None);
        assert_eq!(refusals(&outbox), [Some("TOO_LARGE: no"), Some("NOT_A_MEMBER: no")]);
        assert_eq!(outbox.waiting(), []);
    }

    #[test]
    fn a_refusal_of_something_else_is_none_of_these() {
        let mut outbox = said(&["a"]);
        outbox.add(SendMessageRequest::default());
        assert_eq!(outbox.failed(0, &problem("INTERNAL", false, 0)), None);
        assert_eq!(outbox.failed(5, &problem("INTERNAL", false, 0)), None);
        assert!(outbox.placed("a").is_some());
        assert_eq!(outbox.failed(1, &problem("INTERNAL", false, 0)), None);
    }
}
