//! What the client knows: conversations and their messages. Pure: frames go in, nothing comes out.

use super::outbox::Outbox;
use im_schema::{
    ids::{ConversationId, UserId},
    v1,
};
use std::collections::{BTreeMap, HashMap};
use v1::{ConversationKind, content, server_frame};

/// One conversation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Thread {
    pub(crate) conversation: v1::Conversation,
    pub(crate) messages: BTreeMap<u64, v1::Message>,
    /// Up to where nothing is missing after the oldest message held; `None` before the first.
    complete_to: Option<u64>,
}

/// Everything.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) me: UserId,
    pub(crate) threads: HashMap<ConversationId, Thread>,
    pub(crate) names: HashMap<UserId, String>,
    pub(crate) unsent: Outbox,
}

impl State {
    /// Takes a frame in. Conversations that the client does not know yet are returned: they have to be asked for.
    pub(crate) fn take(&mut self, body: server_frame::Body) -> Option<ConversationId> {
        match body {
            server_frame::Body::Message(message) => self.message(message),
            server_frame::Body::Accepted(accepted) => {
                self.unsent.accepted(&accepted.client_message_id);
                None
            }
            server_frame::Body::Stored(stored) => self.stored(&stored),
            server_frame::Body::ReadMoved(moved) => {
                if let Some(thread) = self.threads.get_mut(&ConversationId(moved.conversation_id)) {
                    thread.conversation.read_sequence = moved.read_sequence;
                    thread.conversation.unread_count = moved.unread_count;
                }
                None
            }
            server_frame::Body::ConversationChanged(changed) => {
                let conversation = ConversationId(changed.conversation_id);
                if changed.change() == v1::ConversationChange::Left {
                    self.threads.remove(&conversation);
                    return None;
                }
                Some(conversation)
            }
            server_frame::Body::ListMessages(page) => {
                self.page(page.messages);
                None
            }
            server_frame::Body::LookUpUsers(found) => {
                self.names
                    .extend(found.users.into_iter().map(|user| (UserId(user.user_id), user.name)));
                None
            }
            server_frame::Body::ListMembers(page) => {
                self.names.extend(
                    page.members
                        .into_iter()
                        .map(|member| (UserId(member.user_id), member.name)),
                );
                None
            }
            _ => None,
        }
    }

    /// Takes a conversation in as the server sees it now.
    pub(crate) fn conversation(&mut self, conversation: v1::Conversation) -> ConversationId {
        let id = conversation.conversation();
        self.threads.entry(id).or_default().conversation = conversation;
        id
    }

    /// Conversations, the one with the latest activity first.
    pub(crate) fn in_order(&self) -> Vec<ConversationId> {
        let mut order: Vec<_> = self
            .threads
            .values()
            .map(|thread| (activity(thread), thread.conversation.conversation()))
            .collect();
        order.sort_unstable_by(|one, other| other.cmp(one));
        order.into_iter().map(|(_, id)| id).collect()
    }

    /// What to call a conversation.
    pub(crate) fn title(&self, id: ConversationId) -> String {
        let Some(thread) = self.threads.get(&id) else {
            return id.to_string();
        };
        match thread.conversation.kind() {
            ConversationKind::Direct => self.name(UserId(thread.conversation.peer_id)),
            _ => thread.conversation.title.clone(),
        }
    }

    /// What to call a user.
    pub(crate) fn name(&self, user: UserId) -> String {
        self.names.get(&user).cloned().unwrap_or_else(|| format!("user {user}"))
    }

    /// Users who are mentioned and whose names are not known.
    pub(crate) fn nameless(&self) -> Vec<UserId> {
        let peers = self.threads.values().map(|thread| UserId(thread.conversation.peer_id));
        let senders = self
            .threads
            .values()
            .flat_map(|thread| thread.messages.values().map(|message| UserId(message.sender_id)));
        let mut users: Vec<_> = peers
            .chain(senders)
            .filter(|user| user.0 != 0 && !self.names.contains_key(user))
            .collect();
        users.sort_unstable();
        users.dedup();
        users.truncate(100);
        users
    }

    /// Up to where each conversation is held without a gap, for resuming.
    pub(crate) fn positions(&self) -> Vec<v1::Position> {
        let held = |thread: &Thread| {
            thread.complete_to.map(|sequence| v1::Position {
                conversation_id: thread.conversation.conversation_id,
                sequence,
                ..Default::default()
            })
        };
        self.threads.values().filter_map(held).collect()
    }

