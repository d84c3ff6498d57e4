//! What clients were told, against what is there afterwards.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

/// A client message id.
pub(crate) type Id = String;

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) conversation: u64,
    pub(crate) sender: u64,
    pub(crate) text: String,
}

/// What clients know.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    pub(crate) sent: HashMap<Id, Sent>,
    /// The server said `accepted`.
    pub(crate) accepted: HashSet<Id>,
    /// The server said `stored`, with this sequence.
    pub(crate) stored: HashMap<Id, u64>,
    /// The server refused a message after it had accepted it, or gave two receipts that differ.
    pub(crate) broken_promises: usize,
}

impl Ledger {
    /// What another client knows.
    pub(crate) fn add(&mut self, other: Self) {
        self.sent.extend(other.sent);
        self.accepted.extend(other.accepted);
        self.stored.extend(other.stored);
        self.broken_promises += other.broken_promises;
    }
}

/// A message of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) id: Id,
    pub(crate) sequence: u64,
    pub(crate) message: Sent,
}

/// What was found out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) sent: usize,
    pub(crate) accepted: usize,
    pub(crate) stored: usize,
    /// Accepted, and not there.
    pub(crate) lost: usize,
    /// There more than once.
    pub(crate) duplicated: usize,
    /// Places in a history whose sequence is not one more than that before.
    pub(crate) gaps: usize,
    /// Never sent, or not as it was sent, or not where the receipt says.
    pub(crate) wrong: usize,
}

impl Verdict {
    pub(crate) fn is_good(&self) -> bool {
        self.accepted > 0 && (self.lost, self.duplicated, self.gaps, self.wrong) == (0, 0, 0, 0)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sent,
            accepted,
            stored,
            lost,
            duplicated,
            gaps,
            wrong,
        } = self;
        write!(
            f,
            "sent {sent:>6}  accepted {accepted:>6}  stored {stored:>6}  lost {lost}  duplicated {duplicated}  gaps {gaps}  wrong {wrong}"
        )
    }
}

/// Compares; `histories` are those of all conversations, each in the order of reading from the oldest on.
pub(crate) fn check(ledger: &Ledger, histories: &[Vec<Found>]) -> Verdict {
    let mut verdict = Verdict {
        sent: ledger.sent.len(),
        accepted: ledger.accepted.len(),
        wrong: ledger.broken_promises,
        ..Verdict::default()
    };
    let mut seen = HashSet::new();
    for history in histories {
        verdict.stored += history.len();
        for (found, expected) in history.iter().zip(1..) {
            verdict.gaps += usize::from(found.sequence != expected);
            verdict.duplicated += usize::from(!seen.insert(&found.id));
            let as_sent = ledger.sent.get(&found.id) == Some(&found.message);
            let as_told = ledger
                .stored
                .get(&found.id)
                .is_none_or(|sequence| *sequence == found.sequence);
            verdict.wrong += usize::from(!as_sent || !as_told);
        }
    }
    let promised: HashSet<&Id> = ledger.accepted.iter().chain(ledger.stored.keys()).collect();
    verdict.lost = promised.difference(&seen).count();
    verdict
}
