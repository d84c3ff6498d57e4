//! What is made for people to read: AsyncAPI and the reference, of a few lines of schema.

use crate::tiny;
use build_support::{asyncapi, reference};
use std::fmt::Write as _;

/// A call over REST, gRPC and a frame, a frame that the connection answers itself, one that comes unasked, and two topics.
const CAFE: &str = r#"
    // Makes tea.
    service Kitchen {
      // Boils water. It takes a while.
      rpc Boil(BoilRequest) returns (BoilResponse) {
        option (google.api.http) = {post: "/v1/pots/{pot_id}/boil", body: "*"};
        option (parlance.policy) = {caller: USER, rate: WRITE};
        option (parlance.call) = {effect: KEYED, timeout: {nanos: 500000000}, attempts: 3};
        option (parlance.errors) = {reasons: [KETTLE_EMPTY]};
      }
      // Refills all pots.
      rpc Refill(BoilRequest) returns (BoilResponse) {
        option (parlance.policy) = {caller: INTERNAL, rate: UNLIMITED};
        option (parlance.call) = {effect: REPEATABLE, timeout: {seconds: 1}, attempts: 1};
        option (parlance.errors) = {};
      }
    }
    // Asks for hot water.
    message BoilRequest {
      // Which pot.
      uint64 pot_id = 1 [(buf.validate.field).uint64.gt = 0, (parlance.example) = "\"7\""];
      // How hot, by name.
      Heat heat = 2 [(buf.validate.field).enum = {defined_only: true, not_in: [0]}];
      // What to change.
      google.protobuf.FieldMask mask = 4 [(parlance.example) = "\"heat,potId\""];
      // Who waits.
      repeated string guests = 3 [(buf.validate.field).repeated = {max_items: 2, items: {string: {min_len: 1}}}, (parlance.example) = "[\"O'Neil\"]"];
    }
    // How hot.
    enum Heat {
      // Not used.
      HEAT_UNSPECIFIED = 0;
      // For green | white tea.
      HEAT_MILD = 1;
    }
    // It boils.
    message BoilResponse {
      // When it is ready.
      google.protobuf.Timestamp ready_at = 1;
    }
    // From client to server.
    message ClientFrame {
      option (parlance.socket) = {path: "/v1/ws", text: "tiny.json", binary: "tiny.binary"};
      // Chosen by the client.
      uint64 request_id = 1;
      // What is wanted.
      oneof body {
        // Asks whether anybody is there.
        Ping ping = 2 [(parlance.frame) = {reply: "pong"}];
        // Boils water.
        BoilRequest boil = 3 [(parlance.frame) = {rpc: "tiny.v1.Kitchen.Boil", reply: "boil"}];
      }
    }
    // From server to client.
    message ServerFrame {
      // That of the client's frame.
      uint64 request_id = 1;
      // What there is to say.
      oneof body {
        // Somebody is there.
        Pong pong = 2 [(parlance.frame) = {}];
        // Answers `boil`.
        BoilResponse boil = 3 [(parlance.frame) = {}];
        // It was refused.
        Problem error = 4 [(parlance.frame) = {
          cause: {frame: "boil" with: '{"heat": "HEAT_MILD"}' answers: true gives: '{"reason": "KETTLE_EMPTY"}'}
        }];
        // Tea is served.
        Tea tea = 5 [(parlance.frame) = {cause: {frame: "boil" by_another: true}}];
      }
    }
    // Asks.
    message Ping {}
    // Answers.
    message Pong {}
    // A cup, or a pot.
    message Tea {
      // Which.
      oneof vessel {
        // So many cups.
        uint32 cups = 1 [(parlance.example) = "2"];
        // The whole pot.
        bool pot = 2;
      }
    }
    // Why not.
    message Problem {
      // A reason.
      string reason = 1 [(parlance.example) = "\"KETTLE_EMPTY\""];
    }
    // An order on its way to the kitchen. In order of arrival.
    message Order {
      option (parlance.topic) = {
        name: "orders" key: "table" partitions: 2 retention: {seconds: 172800} dead_letter: "dead" durability: DISK
      };
      // Which table.
      uint64 table = 1 [(parlance.example) = "\"4\""];
    }
    // An order that nobody understands.
    message Dead {
      option (parlance.topic) = {name: "dead" partitions: 1 retention: {nanos: 5000000} durability: MEMORY per_instance: false};
      // Its bytes.
      bytes payload = 1;
    }
    // What one kitchen calls out.
    message Bell {
      option (parlance.topic) = {name: "bell" partitions: 1 retention: {seconds: 1} durability: MEMORY per_instance: true};
    }
"#;

/// The pages, each under its path.
fn pages(proto: &str) -> String {
    let schema = tiny::load(proto).unwrap_or_else(|error| panic!("{error}"));
    let mut text = String::new();
    for page in reference(&schema).unwrap_or_else(|error| panic!("{error}")) {
        write!(text, "=== {}\n{}", page.path, page.markdown).expect("a String takes everything");
    }
    text
}

