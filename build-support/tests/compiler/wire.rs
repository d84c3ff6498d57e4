//! JSON and rules on a few lines of schema.

use crate::{emitters::emitted, tiny};
use build_support::{SchemaError, emit::EMITTERS};

/// What an emitter makes for the package `tiny.v1`; the messages of the options come before it, the enums of the catalogue around it.
fn of_tiny(file: &str, proto: &str) -> String {
    let source = emitted(file, proto);
    let items = source
        .split_inclusive("\n}\n")
        .filter(|item| item.contains("crate::tiny::v1"));
    items.collect()
}

/// Why an emitter refuses.
fn refusal(file: &str, proto: &str) -> SchemaError {
    let schema = tiny::load(proto).unwrap_or_else(|error| panic!("{error}"));
    let emitter = EMITTERS
        .iter()
        .find(|emitter| emitter.file == file)
        .expect("an emitter of this name");
    emitter.source(&schema).expect_err("refused")
}

#[test]
fn json_of_each_kind_of_field() {
    insta::assert_snapshot!(of_tiny(
        "json.rs",
        r#"
        enum Leaf {
          option allow_alias = true;
          LEAF_UNSPECIFIED = 0;
          LEAF_GREEN = 1;
          LEAF_SENCHA = 1;
        }
        message Cup {
          uint64 pot_id = 1;
          optional string type = 2;
          repeated Leaf leaves = 3;
          map<int32, Cup> saucers = 4;
          oneof sweet {
            uint32 sugar = 5;
            google.protobuf.Timestamp honey = 6;
          }
          bytes tea = 7 [json_name = "chai"];
        }
        message Nothing {}
        "#,
    ));
}

#[test]
fn rules_of_each_kind() {
    insta::assert_snapshot!(of_tiny(
        "validate.rs",
        r#"
        message Cup {
          uint64 pot_id = 1 [(buf.validate.field).uint64 = {gt: 0, lte: 9}];
          string label = 2 [(buf.validate.field).string = {pattern: "^[a-c]{2,4}$", max_bytes: 4}];
          string motto = 3 [(buf.validate.field).string.pattern = "tea|coffee"];
          repeated string guests = 4 [(buf.validate.field).repeated = {max_items: 3, unique: true, items: {string: {min_len: 1}}}];
          Spoon spoon = 5 [(buf.validate.field).required = true];
          repeated Spoon spoons = 6;
          oneof sweet {
            option (buf.validate.oneof).required = true;
            Spoon honey = 7;
            Free sugar = 8;
          }
          map<string, Spoon> drawer = 9;
        }
        message Spoon { int32 size = 1 [(buf.validate.field).int32.gte = -1]; }
        message Free { Free inner = 1; }
        "#,
    ));
}

#[test]
fn two_fields_of_one_name_in_json_are_refused() {
    let error = refusal(
        "json.rs",
        r#"message Cup { string tea = 1; string chai = 2 [json_name = "Tea"]; string herb = 3 [json_name = "chai"]; }"#,
    );
    insta::assert_snapshot!(error, @"tiny/v1/tiny.proto: tiny.v1.Cup.herb: has the name `chai` in JSON, as has the field `chai`");
}

#[test]
fn a_field_of_a_oneof_cannot_be_required() {
    let error = refusal(
        "validate.rs",
        "message Cup { oneof sweet { string honey = 1 [(buf.validate.field).required = true]; } }",
    );
    insta::assert_snapshot!(error, @"tiny/v1/tiny.proto: tiny.v1.Cup.honey: a field of a oneof cannot be required; the oneof can");
}
