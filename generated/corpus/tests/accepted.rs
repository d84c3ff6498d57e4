//! JSON that is taken, and what it becomes when it is written again.

use schema_corpus::{Every, json};

/// Reads `input` strictly and expects it to be written as `output`.
#[track_caller]
fn becomes(input: &str, output: &str) {
    let message: Every = json::from_slice(input.as_bytes()).unwrap_or_else(|failure| panic!("{input}: {failure}"));
    assert_eq!(json::to_string(&message), output, "{input}");
}

/// Reads `input` strictly and expects it to be written just so.
#[track_caller]
fn stays(input: &str) {
    becomes(input, input);
}

#[test]
fn names_in_json_and_in_the_schema_are_both_taken() {
    becomes(r#"{"an_int32":1,"anInt64":"2"}"#, r#"{"anInt32":1,"anInt64":"2"}"#);
    becomes(r#"{"renamed":"a"}"#, r#"{"@other":"a"}"#);
    stays(r#"{"@other":"a","type":"b","line2":"c"}"#);
    becomes(r#"{"line_2":"c"}"#, r#"{"line2":"c"}"#);
    becomes(r#"{"anI\u006et32":1}"#, r#"{"anInt32":1}"#);
    becomes(" {\n\t\"anInt32\" : 1 }\r\n", r#"{"anInt32":1}"#);
}

#[test]
fn zero_values_are_left_out_and_presence_is_kept() {
    becomes(
        r#"{"anInt32":0,"aString":"","aBool":false,"ints":[],"byString":{},"color":"COLOR_UNSPECIFIED","aDouble":0}"#,
        "{}",
    );
    stays(
        r#"{"maybeInt32":0,"maybeUint64":"0","maybeString":"","maybeBytes":"","maybeBool":false,"maybeColor":"COLOR_UNSPECIFIED","maybeDouble":0.0}"#,
    );
    stays(r#"{"inner":{}}"#);
    stays(r#"{"text":""}"#);
    stays(r#"{"number":"0"}"#);
    stays(r#"{"mask":""}"#);
    stays(r#"{"aDouble":-0.0}"#);
}

#[test]
fn null_is_absent_for_every_field() {
    let names = json::from_slice::<Every>(b"{}")
        .map(|_| <Every as json::Message>::FIELDS)
        .unwrap();
    for name in names {
        becomes(&format!(r#"{{"{name}":null}}"#), "{}");
    }
    becomes(r#"{"text":null,"number":"5"}"#, r#"{"number":"5"}"#);
    becomes(r#"{"number":"5","text":null}"#, r#"{"number":"5"}"#);
}

#[test]
fn integers_of_32_bits() {
    becomes(r#"{"anInt32":"12"}"#, r#"{"anInt32":12}"#);
    becomes(r#"{"anInt32":1e3}"#, r#"{"anInt32":1000}"#);
    becomes(r#"{"anInt32":"1e3"}"#, r#"{"anInt32":1000}"#);
    becomes(r#"{"anInt32":-1.0}"#, r#"{"anInt32":-1}"#);
    becomes(r#"{"anInt32":"1.50e1"}"#, r#"{"anInt32":15}"#);
    becomes(r#"{"anInt32":"1500e-2"}"#, r#"{"anInt32":15}"#);
    becomes(r#"{"anInt32":"0e99999"}"#, "{}");
    becomes(r#"{"anInt32":-0}"#, "{}");
    stays(r#"{"anInt32":2147483647,"aSint32":-2147483648,"aSfixed32":-1}"#);
    stays(r#"{"aUint32":4294967295,"aFixed32":1}"#);
    becomes(r#"{"aUint32":4294967295.0}"#, r#"{"aUint32":4294967295}"#);
}

#[test]
fn integers_of_64_bits() {
    stays(
        r#"{"anInt64":"-9223372036854775808","aUint64":"18446744073709551615","aSint64":"-1","aFixed64":"2","aSfixed64":"-3"}"#,
    );
    becomes(
        r#"{"anInt64":9223372036854775807,"aUint64":18446744073709551615}"#,
        r#"{"anInt64":"9223372036854775807","aUint64":"18446744073709551615"}"#,
    );
    becomes(r#"{"aUint64":1e3}"#, r#"{"aUint64":"1000"}"#);
    becomes(
        r#"{"aUint64":"1.8446744073709551615e19"}"#,
        r#"{"aUint64":"18446744073709551615"}"#,
    );
    becomes(r#"{"longs":[1,"2",3.0]}"#, r#"{"longs":["1","2","3"]}"#);
}

#[test]
fn floats() {
    stays(r#"{"aDouble":1.5,"aFloat":-2.25}"#);
    stays(r#"{"aDouble":"NaN","aFloat":"-Infinity"}"#);
    stays(r#"{"doubles":["Infinity","-Infinity",0.0]}"#);
    becomes(r#"{"aDouble":"1.5e1"}"#, r#"{"aDouble":15.0}"#);
    becomes(r#"{"aDouble":3}"#, r#"{"aDouble":3.0}"#);
    stays(r#"{"aFloat":3.4028235e+38}"#);
    becomes(r#"{"aFloat":1.17549435e-38}"#, r#"{"aFloat":1.1754944e-38}"#);
}

#[test]
fn enums_by_name_or_number_and_unknown_numbers_survive() {
    becomes(r#"{"color":1}"#, r#"{"color":"COLOR_RED"}"#);
    becomes(r#"{"color":"COLOR_AZURE"}"#, r#"{"color":"COLOR_BLUE"}"#);
    becomes(r#"{"color":-1.0}"#, r#"{"color":"COLOR_INFRARED"}"#);
    stays(r#"{"color":77,"colors":["COLOR_RED",-5],"byBool":{"false":99,"true":"COLOR_BLUE"}}"#);
    stays(r#"{"hue":2147483647}"#);
}

#[test]
fn bytes_in_either_alphabet() {
    stays(r#"{"someBytes":"AQIDBA=="}"#);
    becomes(r#"{"someBytes":"AQIDBA"}"#, r#"{"someBytes":"AQIDBA=="}"#);
    becomes(r#"{"someBytes":"-_"}"#, r#"{"someBytes":"+w=="}"#);
    becomes(r#"{"blobs":["","_w","/w=="]}"#, r#"{"blobs":["","/w==","/w=="]}"#);
}

#[test]
fn strings() {
    stays(r#"{"aString":"\"\\\b\f\n\r\t\u0000é☃𝄞"}"#);
    becomes(r#"{"aString":"\/\ud834\udd1e"}"#, r#"{"aString":"/𝄞"}"#);
}

#[test]
fn timestamps() {
    stays(r#"{"at":"1970-01-01T00:00:00Z"}"#);
    stays(r#"{"at":"0001-01-01T00:00:00Z"}"#);
    stays(r#"{"at":"9999-12-31T23:59:59.999999999Z"}"#);
    stays(r#"{"at":"2024-02-29T12:34:56.100Z"}"#);
    stays(r#"{"at":"2000-03-01T00:00:00.000001Z"}"#);
    stays(r#"{"at":"1969-12-31T23:59:59.000000001Z"}"#);
    becomes(
        r#"{"at":"2026-01-31T12:00:00.5Z"}"#,
        r#"{"at":"2026-01-31T12:00:00.500Z"}"#,
    );
    becomes(
        r#"{"at":"2026-01-31T12:00:00.0001Z"}"#,
        r#"{"at":"2026-01-31T12:00:00.000100Z"}"#,
    );
    becomes(
        r#"{"at":"2026-01-01T00:30:00+01:00"}"#,
        r#"{"at":"2025-12-31T23:30:00Z"}"#,
    );
    becomes(
        r#"{"at":"2026-01-01T00:30:00.010-08:30"}"#,
        r#"{"at":"2026-01-01T09:00:00.010Z"}"#,
    );
    becomes(
        r#"{"times":["1970-01-01T00:00:00+00:00"]}"#,
        r#"{"times":["1970-01-01T00:00:00Z"]}"#,
    );
    stays(r#"{"moment":"1900-02-28T00:00:00Z"}"#);
}

#[test]
fn durations() {
    stays(r#"{"lasts":"0s"}"#);
    stays(r#"{"lasts":"1.500s"}"#);
    stays(r#"{"lasts":"-0.000001s"}"#);
    stays(r#"{"lasts":"-315576000000s"}"#);
    stays(r#"{"lasts":"315575999999.999999999s"}"#);
    becomes(r#"{"lasts":"1.5s"}"#, r#"{"lasts":"1.500s"}"#);
    becomes(r#"{"lasts":"1.000000s"}"#, r#"{"lasts":"1s"}"#);
}

#[test]
fn field_masks() {
    stays(r#"{"mask":"displayName,inner.aString,line2"}"#);
    let message: Every = json::from_slice(br#"{"mask":"displayName,inner.aString"}"#).unwrap();
    assert_eq!(message.mask.unwrap().paths, ["display_name", "inner.a_string"]);
}

#[test]
fn maps() {
    stays(
        r#"{"byString":{"":"","a":"b"},"byInt32":{"-1":{},"2":{"anInt32":5}},"byUint64":{"18446744073709551615":"-1"},"byBool":{"false":"COLOR_RED"}}"#,
    );
}

#[test]
fn nested_messages() {
    stays(r#"{"inner":{"inner":{"anInt32":1}},"children":[{},{"children":[{"aBool":true}]}],"nested":{"flag":false}}"#);
}

#[test]
fn lenient_reading_ignores_what_is_unknown() {
    let input = br#"{"nope":{"deep":[1,{"a":null}]},"color":"COLOR_OF_TOMORROW","colors":["COLOR_RED","COLOR_OF_TOMORROW"],"hue":"COLOR_OF_TOMORROW",
        "byBool":{"true":"COLOR_OF_TOMORROW"},"inner":{"nope":1,"anInt32":2}}"#;
    let message: Every = json::from_slice_lenient(input).unwrap();
    assert_eq!(
        json::to_string(&message),
        r#"{"inner":{"anInt32":2},"colors":["COLOR_RED"]}"#
    );
}

#[test]
fn a_writer_gets_the_same() {
    let message: Every = json::from_slice(br#"{"anInt32":1}"#).unwrap();
    let mut out = Vec::new();
    json::to_writer(&mut out, &message).unwrap();
    assert_eq!(out, json::to_vec(&message));
}
