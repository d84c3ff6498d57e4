//! Boundary vectors of a tiny schema: for each kind of rule the value that just keeps it and the one that just breaks it, written down by hand.

#[path = "tiny/mod.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod tiny;

use build_support::vectors::{Vector, vectors};
use serde_json::{Value, json};

/// The vectors of a message with one field `f`.
fn of(field: &str) -> Vec<Vector> {
    let proto = format!("message M {{ {field} }} enum Tea {{ NONE = 0; GREEN = 1; BLACK = 2; }}");
    let schema = tiny::load(&proto).unwrap_or_else(|error| panic!("{field}: {error}"));
    let all = vectors(&schema).unwrap_or_else(|error| panic!("{field}: {error}"));
    all.into_iter()
        .filter(|vector| vector.message == "tiny.v1.M" && vector.field == "f")
        .collect()
}

/// Fails unless there is a vector with each value, and it breaks that rule alone or nothing.
fn verdicts(field: &str, kept: &[Value], rule: &str, broken: &[Value]) {
    let all = of(field);
    let told = |value: &Value| {
        let vector = all.iter().find(|vector| vector.json["f"] == *value);
        let vector = vector.unwrap_or_else(|| panic!("{field}: no vector has {value}: {all:#?}"));
        let rules = vector.broken.iter().map(|it| (it.field.as_str(), it.rule.as_str()));
        rules.collect::<Vec<_>>()
    };
    for value in kept {
        assert_eq!(told(value), [], "{field} should take {value}");
    }
    for value in broken {
        assert_eq!(told(value), [("f", rule)], "{field} should refuse {value}");
    }
}

#[test]
fn numbers_at_each_kind_of_bound() {
    let rule = |type_name: &str, bound: &str| format!("{type_name} f = 1 [(buf.validate.field).{type_name}.{bound}];");
    verdicts(
        &rule("int32", "gt = -3"),
        &[json!(-2)],
        "int32.gt",
        &[json!(-3), json!(-4)],
    );
    verdicts(
        &rule("int32", "gte = -3"),
        &[json!(-3), json!(-2)],
        "int32.gte",
        &[json!(-4)],
    );
    verdicts(
        &rule("uint32", "lt = 7"),
        &[json!(6)],
        "uint32.lt",
        &[json!(7), json!(8)],
    );
    verdicts(
        &rule("uint32", "lte = 7"),
        &[json!(6), json!(7)],
        "uint32.lte",
        &[json!(8)],
    );
    verdicts(
        &rule("uint64", "lte = 18446744073709551614"),
        &[json!("18446744073709551614")],
        "uint64.lte",
        &[json!("18446744073709551615")],
    );
}

#[test]
fn texts_as_long_as_may_be_in_characters_and_in_bytes() {
    let rule = |bound: &str| format!("optional string f = 1 [(buf.validate.field).string.{bound}];");
    let (two, three, four) = (json!("𝄞𝄞"), json!("𝄞𝄞𝄞"), json!("𝄞𝄞𝄞𝄞"));
    verdicts(
        &rule("max_len = 3"),
        &[two.clone(), three.clone()],
        "string.max_len",
        std::slice::from_ref(&four),
    );
    verdicts(
        &rule("min_len = 3"),
        &[three.clone(), four.clone()],
        "string.min_len",
        std::slice::from_ref(&two),
    );
    verdicts(&rule("len = 3"), &[three], "string.len", &[two, four]);
    verdicts(
        &rule("max_bytes = 4"),
        &[json!("aaaa"), json!("éé"), json!("☃a")],
        "string.max_bytes",
        &[json!("aaaaa"), json!("ééa"), json!("☃aa")],
    );
    verdicts(
        &rule("min_bytes = 4"),
        &[json!("éé"), json!("𝄞")],
        "string.min_bytes",
        &[json!("éa"), json!("☃")],
    );
}

