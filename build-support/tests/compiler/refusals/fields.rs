//! Types, rules and options of fields.

use super::refused;
use crate::tiny::load;

fn field_is_refused(field: &str, words: &str) {
    let more = "message Cup { repeated Cup cups = 1; } enum Tea { NONE = 0; GREEN = 1; }";
    refused(&format!("message M {{ {field} }} {more}"), "tiny.v1.M.f", words);
}

#[test]
fn what_is_no_protobuf_is_refused_with_its_place() {
    let error = load("message M { strin f = 1; }")
        .expect_err("no such type")
        .to_string();
    assert!(
        error.starts_with("tiny/v1/tiny.proto: ") && error.contains("strin"),
        "{error}"
    );
    for (field, words) in [
        ("string f = 1 [(buf.validate.field).string.colour = 1];", "colour"),
        // Floating-point numbers have no bounds; `required` is all that can be said of them.
        ("double f = 1 [(buf.validate.field).double.gt = 0];", "double"),
        ("float f = 1 [(buf.validate.field).float.lte = 1];", "float"),
    ] {
        let error = load(&format!("message M {{ {field} }}"))
            .expect_err("no such rule")
            .to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn types_that_are_not_honoured() {
    field_is_refused("google.protobuf.Any f = 1;", "google.protobuf.Any is not honoured");
}

#[test]
fn rules_that_do_not_fit_or_cannot_be_met() {
    for (field, words) in [
        (
            "string f = 1 [(buf.validate.field).uint64.gt = 0];",
            "`uint64` do not fit the field's type",
        ),
        (
            "double f = 1 [(buf.validate.field).uint64.gt = 0];",
            "`uint64` do not fit the field's type",
        ),
        (
            "Cup f = 1 [(buf.validate.field).string.len = 1];",
            "`string` do not fit the field's type",
        ),
        (
            "repeated string f = 1 [(buf.validate.field).string.len = 1];",
            "`repeated.items` is for its items",
        ),
        (
            "map<string, string> f = 1 [(buf.validate.field).string.len = 1];",
            "do not fit a map",
        ),
        (
            "repeated uint64 f = 1 [(buf.validate.field).repeated.items.string.len = 1];",
            "`string` do not fit",
        ),
        (
            "repeated Cup f = 1 [(buf.validate.field).repeated.unique = true];",
            "`repeated.unique` is for scalars",
        ),
        (
            "repeated double f = 1 [(buf.validate.field).repeated.unique = true];",
            "floating-point",
        ),
        (
            "string f = 1 [(buf.validate.field).string.pattern = '['];",
            "the pattern `[` does not compile",
        ),
        (
            "string f = 1 [(buf.validate.field).string = {min_len: 2, max_len: 1}];",
            "the lower limit is above the upper one",
        ),
        (
            "uint32 f = 1 [(buf.validate.field).uint32 = {gt: 4, lt: 5}];",
            "no number is within both bounds",
        ),
    ] {
        field_is_refused(field, words);
    }
}

#[test]
fn patterns_that_engines_read_differently() {
    for (pattern, shorthand, advice) in [
        (r"^\d+$", r"`\d`", "write `[0-9]`"),
        (r"^\D$", r"`\D`", "write `[^0-9]`"),
        (r"^a|\w$", r"`\w`", "write `[A-Za-z0-9_]`"),
        (r"^(a\W){2}$", r"`\W`", "write `[^A-Za-z0-9_]`"),
        (r"^[a-z\s]+$", r"`\s`", r"write `[\t\n\f\r ]`"),
        (r"^[^a[\S]]$", r"`\S`", r"write `[^\t\n\f\r ]`"),
        (r"^a\b", r"`\b`", "at the edge of the word"),
        (r"\Ba$", r"`\B`", "around the place"),
    ] {
        let written = pattern.replace('\\', r"\\");
        let field = format!("string f = 1 [(buf.validate.field).string.pattern = '{written}'];");
        field_is_refused(&field, &format!("the pattern `{pattern}` has {shorthand}"));
        field_is_refused(&field, advice);
    }
    load(r"message M { string f = 1 [(buf.validate.field).string.pattern = '^[0-9]\\\\d$']; }")
        .expect("a backslash and a letter");
}

#[test]
fn options_that_do_not_fit() {
    for (field, words) in [
        (
            "string f = 1 [(parlance.id) = 'PotId'];",
            "(parlance.id) is for uint64 and fixed64",
        ),
        (
            "oneof o { uint64 f = 1 [(parlance.id) = 'PotId']; }",
            "not honoured in a oneof or a map",
        ),
        ("uint64 f = 1 [(parlance.id) = 'pot'];", "`pot` is no name of a type"),
        (
            "Tea pot = 2; uint64 pot_id = 3; uint64 f = 1 [(parlance.id) = ''];",
            "is no name of a type",
        ),
        (
            "uint64 f = 1 [(parlance.example) = '{'];",
            "the example `{` is not JSON",
        ),
        (
            "uint64 f = 1 [(parlance.example) = '1'];",
            "does not fit the field's type",
        ),
        (
            "Tea f = 1 [(parlance.example) = '\"BLACK\"'];",
            "does not fit the field's type",
        ),
        (
            "repeated string f = 1 [(parlance.example) = '\"x\"'];",
            "does not fit the field's type",
        ),
        (
            "Cup f = 1 [(parlance.frame) = {}];",
            "(parlance.frame) is for messages in a oneof",
        ),
    ] {
        field_is_refused(field, words);
    }
    let same = "message M { optional uint64 f = 2; uint64 f_id = 1 [(parlance.id) = 'PotId']; }";
    refused(same, "tiny.v1.M.f_id", "its accessor `f` has the name of another one");
}
