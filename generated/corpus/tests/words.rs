//! What a client is told of JSON that is refused: words for people, which never repeat a value, since it may be a secret.

use schema_corpus::{Every, failure::Failure, json};

#[track_caller]
fn fail(input: &str) -> Failure {
    json::from_slice::<Every>(input.as_bytes()).expect_err(input)
}

#[track_caller]
fn says(input: &str, message: &str) {
    assert_eq!(fail(input).broken_rules()[0].message, message, "{input}");
}

#[test]
fn the_words_are_for_people_and_never_repeat_the_value() {
    says(r#"{"aString":12345}"#, "must be a string, is an integer");
    says(r#"{"anInt32":"secret"}"#, "must be a 32-bit integer");
    says(
        r#"{"aUint64":true}"#,
        "must be an unsigned 64-bit integer, is a boolean",
    );
    says(
        r#"{"inner":"secret, expected nothing"}"#,
        "must be an object, is a string",
    );
    says(r#"{"ints":{"secret":1}}"#, "must be an array, is an object");
    says(
        r#"{"color":"secret"}"#,
        "must be the name or the number of a value of Color",
    );
    says(r#"{"at":"secret"}"#, "must be a time like 2026-01-31T12:00:00Z");
    says(r#"{"aBool":null,"nope":1}"#, "is not a field of this message");
    says(r#"{"inner":{"aBool":"secret"}}"#, "must be a boolean, is a string");
}

#[test]
fn the_place_of_what_is_not_json_is_named() {
    let said = fail("{\"anInt32\":1,\n \"aBool\":x}");
    assert!(said.message().ends_with("at line 2 column 10"), "{said}");
}

#[test]
fn one_failure_leaves_no_trace_in_the_next() {
    assert_eq!(fail(r#"{"inner":{"nope":1}}"#).broken_rules()[0].field, "inner.nope");
    assert_eq!(fail(r#"{"anInt32":[]}"#).broken_rules()[0].field, "anInt32");
    assert_eq!(fail("{").broken_rules(), []);
    let deep = "{\"inner\":".repeat(101) + "{";
    assert_eq!(fail(&deep).broken_rules()[0].rule, "depth");
    assert!(json::from_slice::<Every>(br#"{"inner":{}}"#).is_ok());
}
