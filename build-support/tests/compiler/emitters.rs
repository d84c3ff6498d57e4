//! What each emitter makes of a few lines of schema.

use crate::tiny;
use build_support::emit::EMITTERS;

/// The source that one emitter makes.
pub(crate) fn emitted(file: &str, proto: &str) -> String {
    let schema = tiny::load(proto).unwrap_or_else(|error| panic!("{error}"));
    let emitter = EMITTERS
        .iter()
        .find(|emitter| emitter.file == file)
        .expect("an emitter of this name");
    emitter.source(&schema).unwrap_or_else(|error| panic!("{error}"))
}

/// From a line that holds `from` to the end.
fn tail<'a>(source: &'a str, from: &str) -> &'a str {
    source.split_once(from).map_or(source, |(before, _)| {
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        &source[start..]
    })
}

const KITCHEN: &str = r#"
    // Makes tea.
    service Kitchen {
      // Boils water.
      rpc Boil(BoilRequest) returns (BoilResponse) {
        option (parlance.policy) = {caller: USER, rate: WRITE};
        option (parlance.errors) = {reasons: [KETTLE_EMPTY]};
        option (parlance.call) = {effect: KEYED, timeout: {seconds: 2}, attempts: 3};
      }
      // Says what there is.
      rpc Look(LookRequest) returns (LookResponse) {
        option (parlance.policy) = {caller: PUBLIC, rate: READ};
        option (parlance.errors) = {};
        option (parlance.call) = {effect: READ, timeout: {nanos: 500000000}, attempts: 1};
      }
    }
    message BoilRequest { uint64 pot_id = 1; }
    message BoilResponse {}
    message LookRequest {}
    message LookResponse {}
"#;

#[test]
fn messages_follow_packages_and_keep_secrets_out_of_debug() {
    let source = emitted(
        "messages.rs",
        r#"
        // A cup.
        //     let indented = "no code";
        message Cup {
          // What is in it.
          string tea = 1;
          // Not for the log.
          bytes recipe = 2 [(parlance.sensitive) = true];
          google.protobuf.Timestamp filled_at = 3;
          oneof sweet { uint32 sugar = 4; Honey honey = 5; string secret = 6 [(parlance.sensitive) = true]; }
          message Honey {}
        }"#,
    );
    insta::assert_snapshot!(tail(&source, "pub mod tiny"));
}

#[test]
fn what_is_said_of_a_sensitive_field_does_not_repeat_it() {
    let cup = r#"
        enum Tea { TEA_UNSPECIFIED = 0; TEA_GREEN = 1; }
        message Cup {
          uint32 sugar = 1 [(buf.validate.field).uint32 = {gte: 1, lt: 5}, (parlance.sensitive) = true];
          Tea tea = 2 [(buf.validate.field).enum.defined_only = true, (parlance.sensitive) = true];
          repeated Spoon spoons = 3 [(parlance.sensitive) = true];
          map<string, Spoon> guests = 4 [(parlance.sensitive) = true];
        }
        message Spoon { uint32 size = 1 [(buf.validate.field).uint32.gt = 0]; }"#;
    let validators = emitted("validate.rs", cup);
    let (from, to) = ("for crate::tiny::v1::Cup", "for crate::tiny::v1::Spoon");
    let (_, cup_only) = validators.split_once(from).expect("the validator of the cup");
    let cup_only = cup_only.split_once(to).map_or(cup_only, |(before, _)| before);
    insta::assert_snapshot!(cup_only);
    let json = emitted("json.rs", cup);
    assert_eq!(json.matches("map_err(json::conceal)").count(), 2, "{json}");
}

#[test]
fn ids_have_a_newtype_and_accessors() {
    insta::assert_snapshot!(emitted(
        "ids.rs",
        r#"message Cup {
          uint64 pot_id = 1 [(parlance.id) = "PotId"];
          repeated uint64 guest_ids = 2 [(parlance.id) = "GuestId"];
          repeated fixed64 recipients = 3 [(parlance.id) = "GuestId"];
          optional uint64 host = 4 [(parlance.id) = "GuestId"];
        }"#,
    ));
}

#[test]
fn errors_are_the_declared_reasons_and_no_others() {
    insta::assert_snapshot!(emitted("errors.rs", KITCHEN));
}

#[test]
fn services_are_a_trait_a_client_and_what_stands_between() {
    insta::assert_snapshot!(emitted("services.rs", KITCHEN));
}