#[test]
fn texts_of_a_form() {
    let rule = |bound: &str| format!("optional string f = 1 [(buf.validate.field).string.{bound}];");
    verdicts(
        &rule("prefix = 'to'"),
        &[json!("to"), json!("toé")],
        "string.prefix",
        &[json!("t"), json!(" to"), json!("TO")],
    );
    verdicts(
        &rule("in = 'tea'"),
        &[json!("tea")],
        "string.in",
        &[json!("teax"), json!("TEA")],
    );
    verdicts(
        &rule("pattern = '^[a-c]{2,3}$'"),
        &[json!("aa"), json!("ccc")],
        "string.pattern",
        &[json!("a"), json!("cccc"), json!("aa\n"), json!("AA")],
    );
    let uuid = "0193b2a4-7c1e-7d3a-9a51-0c8f3d2e4b6a";
    verdicts(
        &rule("uuid = true"),
        &[json!(uuid)],
        "string.uuid",
        &[json!(uuid.replace('-', "")), json!(uuid[1..])],
    );
}

#[test]
fn blobs_enums_and_lists() {
    let blob = |length: usize| {
        let all = of("optional bytes f = 1 [(buf.validate.field).bytes.max_len = 3];");
        let found = all.into_iter().find(|vector| vector.case == format!("{length} bytes"));
        found
            .unwrap_or_else(|| panic!("no blob of {length} bytes"))
            .broken
            .len()
    };
    assert_eq!([blob(2), blob(3), blob(4)], [0, 0, 1]);

    let rule = |bound: &str| format!("Tea f = 1 [(buf.validate.field).enum.{bound}];");
    verdicts(
        &rule("defined_only = true"),
        &[json!("BLACK")],
        "enum.defined_only",
        &[json!(3), json!(-1)],
    );
    verdicts(&rule("in = 1"), &[json!("GREEN")], "enum.in", &[json!("BLACK")]);
    verdicts(&rule("not_in = 1"), &[json!("BLACK")], "enum.not_in", &[json!("GREEN")]);

    let lengths = |field: &str| {
        let lists = of(field).into_iter();
        let mut all: Vec<_> = lists
            .filter_map(|it| {
                Some((
                    it.json["f"].as_array()?.len(),
                    it.broken.first().map(|it| it.rule.clone()),
                ))
            })
            .collect();
        all.sort();
        all.dedup();
        all
    };
    let broken = |rule: &str| Some(rule.to_owned());
    assert_eq!(
        lengths("repeated uint32 f = 1 [(buf.validate.field).repeated = {min_items: 2, max_items: 3}];"),
        [
            (1, broken("repeated.min_items")),
            (2, None),
            (3, None),
            (4, broken("repeated.max_items"))
        ]
    );
}

/// The vectors of `message M`, written in full, and what each breaks.
fn all_of(body: &str) -> Vec<(Value, Vec<(String, String)>)> {
    let proto =
        format!("message M {{ {body} }} message Inner {{ string a = 1 [(buf.validate.field).string.max_len = 1]; }}");
    let schema = tiny::load(&proto).unwrap_or_else(|error| panic!("{body}: {error}"));
    let all = vectors(&schema).unwrap_or_else(|error| panic!("{body}: {error}"));
    let told = all
        .into_iter()
        .filter(|vector| vector.message == "tiny.v1.M")
        .map(|vector| {
            let broken = vector.broken.into_iter().map(|it| (it.field, it.rule));
            (vector.json, broken.collect())
        });
    told.collect()
}

/// As it is written: the two zeros are equal as numbers.
fn spelled(value: &Value) -> String {
    value.to_string()
}

/// Fails unless each of these messages is among the vectors and breaks just that: a path and a rule, or nothing.
fn judged(body: &str, expected: &[(Value, &[(&str, &str)])]) {
    let all = all_of(body);
    for (json, broken) in expected {
        let text = spelled(json);
        let found: Vec<_> = all.iter().filter(|(vector, _)| spelled(vector) == text).collect();
        assert!(!found.is_empty(), "{body}: no vector is {text}: {all:#?}");
        for (_, told) in found {
            let told: Vec<_> = told.iter().map(|(path, rule)| (path.as_str(), rule.as_str())).collect();
            assert_eq!(told, *broken, "{body}: {text}");
        }
    }
}

const NOTHING: &[(&str, &str)] = &[];
const MISSING: &[(&str, &str)] = &[("f", "required")];

