//! What clients were told, and what they saw.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

/// A client message id.
pub type Id = String;

/// What was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Where.
    pub conversation: u64,
    /// By whom.
    pub sender: u64,
    /// What.
    pub text: String,
}

/// What the senders know. Times are those of one clock.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// What was sent, and the time before it was sent first.
    pub sent: HashMap<Id, (Said, Duration)>,
    /// When the server was first heard to say `accepted`.
    pub accepted: HashMap<Id, Duration>,
    /// The server said `stored`, with this sequence.
    pub stored: HashMap<Id, u64>,
    /// The server refused it for good, with this reason.
    pub rejected: HashMap<Id, String>,
    /// Two receipts of a message differ.
    pub contradictions: Vec<Id>,
}

impl Ledger {
    /// Adds what another client knows.
    pub fn add(&mut self, other: Self) {
        self.sent.extend(other.sent);
        self.accepted.extend(other.accepted);
        self.stored.extend(other.stored);
        self.rejected.extend(other.rejected);
        self.contradictions.extend(other.contradictions);
    }
}

/// A message as it stands in a history or came to a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The client's id.
    pub id: Id,
    /// Its place.
    pub sequence: u64,
    /// The rest.
    pub said: Said,
}

/// All that a device received, repeats dropped.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Whose device it is, for people.
    pub device: String,
    /// By conversation and sequence; conversations of which it is a member only.
    pub received: BTreeMap<u64, BTreeMap<u64, Id>>,
    /// Places at which it received two different messages: conversation and sequence.
    pub contradictions: Vec<(u64, u64)>,
}

impl View {
    /// Takes a message in.
    pub fn receive(&mut self, conversation: u64, sequence: u64, id: Id) {
        let received = self.received.entry(conversation).or_default();
        match received.get(&sequence) {
            Some(before) if *before != id => self.contradictions.push((conversation, sequence)),
            Some(_) => {}
            None => {
                received.insert(sequence, id);
            }
        }
    }

    /// Up to where it has a conversation without a gap.
    #[must_use]
    pub fn position(&self, conversation: u64) -> u64 {
        let received = self.received.get(&conversation);
        let whole = received
            .into_iter()
            .flat_map(BTreeMap::keys)
            .zip(1..)
            .take_while(|(sequence, place)| *sequence == place);
        whole.count() as u64
    }

    /// Whether it has something of a conversation that lies behind a gap.
    #[must_use]
    pub fn has_gap(&self, conversation: u64) -> bool {
        let received = self.received.get(&conversation);
        received
            .and_then(BTreeMap::last_key_value)
            .is_some_and(|(last, _)| *last != received.map_or(0, BTreeMap::len) as u64)
    }
}