const LISTS: &str = r#"
    service Shelf {
      rpc ListCups(ListCupsRequest) returns (ListCupsResponse) {
        option (parlance.policy) = {caller: USER, rate: READ};
        option (parlance.errors) = {REASONS};
        option (parlance.call) = {effect: READ, timeout: {seconds: 1}, attempts: 2};
        option (parlance.page) = {default_size: 5, max_size: 10, position: "tiny.v1.Place"};
      }
      rpc ReadDiary(ReadDiaryRequest) returns (ReadDiaryResponse) {
        option (parlance.policy) = {caller: PUBLIC, rate: READ};
        option (parlance.errors) = {};
        option (parlance.call) = {effect: READ, timeout: {seconds: 1}, attempts: 2};
        option (parlance.page) = {size: "most", cursor: "from_day", next: "next_day", default_size: 7, max_size: 31};
      }
    }
    message Place { uint64 row = 1; uint64 column = 2; }
    message Cup {}
    message ListCupsRequest { uint32 page_size = 1; string page_token = 2; string colour = 3; }
    message ListCupsResponse { repeated Cup cups = 1; string next_page_token = 2; }
    message ReadDiaryRequest { uint32 most = 1; uint64 from_day = 2; }
    message ReadDiaryResponse { repeated Cup cups = 1; uint64 next_day = 2; }
"#;

#[test]
fn lists_know_their_pages() {
    let invalid = r#"
      // It is not of this list.
      PAGE_TOKEN_INVALID = 2 [(error) = {code: INVALID_ARGUMENT, http: 400, advice: "Begin again."}];
    }"#;
    let reasons = tiny::REASONS.trim_end().trim_end_matches('}').to_owned() + invalid;
    let declared = LISTS.replace("{REASONS}", "{reasons: [PAGE_TOKEN_INVALID]}");
    let schema = tiny::Tiny::of(&declared)
        .reasons(&reasons)
        .load()
        .unwrap_or_else(|error| panic!("{error}"));
    let emitter = EMITTERS.iter().find(|emitter| emitter.file == "pages.rs").expect("it");
    insta::assert_snapshot!(emitter.source(&schema).unwrap_or_else(|error| panic!("{error}")));

    let schema = tiny::load(&LISTS.replace("{REASONS}", "{}")).unwrap_or_else(|error| panic!("{error}"));
    let error = emitter
        .source(&schema)
        .expect_err("the reason is not declared")
        .to_string();
    assert!(
        error.starts_with("tiny/v1/tiny.proto: tiny.v1.Shelf.ListCups: ") && error.contains("PAGE_TOKEN_INVALID"),
        "{error}"
    );
}

#[test]
fn masks_have_room_for_what_may_be_changed() {
    insta::assert_snapshot!(emitted(
        "masks.rs",
        r#"
        message ChangeRequest { Pot pot = 1; google.protobuf.FieldMask update_mask = 2; }
        // A pot.
        message Pot {
          uint64 pot_id = 1 [(google.api.field_behavior) = IMMUTABLE];
          // What it is called.
          string name = 2;
          repeated string notes = 3;
          Lid lid = 4;
          Pot next = 5;
          oneof content { string tea = 6; Lid soup = 7; }
          google.protobuf.Timestamp made_at = 8 [(google.api.field_behavior) = OUTPUT_ONLY];
        }
        message Lid { string colour = 1; bool tight = 2 [(google.api.field_behavior) = OUTPUT_ONLY]; }
        "#,
    ));
}

#[test]
fn topics_know_their_payloads() {
    insta::assert_snapshot!(emitted(
        "topics.rs",
        r#"
        message Order {
          option (parlance.topic) = {
            name: "orders" key: "table" partitions: 2 retention: {seconds: 60 nanos: 500000000} dead_letter: "dead" durability: DISK
          };
          fixed64 table = 1;
        }
        message Dead { option (parlance.topic) = {name: "dead" partitions: 1 retention: {seconds: 1} durability: MEMORY}; }
        "#,
    ));
}

#[test]
fn frames_lead_to_methods_and_back() {
    let frames = r#"
        message ClientFrame {
          option (parlance.socket) = {path: "/v1/ws", text: "tiny.json", binary: "tiny.binary"};
          uint64 request_id = 1;
          oneof body {
            Ping ping = 2 [(parlance.frame) = {reply: "pong"}];
            BoilRequest boil = 3 [(parlance.frame) = {rpc: "tiny.v1.Kitchen.Boil", reply: "boil"}];
          }
        }
        message ServerFrame {
          uint64 request_id = 1;
          oneof body {
            Pong pong = 2 [(parlance.frame) = {}];
            BoilResponse boil = 3 [(parlance.frame) = {}];
          }
        }
        message Ping {}
        message Pong {}
    "#;
    insta::assert_snapshot!(emitted("frames.rs", &format!("{KITCHEN}{frames}")));
}

#[test]
fn what_comes_out_is_the_same_each_time() {
    for emitter in EMITTERS {
        assert_eq!(
            emitted(emitter.file, KITCHEN),
            emitted(emitter.file, KITCHEN),
            "{}",
            emitter.file
        );
    }
}