#[test]
fn what_is_required_may_not_be_zero_where_zero_means_absent() {
    let needed = |kind: &str| format!("{kind} f = 1 [(buf.validate.field).required = true];");
    for (kind, zero, least) in [
        ("int32", json!(0), json!(1)),
        ("fixed64", json!("0"), json!("1")),
        ("bool", json!(false), json!(true)),
        ("string", json!(""), json!("a")),
    ] {
        judged(
            &needed(kind),
            &[
                (json!({}), MISSING),
                (json!({"f": zero}), MISSING),
                (json!({"f": least}), NOTHING),
            ],
        );
        judged(
            &needed(&format!("optional {kind}")),
            &[
                (json!({}), MISSING),
                (json!({"f": zero}), NOTHING),
                (json!({"f": least}), NOTHING),
            ],
        );
    }
    judged(&needed("Inner"), &[(json!({}), MISSING), (json!({"f": {}}), NOTHING)]);
    judged(
        &needed("repeated int32"),
        &[(json!({"f": []}), MISSING), (json!({"f": [1]}), NOTHING)],
    );
    judged(
        &needed("map<string, int32>"),
        &[(json!({"f": {}}), MISSING), (json!({"f": {"1": 1}}), NOTHING)],
    );
}

#[test]
fn floats_that_are_required_are_anything_but_the_two_zeros() {
    for (kind, least) in [("double", 5e-324), ("float", 1e-45)] {
        judged(
            &format!("{kind} f = 1 [(buf.validate.field).required = true];"),
            &[
                (json!({}), MISSING),
                (json!({"f": 0.0}), MISSING),
                (json!({"f": -0.0}), MISSING),
                (json!({"f": least}), NOTHING),
                (json!({"f": -least}), NOTHING),
            ],
        );
    }
    judged(
        "optional double f = 1 [(buf.validate.field).required = true];",
        &[
            (json!({}), MISSING),
            (json!({"f": 0.0}), NOTHING),
            (json!({"f": -0.0}), NOTHING),
        ],
    );
}

#[test]
fn items_that_may_be_there_once() {
    let unique = |kind: &str, more: &str| {
        format!("repeated {kind} f = 1 [(buf.validate.field).repeated = {{unique: true{more}}}];")
    };
    judged(
        &unique("uint32", ", min_items: 1, max_items: 3"),
        &[
            (json!({"f": []}), &[("f", "repeated.min_items")]),
            (json!({"f": [1]}), NOTHING),
            (json!({"f": [1, 2, 3]}), NOTHING),
            (json!({"f": [1, 1]}), &[("f[1]", "repeated.unique")]),
            (json!({"f": [1, 2, 1]}), &[("f[2]", "repeated.unique")]),
            (json!({"f": [1, 2, 3, 4]}), &[("f", "repeated.max_items")]),
        ],
    );
    judged(
        &unique("string", ", items: {string: {max_len: 1}}"),
        &[
            (json!({"f": ["a"]}), NOTHING),
            (json!({"f": ["a", "a"]}), &[("f[1]", "repeated.unique")]),
            (json!({"f": ["a", "b", "a"]}), &[("f[2]", "repeated.unique")]),
            (json!({"f": ["aa"]}), &[("f[0]", "string.max_len")]),
        ],
    );
    judged(
        &unique("int64", ""),
        &[(json!({"f": ["1", "1"]}), &[("f[1]", "repeated.unique")])],
    );
}

#[test]
fn oneofs_and_the_rules_of_their_members() {
    let members = "string a = 1 [(buf.validate.field).string = {min_len: 1, max_len: 2}]; Inner b = 2; int32 c = 3;";
    let both: &[(&str, &str)] = &[("choice", "oneof")];
    let cases: [(Value, &[(&str, &str)]); 10] = [
        (json!({"a": "a"}), NOTHING),
        (json!({"a": "aa"}), NOTHING),
        (json!({"a": ""}), &[("a", "string.min_len")]),
        (json!({"a": "aaa"}), &[("a", "string.max_len")]),
        (json!({"b": {}}), NOTHING),
        (json!({"b": {"a": "aa"}}), &[("b.a", "string.max_len")]),
        (json!({"c": 1}), NOTHING),
        (json!({"a": "a", "b": {}}), both),
        (json!({"a": "a", "c": 1}), both),
        (json!({}), NOTHING),
    ];
    judged(&format!("oneof choice {{ {members} }}"), &cases);
    let required = format!("oneof choice {{ option (buf.validate.oneof).required = true; {members} }}");
    judged(&required, &cases[..9]);
    judged(&required, &[(json!({}), &[("choice", "required")])]);
}
