//! JSON that is refused: with which rule, at which path, in which words.

use im_schema::parlance::Reason;
use schema_corpus::{Every, failure::Failure, json};

#[track_caller]
fn fail(input: &str) -> Failure {
    json::from_slice::<Every>(input.as_bytes()).expect_err(input)
}

/// The input breaks this rule at this path.
#[track_caller]
fn breaks(input: &str, field: &str, rule: &str) {
    let failure = fail(input);
    assert_eq!(failure.reason(), Reason::InvalidArgument, "{input}: {failure}");
    let [violation] = failure.broken_rules() else {
        panic!("{input}: {failure:?}")
    };
    assert_eq!(
        (violation.field.as_str(), violation.rule),
        (field, rule),
        "{input}: {}",
        violation.message
    );
}

#[track_caller]
fn says(input: &str, message: &str) {
    assert_eq!(fail(input).broken_rules()[0].message, message, "{input}");
}

#[test]
fn what_is_not_json_is_malformed_and_the_place_is_named() {
    for input in [
        "",
        "{",
        "nul",
        "{\"anInt32\":}",
        "{\"anInt32\":1,}",
        "{anInt32:1}",
        "{'anInt32':1}",
        "{} x",
        "{}{}",
        "{\"anInt32\":01}",
        "{\"anInt32\":+1}",
        "{\"aDouble\":NaN}",
        "{\"aDouble\":.5}",
        "{\"aDouble\":1.}",
        "{\"aString\":\"\t\"}",
        "{\"aString\":\"\\x\"}",
        "{\"aString\":\"\\ud834\"}",
        "{\"ints\":[1,]}",
        "{\"ints\":[1 2]}",
        "{\"anInt32\":1 /* no */}",
        "\u{feff}{}",
    ] {
        assert_eq!(fail(input).reason(), Reason::Malformed, "{input}");
    }
    assert!(
        fail("{\"anInt32\":1,\n \"aBool\":x}")
            .message()
            .ends_with("at line 2 column 10"),
        "{}",
        fail("{\"anInt32\":1,\n \"aBool\":x}")
    );
    let invalid_utf8 = json::from_slice::<Every>(b"{\"aString\":\"\xff\"}").unwrap_err();
    assert_eq!(invalid_utf8.reason(), Reason::Malformed);
    let deep = "{\"inner\":".repeat(200);
    assert_eq!(fail(&deep).reason(), Reason::Malformed);
}

