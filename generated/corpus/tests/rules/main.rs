//! Each rule, kept and broken at its boundary.

mod shapes;
mod values;

use bytes::Bytes;
use schema_corpus::{Leaf, Rules, rpc::Validate, rules::Choice, wkt::Timestamp};

fn valid() -> Rules {
    let leaf = Leaf {
        size: 1,
        ..Default::default()
    };
    Rules {
        an_int32: 0,
        an_int64: 0,
        a_uint32: 1,
        a_uint64: 1,
        a_fixed64: 7,
        exactly: "abc".into(),
        chars: "ab".into(),
        text_bytes: "ab".into(),
        simple: "a-12".into(),
        complex: "abz".into(),
        prefix: "x-".into(),
        chosen: "one".into(),
        uuid: "0193b2a4-7c1e-7d3a-9a51-0c8f3d2e4b6a".into(),
        digest: Bytes::from_static(b"1234"),
        blob: Bytes::from_static(b"1"),
        defined: 0,
        among: 1,
        except: 1,
        needed: "x".into(),
        needed_leaf: Some(leaf.clone()),
        needed_time: Some(Timestamp::default()),
        needed_list: vec![String::new()],
        needed_map: [("k".to_owned(), leaf.clone())].into(),
        items: vec![1],
        names: vec!["a".into()],
        leaves: vec![leaf],
        maybe: None,
        set: Some(0),
        choice: Some(Choice::Right(false)),
        ..Default::default()
    }
}

/// The change leaves the message valid.
#[track_caller]
fn keeps(change: impl FnOnce(&mut Rules)) {
    let mut message = valid();
    change(&mut message);
    let mut out = Vec::new();
    message.check(&mut out);
    assert_eq!(out, []);
}

/// The change breaks one rule.
#[track_caller]
fn breaks(change: impl FnOnce(&mut Rules), field: &str, rule: &str, text: &str) {
    let mut message = valid();
    change(&mut message);
    let mut out = Vec::new();
    message.check(&mut out);
    let [violation] = out.as_slice() else { panic!("{out:?}") };
    assert_eq!(
        (violation.field.as_str(), violation.rule, &*violation.message),
        (field, rule, text)
    );
}
