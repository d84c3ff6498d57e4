//! What clients were told and saw, against what is there afterwards.

use super::ledger::{Found, Id, Ledger, View};
use serde::Serialize;
use std::{
    collections::{HashMap, HashSet},
    ops::AddAssign,
    time::Duration,
};

/// How many findings are described.
const DESCRIBED: usize = 20;

/// What was found out.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Messages that clients sent.
    pub sent: usize,
    /// Those of which they heard `accepted`.
    pub accepted: usize,
    /// Those that are there.
    pub stored: usize,
    /// Those that were refused, with a reason.
    pub rejected: usize,
    /// Promised and not there.
    pub lost: usize,
    /// There more than once.
    pub duplicated: usize,
    /// Places in a history whose sequence is not one more than that before.
    pub gaps: usize,
    /// Messages that stand before one that was accepted before they were sent, and places where a device saw another message than others.
    pub disordered: usize,
    /// Messages that nobody sent, or that are not as they were sent, not where the receipt says, or both refused and there.
    pub wrong: usize,
    /// What devices lack of conversations that they take part in.
    pub missed: usize,
    /// Accepted, and nothing was heard of it afterwards.
    pub untold: usize,
    /// The first findings, in words.
    pub findings: Vec<String>,
}

impl Verdict {
    /// Whether everything was as promised, and there was something to promise.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let violations = [
            self.lost,
            self.duplicated,
            self.gaps,
            self.disordered,
            self.wrong,
            self.missed,
            self.untold,
        ];
        self.accepted > 0 && violations == [0; 7]
    }

    fn note(&mut self, finding: impl FnOnce() -> String) {
        if self.findings.len() < DESCRIBED {
            self.findings.push(finding());
        }
    }
}

impl AddAssign<&Self> for Verdict {
    fn add_assign(&mut self, other: &Self) {
        self.sent += other.sent;
        self.accepted += other.accepted;
        self.stored += other.stored;
        self.rejected += other.rejected;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.gaps += other.gaps;
        self.disordered += other.disordered;
        self.wrong += other.wrong;
        self.missed += other.missed;
        self.untold += other.untold;
    }
}

/// Compares. `histories` are those of all conversations, by conversation, each in the order of reading from the oldest message on.
#[must_use]
pub fn check(ledger: &Ledger, histories: &HashMap<u64, Vec<Found>>, views: &[View]) -> Verdict {
    let mut verdict = Verdict {
        sent: ledger.sent.len(),
        accepted: ledger.accepted.len(),
        stored: histories.values().map(Vec::len).sum(),
        rejected: ledger.rejected.len(),
        ..Verdict::default()
    };
    let seen = read(ledger, histories, &mut verdict);
    promises(ledger, &seen, &mut verdict);
    for history in histories.values() {
        order(ledger, history, &mut verdict);
    }
    for view in views {
        delivery(view, histories, &mut verdict);
    }
    verdict
}

/// Every message of the histories by itself; the ids that are there.
fn read<'a>(ledger: &Ledger, histories: &'a HashMap<u64, Vec<Found>>, verdict: &mut Verdict) -> HashSet<&'a Id> {
    let mut seen = HashSet::new();
    for (conversation, history) in histories {
        for (found, expected) in history.iter().zip(1..) {
            let Found { id, sequence, said } = found;
            if *sequence != expected {
                verdict.gaps += 1;
                verdict.note(|| format!("gap: {expected} of {conversation} is {sequence}"));
            }
            if !seen.insert(id) {
                verdict.duplicated += 1;
                verdict.note(|| format!("duplicate: {id} again, at {sequence} of {conversation}"));
            }
            let as_sent = ledger.sent.get(id).is_some_and(|(sent, _)| sent == said);
            let as_told = ledger.stored.get(id).is_none_or(|told| told == sequence);
            if !as_sent || !as_told || said.conversation != *conversation {
                verdict.wrong += 1;
                verdict.note(|| {
                    format!(
                        "wrong: {found:?} at {sequence} of {conversation}, told {:?}",
                        ledger.stored.get(id)
                    )
                });
            }
        }
    }
    seen
}

/// What was promised of each message.
fn promises(ledger: &Ledger, seen: &HashSet<&Id>, verdict: &mut Verdict) {
    let promised: HashSet<&Id> = ledger.accepted.keys().chain(ledger.stored.keys()).collect();
    for id in promised {
        let rejected = ledger.rejected.contains_key(id);
        if !seen.contains(id) && !rejected {
            verdict.lost += 1;
            let place = ledger.stored.get(id);
            verdict.note(|| format!("lost: {id}, accepted {:?}, told {place:?}", ledger.accepted.get(id)));
        }
        if !rejected && !ledger.stored.contains_key(id) {
            verdict.untold += 1;
            verdict.note(|| format!("untold: {id}, accepted {:?}", ledger.accepted.get(id)));
        }
    }
    for (id, reason) in &ledger.rejected {
        if seen.contains(id) {
            verdict.wrong += 1;
            verdict.note(|| format!("wrong: {id} is there and was refused: {reason}"));
        }
    }
    for id in &ledger.contradictions {
        verdict.wrong += 1;
        verdict.note(|| format!("wrong: two receipts of {id} differ"));
    }
}

/// What was accepted before another message was sent stands before it.
fn order(ledger: &Ledger, history: &[Found], verdict: &mut Verdict) {
    let mut latest: Option<(Duration, &Id)> = None;
    for found in history {
        let accepted = ledger.accepted.get(&found.id);
        if let (Some(accepted), Some((sent, before))) = (accepted, latest)
            && *accepted < sent
        {
            verdict.disordered += 1;
            verdict.note(|| {
                format!(
                    "order: {before}, sent at {sent:?}, stands before {}, accepted at {accepted:?}",
                    found.id
                )
            });
        }
        if let Some((_, sent)) = ledger.sent.get(&found.id)
            && latest.is_none_or(|(latest, _)| latest < *sent)
        {
            latest = Some((*sent, &found.id));
        }
    }
}

/// A device has all that stands in the conversations that it takes part in, at its place.
fn delivery(view: &View, histories: &HashMap<u64, Vec<Found>>, verdict: &mut Verdict) {
    let device = &view.device;
    for (conversation, received) in &view.received {
        let history = histories.get(conversation).map_or(&[][..], Vec::as_slice);
        let places: HashMap<u64, &Id> = history.iter().map(|found| (found.sequence, &found.id)).collect();
        for (sequence, id) in &places {
            match received.get(sequence) {
                None => {
                    verdict.missed += 1;
                    verdict.note(|| format!("missed: {device} lacks {sequence} of {conversation}, {id}"));
                }
                Some(other) if other != *id => {
                    verdict.disordered += 1;
                    verdict
                        .note(|| format!("order: {device} saw {other} at {sequence} of {conversation}, where {id} is"));
                }
                Some(_) => {}
            }
        }
        for (sequence, id) in received.iter().filter(|(sequence, _)| !places.contains_key(sequence)) {
            verdict.wrong += 1;
            verdict.note(|| format!("wrong: {device} saw {id} at {sequence} of {conversation}, where nothing is"));
        }
    }
    for (conversation, sequence) in &view.contradictions {
        verdict.disordered += 1;
        verdict.note(|| format!("order: {device} saw two messages at {sequence} of {conversation}"));
    }
}

#[cfg(test)]
mod tests;