#[test]
fn unknown_fields_are_named_with_their_path() {
    breaks(r#"{"nope":1}"#, "nope", "unknown_field");
    breaks(
        r#"{"inner":{"children":[{},{"nope":1}]}}"#,
        "inner.children[1].nope",
        "unknown_field",
    );
    breaks(r#"{"AnInt32":1}"#, "AnInt32", "unknown_field");
    breaks(r#"{"nested":{"nope":1}}"#, "nested.nope", "unknown_field");
    breaks(
        r#"{"byInt32":{"7":{"nope":1}}}"#,
        r#"byInt32["7"].nope"#,
        "unknown_field",
    );
    let long = "x".repeat(1000);
    assert_eq!(fail(&format!(r#"{{"{long}":1}}"#)).broken_rules()[0].field.len(), 64);
}

#[test]
fn a_field_stands_there_once() {
    breaks(r#"{"anInt32":1,"anInt32":1}"#, "anInt32", "duplicate_field");
    breaks(r#"{"anInt32":1,"an_int32":1}"#, "anInt32", "duplicate_field");
    breaks(r#"{"anInt32":null,"anInt32":1}"#, "anInt32", "duplicate_field");
    breaks(r#"{"inner":{"ints":[],"ints":[]}}"#, "inner.ints", "duplicate_field");
    breaks(r#"{"byString":{"a":"","a":""}}"#, r#"byString["a"]"#, "duplicate_field");
    breaks(
        r#"{"byInt32":{"1":{},"1.0":{}}}"#,
        r#"byInt32["1.0"]"#,
        "duplicate_field",
    );
}

#[test]
fn a_oneof_has_one_value() {
    breaks(r#"{"text":"a","number":"1"}"#, "number", "oneof");
    breaks(r#"{"inner":{"flag":false,"hue":0}}"#, "inner.hue", "oneof");
    breaks(r#"{"text":"a","text":"b"}"#, "text", "duplicate_field");
}

#[test]
fn wrong_types() {
    breaks("5", "", "type");
    breaks("null", "", "type");
    breaks("[]", "", "type");
    for value in [
        "true", "[]", "{}", "\"\"", "\" 1\"", "\"1 \"", "\"1a\"", "\"0x1\"", "\"+1\"", "\"01\"", "\"1.\"", "\".5\"",
        "\"1e\"", "0.5", "\"0.5\"", "\"1e-1\"",
    ] {
        for field in ["anInt32", "aUint64", "aSfixed64", "maybeInt32"] {
            breaks(&format!(r#"{{"{field}":{value}}}"#), field, "type");
        }
    }
    for value in ["1", "true", "{}", "[]"] {
        breaks(&format!(r#"{{"aString":{value}}}"#), "aString", "type");
        breaks(&format!(r#"{{"someBytes":{value}}}"#), "someBytes", "type");
        breaks(&format!(r#"{{"at":{value}}}"#), "at", "type");
        breaks(&format!(r#"{{"lasts":{value}}}"#), "lasts", "type");
        breaks(&format!(r#"{{"mask":{value}}}"#), "mask", "type");
    }
    for value in ["0", "1", "\"true\"", "\"\""] {
        breaks(&format!(r#"{{"aBool":{value}}}"#), "aBool", "type");
    }
    for value in [
        "true", "\"\"", "\"nan\"", "\"inf\"", "\" 1\"", "\"1 \"", "\"-NaN\"", "[]",
    ] {
        breaks(&format!(r#"{{"aDouble":{value}}}"#), "aDouble", "type");
    }
    breaks(r#"{"inner":[]}"#, "inner", "type");
    breaks(r#"{"inner":"{}"}"#, "inner", "type");
    breaks(r#"{"ints":1}"#, "ints", "type");
    breaks(r#"{"ints":{}}"#, "ints", "type");
    breaks(r#"{"ints":[1,"x"]}"#, "ints[1]", "type");
    breaks(r#"{"byString":[]}"#, "byString", "type");
    breaks(r#"{"byString":{"a":1}}"#, r#"byString["a"]"#, "type");
    breaks(r#"{"byInt32":{"x":{}}}"#, r#"byInt32["x"]"#, "type");
    breaks(r#"{"byBool":{"TRUE":0}}"#, r#"byBool["TRUE"]"#, "type");
    breaks(
        r#"{"inner":{"children":[{},{"children":[{"aBool":1}]}]}}"#,
        "inner.children[1].children[0].aBool",
        "type",
    );
}

#[test]
fn null_is_no_item_and_no_value_of_a_map() {
    for field in [
        "ints", "longs", "strings", "blobs", "colors", "children", "times", "doubles",
    ] {
        breaks(&format!(r#"{{"{field}":[null]}}"#), &format!("{field}[0]"), "type");
    }
    breaks(r#"{"byString":{"a":null}}"#, r#"byString["a"]"#, "type");
    breaks(r#"{"byInt32":{"1":null}}"#, r#"byInt32["1"]"#, "type");
}

#[test]
fn out_of_range() {
    for value in ["2147483648", "-2147483649", "\"2147483648\"", "1e10", "\"1e10\""] {
        breaks(&format!(r#"{{"anInt32":{value}}}"#), "anInt32", "range");
    }
    for value in ["-1", "\"-1\"", "4294967296"] {
        breaks(&format!(r#"{{"aUint32":{value}}}"#), "aUint32", "range");
    }
    for value in ["-1", "18446744073709551616", "\"18446744073709551616\"", "1e18"] {
        breaks(&format!(r#"{{"aUint64":{value}}}"#), "aUint64", "range");
    }
    for value in ["9223372036854775808", "\"-9223372036854775809\"", "9007199254740993.0"] {
        breaks(&format!(r#"{{"anInt64":{value}}}"#), "anInt64", "range");
    }
    breaks(r#"{"aFloat":3.5e38}"#, "aFloat", "range");
    breaks(r#"{"aFloat":-1e39}"#, "aFloat", "range");
    breaks(r#"{"aDouble":1e400}"#, "aDouble", "range");
    breaks(r#"{"doubles":[1,-1e999]}"#, "doubles[1]", "range");
    breaks(r#"{"color":2147483648}"#, "color", "range");
}

#[test]
fn unknown_names_of_enums() {
    for value in ["\"COLOR_GREEN\"", "\"color_red\"", "\"\"", "\"1\"", "1.5"] {
        breaks(&format!(r#"{{"color":{value}}}"#), "color", "enum");
    }
    breaks(r#"{"colors":["COLOR_RED","x"]}"#, "colors[1]", "enum");
    breaks(r#"{"color":true}"#, "color", "type");
}

#[test]
fn forms() {
    for value in ["A", "****", "AQID=BA=", "A Q", "-+"] {
        breaks(&format!(r#"{{"someBytes":"{value}"}}"#), "someBytes", "format");
    }
    for value in [
        "",
        "2026-01-31",
        "2026-01-31T12:00:00",
        "2026-01-31t12:00:00Z",
        "2026-01-31T12:00:00z",
        "2026-02-29T12:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T12:60:00Z",
        "2026-01-31T12:00:60Z",
        "2026-01-31 12:00:00Z",
        "2026-01-31T12:00:00.Z",
        "2026-01-31T12:00:00.1234567890Z",
        "2026-01-31T12:00:00,5Z",
        "2026-01-31T12:00:00+1:00",
        "2026-01-31T12:00:00+24:00",
        "2026-01-31T12:00:00ZZ",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "10000-01-01T00:00:00Z",
        "+026-01-31T12:00:00Z",
        " 2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00Z ",
        "2026-01-3éT12:00:0Z",
    ] {
        breaks(&format!(r#"{{"at":"{value}"}}"#), "at", "format");
    }
    for value in [
        "",
        "1",
        "s",
        "1.s",
        ".5s",
        "1.1234567890s",
        "1,5s",
        "1 s",
        "--1s",
        "+1s",
        "1e3s",
        "315576000001s",
        "315576000000.1s",
        "-315576000001s",
        "99999999999999999999s",
    ] {
        breaks(&format!(r#"{{"lasts":"{value}"}}"#), "lasts", "format");
    }
    for value in ["a_b", "a,", ",a", "a..b", ".a", "A", "a b", "a-b", "é"] {
        breaks(&format!(r#"{{"mask":"{value}"}}"#), "mask", "format");
    }
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
fn lenient_reading_still_refuses_what_does_not_fit() {
    let failure = json::from_slice_lenient::<Every>(br#"{"nope":1,"inner":{"anInt32":"x"}}"#).unwrap_err();
    assert_eq!(failure.broken_rules()[0].field, "inner.anInt32");
}

#[test]
fn one_failure_leaves_no_trace_in_the_next() {
    breaks(r#"{"inner":{"nope":1}}"#, "inner.nope", "unknown_field");
    breaks(r#"{"anInt32":[]}"#, "anInt32", "type");
    assert_eq!(fail("{").broken_rules(), []);
}