#[test]
fn asyncapi_has_frames_both_ways_and_topics() {
    let schema = tiny::load(CAFE).unwrap_or_else(|error| panic!("{error}"));
    let document = asyncapi(&schema).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        Ok(&document),
        asyncapi(&schema).as_ref(),
        "the bytes depend on nothing but the schema"
    );
    insta::assert_snapshot!(document);
}

#[test]
fn asyncapi_of_a_schema_without_events_is_empty() {
    let schema = tiny::load("message M {}").unwrap_or_else(|error| panic!("{error}"));
    insta::assert_snapshot!(
        asyncapi(&schema)
            .unwrap_or_else(|error| panic!("{error}"))
            .split_once("\"defaultContentType\"")
            .expect("it has one")
            .1
    );
}

#[test]
fn the_reference_has_a_page_for_each_call_frame_and_reason() {
    let text = pages(CAFE);
    assert_eq!(text, pages(CAFE), "the bytes depend on nothing but the schema");
    // the index's own words are the same for every schema
    let (_, rest) = text.split_once("## Calls").expect("the index lists the calls");
    let (index, rest) = rest
        .split_once("## What samples stand for")
        .expect("the index explains the samples");
    let (_, rest) = rest.split_once("=== calls/").expect("calls follow");
    insta::assert_snapshot!(format!("{index}\n=== calls/{rest}"));
}

/// Fails unless both a document can be made of the schema, and `made` of the changed schema is refused.
fn refused<T>(
    from: &str,
    to: &str,
    made: impl Fn(&build_support::model::Schema) -> Result<T, build_support::SchemaError>,
    words: &str,
) {
    assert!(CAFE.contains(from), "the schema has no `{from}`");
    let schema = tiny::load(&CAFE.replacen(from, to, 1)).unwrap_or_else(|error| panic!("{error}"));
    match made(&schema) {
        Ok(_) => panic!("taken, but should be refused with `{words}`"),
        Err(error) => assert_eq!(error.to_string(), words),
    }
}

#[test]
fn frames_without_a_socket_cannot_be_described() {
    refused(
        r#"option (parlance.socket) = {path: "/v1/ws", text: "tiny.json", binary: "tiny.binary"};"#,
        "",
        asyncapi,
        "tiny/v1/tiny.proto: tiny.v1.ClientFrame: has frames, but no (parlance.socket) that says where they can be sent",
    );
}

#[test]
fn a_topic_is_not_called_as_the_socket_is() {
    refused(
        r#"name: "bell""#,
        r#"name: "socket""#,
        asyncapi,
        "tiny/v1/tiny.proto: tiny.v1.Bell: the topic cannot be called `socket`: in the description that is the WebSocket",
    );
}

#[test]
fn a_call_that_cannot_be_shown_is_refused() {
    let pot = "tiny/v1/tiny.proto: tiny.v1.BoilRequest.pot_id: is required and has no example, so that there is no sample of tiny.v1.BoilRequest";
    let example = r#", (parlance.example) = "\"7\"""#;
    refused(example, "", reference, pot);
    refused(
        "// Boils water. It takes a while.",
        "",
        reference,
        "tiny/v1/tiny.proto: tiny.v1.Kitchen.Boil: has no comment, so its page would not say what it does",
    );
    refused(
        "// Asks whether anybody is there.",
        "",
        reference,
        "tiny/v1/tiny.proto: tiny.v1.ClientFrame.ping: has no comment, so its page would not say what it does",
    );
}

#[test]
fn a_frame_that_comes_unasked_says_what_brings_it() {
    refused(
        r#"{cause: {frame: "boil" by_another: true}}"#,
        "{}",
        reference,
        "tiny/v1/tiny.proto: tiny.v1.ServerFrame.tea: is the reply of no frame, so its (parlance.frame) needs a `cause`: what makes the server send it",
    );
}

#[test]
fn the_socket_has_its_path_for_itself() {
    let route = r#"post: "/v1/pots/{pot_id}/boil", body: "*""#;
    let proto = CAFE.replacen(route, r#"post: "/v1/ws", body: "*""#, 1);
    let error = tiny::load(&proto).expect_err("two things at one path").to_string();
    let words = "tiny/v1/tiny.proto: tiny.v1.ClientFrame: the socket's path `/v1/ws` is a route of Boil already";
    assert_eq!(error, words);
}

#[test]
fn pages_are_files_of_their_own() {
    refused(
        "rpc Refill(BoilRequest) returns (BoilResponse) {\n        option (parlance.policy) = {caller: INTERNAL, rate: UNLIMITED};",
        "rpc BoIl(BoilRequest) returns (BoilResponse) {\n        option (parlance.policy) = {caller: USER, rate: READ};",
        reference,
        "reference: calls/BoIl.md: and calls/Boil.md would be one file where names are equal without regard to case",
    );
}