    /// Takes in a page of history: it has no gap in itself.
    fn page(&mut self, messages: Vec<v1::Message>) {
        let sequences = || messages.iter().map(|message| message.sequence);
        let (Some(first), Some(last)) = (sequences().min(), sequences().max()) else {
            return;
        };
        if let Some(message) = messages.first() {
            let thread = self.threads.entry(message.conversation()).or_default();
            match &mut thread.complete_to {
                Some(complete) if first <= complete.saturating_add(1) => *complete = last.max(*complete),
                Some(_) => {}
                none => *none = Some(last),
            }
        }
        for message in messages {
            self.insert(message);
        }
    }

    fn message(&mut self, message: v1::Message) -> Option<ConversationId> {
        let conversation = message.conversation();
        let unknown = !self.threads.contains_key(&conversation);
        self.insert(message);
        unknown.then_some(conversation)
    }

    fn insert(&mut self, message: v1::Message) {
        self.unsent.placed(&message.client_message_id);
        let mine = message.sender_id == self.me.0;
        let thread = self.threads.entry(message.conversation()).or_default();
        thread.conversation.conversation_id = message.conversation_id;
        let sequence = message.sequence;
        let known = thread.messages.insert(sequence, message.clone()).is_some();
        let mut complete = thread.complete_to.unwrap_or(sequence);
        while thread.messages.contains_key(&(complete + 1)) {
            complete += 1;
        }
        thread.complete_to = Some(complete);
        if known || sequence <= thread.conversation.last_sequence {
            return;
        }
        let conversation = &mut thread.conversation;
        conversation.last_sequence = sequence;
        conversation.last_activity_at = message.sent_at;
        conversation.last_message = Some(message);
        if mine {
            conversation.read_sequence = sequence;
        }
        conversation.unread_count = sequence - conversation.read_sequence.min(sequence);
    }

    fn stored(&mut self, stored: &v1::Stored) -> Option<ConversationId> {
        let request = self.unsent.placed(&stored.client_message_id)?;
        self.message(v1::Message {
            message_id: stored.message_id,
            conversation_id: stored.conversation_id,
            sequence: stored.sequence,
            sender_id: self.me.0,
            client_message_id: request.client_message_id,
            content: request.content,
            sent_at: stored.sent_at,
            ..Default::default()
        })
    }
}

fn activity(thread: &Thread) -> u64 {
    thread
        .conversation
        .last_activity_at
        .as_ref()
        .map_or(0, im_schema::wkt::Timestamp::millis)
}

/// What a message says, in one or more lines.
pub(crate) fn text(content: Option<&v1::Content>) -> String {
    match content.and_then(|content| content.kind.as_ref()) {
        Some(content::Kind::Text(text)) => text.body.clone(),
        Some(content::Kind::Custom(custom)) => format!("[{}] {}", custom.kind, custom.data),
        None => "[nothing]".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(sequence: u64) -> v1::Message {
        v1::Message {
            conversation_id: 7,
            sequence,
            ..Default::default()
        }
    }

    fn complete(state: &State) -> Option<u64> {
        state.positions().first().map(|position| position.sequence)
    }

    #[test]
    fn a_message_beyond_a_gap_does_not_move_the_position() {
        let mut state = State::default();
        state.page(vec![message(4), message(3), message(2)]);
        assert_eq!(complete(&state), Some(4));
        state.message(message(7));
        assert_eq!(complete(&state), Some(4));
        state.message(message(5));
        assert_eq!(complete(&state), Some(5));
        state.message(message(6));
        assert_eq!(complete(&state), Some(7));
        state.page(vec![message(12), message(11)]);
        assert_eq!(complete(&state), Some(7));
        state.page(vec![message(10), message(9), message(8)]);
        assert_eq!(complete(&state), Some(12));
        state.page(vec![message(1)]);
        assert_eq!(complete(&state), Some(12));
    }

    #[test]
    fn a_conversation_without_messages_has_no_position_until_the_first() {
        let mut state = State::default();
        assert_eq!(complete(&state), None);
        state.message(message(9));
        assert_eq!(complete(&state), Some(9));
    }
}
