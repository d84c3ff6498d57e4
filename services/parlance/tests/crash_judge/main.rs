//! The judge of the crash test, judged: what it takes for a loss, and what it makes of its arguments.

#[path = "../crash/arguments.rs"]
mod arguments;
#[path = "../crash/checker.rs"]
#[expect(dead_code, reason = "the crash test uses all of it")]
mod checker;

use arguments::{Arguments, NAME, SEEDS, Task};
use checker::{Found, Ledger, Sent, check};
use clap::Parser as _;

fn sent(text: &str) -> Sent {
    Sent {
        conversation: 7,
        sender: 1,
        text: text.into(),
    }
}

/// Three messages were accepted, one more was sent and may be there or not.
fn ledger() -> Ledger {
    let mut ledger = Ledger::default();
    for id in ["a", "b", "c", "unanswered"] {
        ledger.sent.insert(id.into(), sent(id));
    }
    ledger.accepted.extend(["a".into(), "b".into(), "c".into()]);
    ledger.stored.insert("a".into(), 1);
    ledger
}

fn history(ids: &[&str]) -> Vec<Found> {
    ids.iter()
        .zip(1..)
        .map(|(id, sequence)| Found {
            id: (*id).into(),
            sequence,
            message: sent(id),
        })
        .collect()
}

fn faults(histories: &[Vec<Found>]) -> (usize, usize, usize, usize) {
    let verdict = check(&ledger(), histories);
    assert_eq!(
        verdict.is_good(),
        (verdict.lost, verdict.duplicated, verdict.gaps, verdict.wrong) == (0, 0, 0, 0)
    );
    (verdict.lost, verdict.duplicated, verdict.gaps, verdict.wrong)
}

#[test]
fn what_was_promised_is_good_with_or_without_the_rest() {
    assert_eq!(faults(&[history(&["a", "b", "c"])]), (0, 0, 0, 0));
    assert_eq!(faults(&[history(&["a", "unanswered", "b", "c"])]), (0, 0, 0, 0));
}

#[test]
fn a_loss_is_found() {
    assert_eq!(faults(&[history(&["a", "b"])]), (1, 0, 0, 0));
}

#[test]
fn a_duplicate_is_found_within_a_conversation_and_across() {
    assert_eq!(faults(&[history(&["a", "b", "c", "b"])]), (0, 1, 0, 0));
    assert_eq!(faults(&[history(&["a", "b", "c"]), history(&["c"])]), (0, 1, 0, 0));
}

#[test]
fn a_gap_is_found() {
    let mut gap = history(&["a", "b", "c"]);
    gap[2].sequence = 4;
    assert_eq!(faults(&[gap]), (0, 0, 1, 0));
    let mut late = history(&["a", "b", "c"]);
    late.iter_mut().for_each(|found| found.sequence += 1);
    assert_eq!(faults(&[late]), (0, 0, 3, 1), "and the receipt of the first is wrong");
}

#[test]
fn what_nobody_sent_and_what_was_changed_is_found() {
    assert_eq!(faults(&[history(&["a", "b", "c", "made up"])]), (0, 0, 0, 1));
    let mut changed = history(&["a", "b", "c"]);
    changed[1].message.text = "other".into();
    assert_eq!(faults(&[changed]), (0, 0, 0, 1));
    assert_eq!(
        faults(&[history(&["b", "a", "c"])]),
        (0, 0, 0, 1),
        "the receipt said another place"
    );
}

#[test]
fn nothing_accepted_proves_nothing() {
    assert!(!check(&Ledger::default(), &[]).is_good());
}

#[test]
fn arguments_say_which_seeds() {
    let task = |line: &str| Arguments::parse_from(std::iter::once("crash").chain(line.split_whitespace())).task();
    assert_eq!(task(""), Task::Run(1..=SEEDS));
    assert_eq!(task("--seeds 500 --nocapture --test-threads=1"), Task::Run(1..=500));
    assert_eq!(task("--seed 17"), Task::Run(17..=17));
    assert_eq!(task("survives"), Task::Run(1..=SEEDS));
    assert_eq!(task("another_test"), Task::Nothing);
    assert_eq!(task("--skip survives"), Task::Nothing);
    assert_eq!(task("survives --exact"), Task::Nothing);
    assert_eq!(task("--list"), Task::List(NAME));
    assert!(Arguments::try_parse_from(["crash", "--seeds", "many"]).is_err());
}
