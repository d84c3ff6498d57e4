//! Each rule, kept and broken at its boundary.

use bytes::Bytes;
use schema_corpus::{Branch, Leaf, Rules, rpc::Validate, rules::Choice, wkt::Timestamp};

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

#[test]
fn bounds_of_numbers() {
    keeps(|m| m.an_int32 = 4);
    keeps(|m| m.an_int32 = -4);
    breaks(|m| m.an_int32 = 5, "anInt32", "int32.lt", "must be less than 5, is 5");
    breaks(
        |m| m.an_int32 = -5,
        "anInt32",
        "int32.gt",
        "must be greater than -5, is -5",
    );
    keeps(|m| m.an_int64 = 5);
    keeps(|m| m.an_int64 = -5);
    breaks(|m| m.an_int64 = 6, "anInt64", "int64.lte", "must be at most 5, is 6");
    breaks(
        |m| m.an_int64 = i64::MIN,
        "anInt64",
        "int64.gte",
        "must be at least -5, is -9223372036854775808",
    );
    breaks(
        |m| m.a_uint32 = 0,
        "aUint32",
        "uint32.gt",
        "must be greater than 0, is 0",
    );
    keeps(|m| m.a_uint32 = u32::MAX - 1);
    breaks(
        |m| m.a_uint32 = u32::MAX,
        "aUint32",
        "uint32.lte",
        "must be at most 4294967294, is 4294967295",
    );
    breaks(|m| m.a_uint64 = 0, "aUint64", "uint64.gte", "must be at least 1, is 0");
    keeps(|m| m.a_uint64 = u64::MAX - 1);
    breaks(
        |m| m.a_uint64 = u64::MAX,
        "aUint64",
        "uint64.lt",
        "must be less than 18446744073709551615, is 18446744073709551615",
    );
    breaks(
        |m| m.a_fixed64 = 6,
        "aFixed64",
        "fixed64.gte",
        "must be at least 7, is 6",
    );
}

#[test]
fn lengths() {
    keeps(|m| m.exactly = "é☃𝄞".into());
    breaks(
        |m| m.exactly = "ab".into(),
        "exactly",
        "string.len",
        "must be exactly 3 characters, is 2",
    );
    breaks(
        |m| m.exactly = "abcd".into(),
        "exactly",
        "string.len",
        "must be exactly 3 characters, is 4",
    );
    keeps(|m| m.chars = "𝄞𝄞𝄞𝄞".into());
    breaks(
        |m| m.chars = "é".into(),
        "chars",
        "string.min_len",
        "must be at least 2 characters, is 1",
    );
    breaks(
        |m| m.chars = "abcde".into(),
        "chars",
        "string.max_len",
        "must be at most 4 characters, is 5",
    );
    keeps(|m| m.text_bytes = "éé".into());
    breaks(
        |m| m.text_bytes = "a".into(),
        "textBytes",
        "string.min_bytes",
        "must be at least 2 bytes, is 1",
    );
    breaks(
        |m| m.text_bytes = "ééa".into(),
        "textBytes",
        "string.max_bytes",
        "must be at most 4 bytes, is 5",
    );
    breaks(
        |m| m.digest = Bytes::from_static(b"123"),
        "digest",
        "bytes.len",
        "must be exactly 4 bytes, is 3",
    );
    breaks(
        |m| m.digest = Bytes::new(),
        "digest",
        "bytes.len",
        "must be exactly 4 bytes, is 0",
    );
    keeps(|m| m.blob = Bytes::from_static(b"123"));
    breaks(
        |m| m.blob = Bytes::new(),
        "blob",
        "bytes.min_len",
        "must be at least 1 byte, is 0",
    );
    breaks(
        |m| m.blob = Bytes::from_static(b"1234"),
        "blob",
        "bytes.max_len",
        "must be at most 3 bytes, is 4",
    );
}

#[test]
fn patterns() {
    for good in ["a-12", "abc-123"] {
        keeps(|m| m.simple = good.into());
    }
    for bad in [
        "", "-12", "a-1", "a-1234", "A-12", "a-12\n", "a-12 ", " a-12", "é-12", "a--12", "a12",
    ] {
        breaks(
            |m| m.simple = bad.into(),
            "simple",
            "string.pattern",
            "must match ^[a-z]+-[0-9]{2,3}$",
        );
    }
    for good in ["abz", "ababz", "abcz", "abzz"] {
        keeps(|m| m.complex = good.into());
    }
    for bad in ["", "ab", "z", "abz\n"] {
        breaks(
            |m| m.complex = bad.into(),
            "complex",
            "string.pattern",
            "must match ^(ab)+[a-z]*z$",
        );
    }
    breaks(
        |m| m.prefix = "x".into(),
        "prefix",
        "string.prefix",
        "must begin with x-",
    );
    keeps(|m| m.prefix = "x-y".into());
    keeps(|m| m.chosen = "two".into());
    breaks(
        |m| m.chosen = String::new(),
        "chosen",
        "string.in",
        "must be one of one, two",
    );
    keeps(|m| m.uuid = "0193B2A4-7C1E-7D3A-9A51-0C8F3D2E4B6A".into());
    for bad in [
        "",
        "0193b2a47c1e7d3a9a510c8f3d2e4b6a",
        "0193b2a4-7c1e-7d3a-9a51-0c8f3d2e4b6",
        "0193b2a4-7c1e-7d3a-9a51-0c8f3d2e4b6ag",
        "0193b2a4-7c1e-7d3a-9a51-0c8f3d2e4b6g",
    ] {
        breaks(|m| m.uuid = bad.into(), "uuid", "string.uuid", "must be a UUID");
    }
}

#[test]
fn enums() {
    keeps(|m| m.defined = -1);
    breaks(
        |m| m.defined = 3,
        "defined",
        "enum.defined_only",
        "must be a value of Color, is 3",
    );
    keeps(|m| m.among = 2);
    breaks(
        |m| m.among = 0,
        "among",
        "enum.in",
        "must be one of COLOR_RED, COLOR_BLUE",
    );
    keeps(|m| m.except = 8);
    breaks(
        |m| m.except = 0,
        "except",
        "enum.not_in",
        "must not be COLOR_UNSPECIFIED, 7",
    );
    breaks(
        |m| m.except = 7,
        "except",
        "enum.not_in",
        "must not be COLOR_UNSPECIFIED, 7",
    );
}

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
