//! The judge, judged: what was planted is found, and nothing else.

use super::*;
use crate::faults::ledger::Said;
use std::collections::BTreeMap;

const WHERE: u64 = 7;

fn said(text: &str) -> Said {
    Said {
        conversation: WHERE,
        sender: 1,
        text: text.into(),
    }
}

/// Three messages were accepted one after the other, the first two known to be stored; one more was sent and may be there or not.
fn ledger() -> Ledger {
    let mut ledger = Ledger::default();
    for (id, second) in ["a", "b", "c", "unanswered"].into_iter().zip(1..) {
        let time = Duration::from_secs(second);
        ledger.sent.insert(id.into(), (said(id), time));
        if id != "unanswered" {
            ledger.accepted.insert(id.into(), time + Duration::from_millis(10));
            ledger.stored.insert(id.into(), second);
        }
    }
    ledger
}

fn history(ids: &[&str]) -> Vec<Found> {
    let found = |(id, sequence): (&&str, u64)| Found {
        id: (*id).into(),
        sequence,
        said: said(id),
    };
    ids.iter().zip(1..).map(found).collect()
}

fn view(ids: &[&str]) -> View {
    let received: BTreeMap<u64, Id> = ids
        .iter()
        .zip(1..)
        .map(|(id, place)| (place, (*id).to_owned()))
        .collect();
    View {
        device: "bob's".into(),
        received: BTreeMap::from([(WHERE, received)]),
        ..View::default()
    }
}

fn judge(ledger: &Ledger, history: Vec<Found>, views: &[View]) -> Verdict {
    check(ledger, &HashMap::from([(WHERE, history)]), views)
}

/// Only the counters that are not zero.
fn violations(verdict: &Verdict) -> Vec<(&'static str, usize)> {
    let all = [
        ("lost", verdict.lost),
        ("duplicated", verdict.duplicated),
        ("gaps", verdict.gaps),
        ("disordered", verdict.disordered),
        ("wrong", verdict.wrong),
        ("missed", verdict.missed),
        ("untold", verdict.untold),
    ];
    let found: Vec<_> = all.into_iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(found.is_empty(), verdict.is_good());
    assert_eq!(found.is_empty(), verdict.findings.is_empty());
    found
}

fn found(history: Vec<Found>) -> Vec<(&'static str, usize)> {
    violations(&judge(&ledger(), history, &[]))
}

#[test]
fn what_was_promised_is_good_with_or_without_the_rest() {
    assert_eq!(found(history(&["a", "b", "c"])), []);
    assert_eq!(found(history(&["a", "b", "c", "unanswered"])), []);
}

#[test]
fn a_loss_is_found() {
    assert_eq!(found(history(&["a", "b"])), [("lost", 1)]);
}

#[test]
fn a_loss_of_what_was_only_said_to_be_stored_is_found() {
    let mut ledger = ledger();
    ledger.accepted.remove("c");
    assert_eq!(violations(&judge(&ledger, history(&["a", "b"]), &[])), [("lost", 1)]);
}

#[test]
fn a_duplicate_is_found_within_a_conversation_and_across() {
    let twice = found(history(&["a", "b", "c", "b"]));
    assert!(twice.contains(&("duplicated", 1)), "{twice:?}");
    let mut other = history(&["c"]);
    other[0].said.conversation = 8;
    let both = HashMap::from([(WHERE, history(&["a", "b", "c"])), (8, other)]);
    let across = violations(&check(&ledger(), &both, &[]));
    assert!(across.contains(&("duplicated", 1)), "{across:?}");
}

#[test]
fn a_gap_is_found() {
    let mut gap = history(&["a", "b", "c", "unanswered"]);
    gap[3].sequence = 5;
    assert_eq!(found(gap), [("gaps", 1)]);
}

#[test]
fn a_message_before_one_that_was_accepted_before_it_was_sent_is_found() {
    let mut ledger = ledger();
    ledger.stored.insert("a".into(), 2);
    ledger.stored.insert("b".into(), 1);
    let swapped = judge(&ledger, history(&["b", "a", "c"]), &[]);
    assert_eq!(violations(&swapped), [("disordered", 1)]);
    ledger.accepted.insert("a".into(), Duration::from_secs(3));
    assert_eq!(
        violations(&judge(&ledger, history(&["b", "a", "c"]), &[])),
        [],
        "they crossed"
    );
}

