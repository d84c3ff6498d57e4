//! A second opinion on the tables: prost-reflect, which reads ProtoJSON by descriptors. Where it strays from the specification, or the
//! specification leaves a choice, is said here, and nowhere else may the two differ.

use prost::Message;
use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor};
use schema_corpus::{
    DESCRIPTOR_SET, Every,
    cases::{self, Case, Outcome},
    json,
};
use std::collections::BTreeSet;

/// How the oracle differs, and what such inputs contain.
const DEVIATIONS: &[(&str, &[&str])] = &[
    (
        "integers in strings may have an exponent or a fraction; the oracle refuses them",
        &[
            r#":"1e3"}"#,
            r#":"1E3"}"#,
            r#":"1e+3"}"#,
            r#":"10e2"}"#,
            r#":"100.0e1"}"#,
            r#":"1000.000"}"#,
            r#":"10000e-1"}"#,
            r#":"1.50e1"}"#,
            r#":"1500e-2"}"#,
            r#":"0e99999"}"#,
            r#":"0e-99999"}"#,
            r#":"0.000"}"#,
            r#":"1.8446744073709551615e19"}"#,
            r#":"9007199254740993.0"}"#,
            r#"{"1e1":{}}"#,
        ],
    ),
    (
        "numbers of enums are integers like others; the oracle refuses a fraction of zero",
        &[r#""color":-1.0}"#, r#""color":-1e0}"#, r#""color":0.0}"#],
    ),
    (
        "numbers in strings are in JSON's notation; the oracle takes Rust's",
        &[
            r#":"+1"}"#,
            r#":"01"}"#,
            r#":"-01"}"#,
            r#":"00"}"#,
            r#":"1."}"#,
            r#":".5"}"#,
            r#":"nan"}"#,
            r#":"NAN"}"#,
            r#":"inf"}"#,
            r#":"infinity"}"#,
            r#":"+Infinity"}"#,
            r#":"-NaN"}"#,
            r#":"INFINITY"}"#,
        ],
    ),
    (
        "what is out of range is refused; the oracle makes it the largest number, or infinite in strings",
        &[
            r#""aUint64":18446744073709551616}"#,
            r#""aFixed64":18446744073709551616}"#,
            r#""aFloat":"3.5e38"}"#,
            r#""aFloat":"-1e39"}"#,
            r#""aDouble":"1e400"}"#,
            r#""aDouble":"-1e400"}"#,
        ],
    ),
    (
        "the largest float is in range; the oracle refuses it",
        &[r#""aFloat":3.4028235e+38}"#, r#""aFloat":-3.4028235e+38}"#],
    ),
    (
        "a large number that may have lost digits is not guessed; the oracle guesses",
        &[
            r#""anInt64":9007199254740992.0}"#,
            r#""anInt64":9007199254740993.0}"#,
            r#""anInt64":9.007199254740994e15}"#,
        ],
    ),
    (
        "a negative zero keeps its sign; the oracle's way through bytes loses it",
        &[
            r#""aDouble":-0.0}"#,
            r#""aFloat":-0.0}"#,
            r#""aDouble":-0}"#,
            r#""aFloat":-0}"#,
            r#""aDouble":"-0"}"#,
            r#""aFloat":"-0"}"#,
            r#""aDouble":"-0.0"}"#,
            r#""aFloat":"-0.0"}"#,
        ],
    ),
    (
        "a field or key that stands there twice is refused; the oracle takes the last",
        &[
            r#""anInt32":1,"#,
            r#"{"an_int32":1,"anInt32":1}"#,
            r#"{"anInt32":null,"anInt32":1}"#,
            r#"{"@other":"a","renamed":"a"}"#,
            r#""ints":[],"ints":[]"#,
            r#""deeper":{},"deeper":{}"#,
            r#"{"a":"","a":""}"#,
            r#"{"1":{},"1":{}}"#,
        ],
    ),
    (
        "bytes and JSON have the same limit of depth; the oracle has none of its own",
        &[
            r#"{"inner":{"inner":{"inner":{"inner":{"#,
            r#"{"byInt32":{"1":{"byInt32":{"1":{"#,
        ],
    ),
    (
        "padding is whole or absent; the oracle takes a part of it",
        &[r#""AQ=""#],
    ),
    (
        "a minute has 60 seconds in protobuf; the oracle takes a leap second",
        &["T12:00:60Z", "T23:59:60Z"],
    ),
    (
        "nanoseconds have 9 digits; the oracle drops more",
        &["1234567890Z", "1.1234567890s"],
    ),
    (
        "a path of a field mask is made of names in camel case; the oracle takes almost any text",
        &[
            r#""mask":"a,""#,
            r#""mask":",a""#,
            r#""mask":",""#,
            r#""mask":"a..b""#,
            r#""mask":".a""#,
            r#""mask":"a.""#,
            r#""mask":"A""#,
            r#""mask":"a b""#,
            r#""mask":"a-b""#,
            r#""mask":"é""#,
            r#""mask":"a, b""#,
            r#""mask":"*""#,
            r#""mask":"1a""#,
        ],
    ),
];

fn every() -> MessageDescriptor {
    let pool = DescriptorPool::decode(DESCRIPTOR_SET).expect("a descriptor set");
    pool.get_message_by_name("corpus.Every")
        .expect("the message of the tables")
}

/// What the oracle makes of the input: a value, as this crate writes it, or a refusal.
fn opinion(every: &MessageDescriptor, input: &[u8], strict: bool) -> Option<String> {
    let options = DeserializeOptions::new().deny_unknown_fields(strict);
    let mut deserializer = serde_json::Deserializer::from_slice(input);
    let message = DynamicMessage::deserialize_with_options(every.clone(), &mut deserializer, &options).ok()?;
    deserializer.end().ok()?;
    let message = Every::decode(message.encode_to_vec().as_slice()).ok()?;
    Some(json::to_string(&message))
}

fn value(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Value(text) => Some(text.clone()),
        Outcome::Broken(..) | Outcome::Malformed => None,
    }
}

#[test]
fn the_oracle_agrees_but_for_what_is_said() {
    let every = every();
    let said = || DEVIATIONS.iter().flat_map(|(_, fragments)| fragments.iter().copied());
    let mut used = BTreeSet::new();
    let mut wrong = String::new();
    for case @ Case { place, input, .. } in &cases::all() {
        for (strict, expected) in [(true, value(&case.strict)), (false, value(&case.lenient))] {
            let opinion = opinion(&every, input, strict);
            if opinion == expected {
                continue;
            }
            let input = cases::readable(input);
            if let Some(fragment) = said().find(|fragment| input.contains(fragment)) {
                used.insert(fragment);
                continue;
            }
            let say = |it: &Option<String>| {
                it.as_ref()
                    .map_or("refused".to_owned(), |text| cases::readable(text.as_bytes()))
            };
            wrong += &format!(
                "{place} strict: {strict} {input}\n  here {}\n  oracle {}\n",
                say(&expected),
                say(&opinion)
            );
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    let unused: Vec<_> = said().filter(|fragment| !used.contains(fragment)).collect();
    assert!(unused.is_empty(), "no deviation any more: {unused:?}");
}
