//! Rules for what stands together: what must be set, lists, messages in messages, and all that is broken at once.

use crate::{breaks, keeps};
use schema_corpus::{Branch, Leaf, Rules, rpc::Validate, rules::Choice};

#[test]
fn what_must_be_set() {
    breaks(|m| m.needed.clear(), "needed", "required", "must be set");
    breaks(|m| m.needed_leaf = None, "neededLeaf", "required", "must be set");
    breaks(|m| m.needed_time = None, "neededTime", "required", "must be set");
    breaks(|m| m.needed_list.clear(), "neededList", "required", "must not be empty");
    breaks(|m| m.needed_map.clear(), "neededMap", "required", "must not be empty");
    breaks(|m| m.set = None, "set", "required", "must be set");
    breaks(
        |m| m.choice = None,
        "choice",
        "required",
        "must have one of left, right, branch",
    );
}

#[test]
fn what_may_be_absent_has_its_rules_when_it_is_there() {
    keeps(|m| m.maybe = Some("x".into()));
    breaks(
        |m| m.maybe = Some(String::new()),
        "maybe",
        "string.min_len",
        "must be at least 1 character, is 0",
    );
    keeps(|m| m.choice = Some(Choice::Left("ab".into())));
    breaks(
        |m| m.choice = Some(Choice::Left("abc".into())),
        "left",
        "string.max_bytes",
        "must be at most 2 bytes, is 3",
    );
}

#[test]
fn lists() {
    keeps(|m| m.items = vec![4, 3, 2, 1]);
    breaks(
        |m| m.items.clear(),
        "items",
        "repeated.min_items",
        "must be at least 1 item, is 0",
    );
    breaks(
        |m| m.items = vec![1, 2, 3, 4, 5],
        "items",
        "repeated.max_items",
        "must be at most 4 items, is 5",
    );
    breaks(
        |m| m.items = vec![1, 2, 1, 2],
        "items[2]",
        "repeated.unique",
        "must not repeat an earlier item",
    );
    breaks(
        |m| m.names = vec!["a".into(), String::new()],
        "names[1]",
        "string.min_len",
        "must be at least 1 character, is 0",
    );
    // Of a list that is too long only that is said.
    breaks(
        |m| m.names = vec![String::new(); 4],
        "names",
        "repeated.max_items",
        "must be at most 3 items, is 4",
    );
    breaks(
        |m| m.items = vec![1; 5],
        "items",
        "repeated.max_items",
        "must be at most 4 items, is 5",
    );
}

#[test]
fn messages_inside() {
    let leaf = |size| Leaf {
        size,
        ..Default::default()
    };
    let text = "must be greater than 0, is 0";
    breaks(|m| m.needed_leaf = Some(leaf(0)), "neededLeaf.size", "uint32.gt", text);
    breaks(
        |m| m.leaves = vec![leaf(1), leaf(0)],
        "leaves[1].size",
        "uint32.gt",
        text,
    );
    breaks(
        |m| m.needed_map = [("a".to_owned(), leaf(0))].into(),
        r#"neededMap["a"].size"#,
        "uint32.gt",
        text,
    );
    let branch = |leaf, branch: Option<Branch>| Branch {
        leaf,
        branch: branch.map(Box::new),
        ..Default::default()
    };
    keeps(|m| m.choice = Some(Choice::Branch(branch(None, Some(branch(None, None))))));
    breaks(
        |m| m.choice = Some(Choice::Branch(branch(None, Some(branch(Some(leaf(0)), None))))),
        "branch.branch.leaf.size",
        "uint32.gt",
        text,
    );
}

#[test]
fn all_broken_rules_are_told_at_once() {
    let mut out = Vec::new();
    Rules {
        leaves: vec![Leaf::default(); 2],
        names: vec!["abc".into()],
        set: None,
        ..Rules::default()
    }
    .check(&mut out);
    let told: Vec<_> = out
        .iter()
        .map(|violation| format!("{} {}", violation.field, violation.rule))
        .collect();
    assert_eq!(
        told,
        [
            "aUint32 uint32.gt",
            "aUint64 uint64.gte",
            "aFixed64 fixed64.gte",
            "exactly string.len",
            "chars string.min_len",
            "textBytes string.min_bytes",
            "simple string.pattern",
            "complex string.pattern",
            "prefix string.prefix",
            "chosen string.in",
            "uuid string.uuid",
            "digest bytes.len",
            "blob bytes.min_len",
            "among enum.in",
            "except enum.not_in",
            "needed required",
            "neededLeaf required",
            "neededTime required",
            "neededList required",
            "neededMap required",
            "items repeated.min_items",
            "names[0] string.max_len",
            "leaves[0].size uint32.gt",
            "leaves[1].size uint32.gt",
            "set required",
            "choice required",
        ]
    );
}