#[test]
fn what_nobody_sent_what_was_changed_and_what_is_elsewhere_than_told_is_found() {
    assert_eq!(found(history(&["a", "b", "c", "made up"])), [("wrong", 1)]);
    let mut changed = history(&["a", "b", "c"]);
    changed[1].said.text = "other".into();
    assert_eq!(found(changed), [("wrong", 1)]);
    let mut ledger = ledger();
    ledger.stored.insert("b".into(), 9);
    assert_eq!(
        violations(&judge(&ledger, history(&["a", "b", "c"]), &[])),
        [("wrong", 1)]
    );
}

#[test]
fn a_message_with_two_receipts_is_found() {
    let mut ledger = ledger();
    ledger.contradictions.push("a".into());
    assert_eq!(
        violations(&judge(&ledger, history(&["a", "b", "c"]), &[])),
        [("wrong", 1)]
    );
}

#[test]
fn a_refusal_settles_a_message_unless_it_is_there() {
    let mut ledger = ledger();
    ledger.stored.remove("c");
    ledger.rejected.insert("c".into(), "MUTED".into());
    assert_eq!(violations(&judge(&ledger, history(&["a", "b"]), &[])), []);
    assert_eq!(
        violations(&judge(&ledger, history(&["a", "b", "c"]), &[])),
        [("wrong", 1)]
    );
}

#[test]
fn an_accepted_message_of_which_nothing_is_heard_is_found() {
    let mut ledger = ledger();
    ledger.stored.remove("c");
    assert_eq!(
        violations(&judge(&ledger, history(&["a", "b", "c"]), &[])),
        [("untold", 1)]
    );
}

#[test]
fn a_hole_in_what_a_device_received_is_found_and_one_at_the_end() {
    let three = || history(&["a", "b", "c"]);
    assert_eq!(violations(&judge(&ledger(), three(), &[view(&["a", "b", "c"])])), []);
    let mut hole = view(&["a", "b", "c"]);
    hole.received.get_mut(&WHERE).unwrap().remove(&2);
    assert_eq!(violations(&judge(&ledger(), three(), &[hole])), [("missed", 1)]);
    let late = view(&["a", "b"]);
    assert_eq!(
        violations(&judge(&ledger(), three(), &[view(&["a", "b", "c"]), late])),
        [("missed", 1)]
    );
}

#[test]
fn a_device_that_saw_another_order_or_more_than_there_is_is_found() {
    let three = || history(&["a", "b", "c"]);
    let other = view(&["b", "a", "c"]);
    assert_eq!(violations(&judge(&ledger(), three(), &[other])), [("disordered", 2)]);
    let more = view(&["a", "b", "c", "d"]);
    assert_eq!(violations(&judge(&ledger(), three(), &[more])), [("wrong", 1)]);
    let mut torn = view(&["a", "b", "c"]);
    torn.receive(WHERE, 2, "b".into());
    torn.receive(WHERE, 2, "x".into());
    assert_eq!(violations(&judge(&ledger(), three(), &[torn])), [("disordered", 1)]);
}

#[test]
fn a_device_knows_where_its_gaps_are() {
    let mut view = view(&["a", "b", "c"]);
    assert_eq!((view.position(WHERE), view.has_gap(WHERE)), (3, false));
    view.receive(WHERE, 5, "e".into());
    assert_eq!((view.position(WHERE), view.has_gap(WHERE)), (3, true));
    view.receive(WHERE, 4, "d".into());
    assert_eq!((view.position(WHERE), view.has_gap(WHERE)), (5, false));
    assert_eq!((view.position(8), view.has_gap(8)), (0, false));
}

#[test]
fn nothing_accepted_proves_nothing() {
    assert!(!check(&Ledger::default(), &HashMap::new(), &[]).is_good());
}
