//! The TypeScript package: what is made of a few lines of schema, and what is refused.

use crate::tiny;
use build_support::emit::typescript::typescript;

/// One file of the package.
fn made(file: &str, proto: &str) -> String {
    let schema = tiny::load(proto).unwrap_or_else(|error| panic!("{error}"));
    let files = typescript(&schema).unwrap_or_else(|error| panic!("{error}"));
    let found = files.into_iter().find(|(name, _)| *name == file);
    found.expect("a file of this name").1
}

fn refused(proto: &str, element: &str, words: &str) {
    let schema = tiny::load(proto).unwrap_or_else(|error| panic!("{error}"));
    let error = match typescript(&schema) {
        Ok(_) => panic!("taken, but should be refused with `{words}`: {proto}"),
        Err(error) => error.to_string(),
    };
    let place = format!("tiny/v1/tiny.proto: {element}: ");
    assert!(
        error.starts_with(&place) && error.contains(words),
        "`{place}…{words}` expected, but it is:\n{error}"
    );
}

/// Methods with a route each.
fn service(methods: &[(&str, &str)]) -> String {
    let methods = methods.iter().map(|(signature, options)| {
        let path = signature.split('(').next().unwrap_or_default().to_lowercase();
        let route = if options.contains("google.api.http") {
            String::new()
        } else {
            format!("option (google.api.http) = {{get: '/v1/{path}'}};")
        };
        format!(
            "// Does {path}.\nrpc {signature} {{ {route} option (parlance.policy) = {{caller: USER, rate: READ}};
             option (parlance.call) = {{effect: READ, timeout: {{seconds: 5}}, attempts: 3}}; {options} }}"
        )
    });
    format!(
        "// Makes tea. service\nservice Kitchen {{ {} }}",
        methods.collect::<String>()
    )
}

fn kitchen() -> String {
    let boil = "option (google.api.http) = {post: '/v1/pots/{pot_id}/boil', body: '*'};
                option (parlance.errors) = {reasons: [KETTLE_EMPTY]};";
    let list = "option (parlance.errors) = {}; option (parlance.page) = {default_size: 10, max_size: 50};";
    let service = service(&[
        ("Boil(BoilRequest) returns (BoilResponse)", boil),
        ("ListCups(ListCupsRequest) returns (ListCupsResponse)", list),
    ]);
    format!(
        r#"{service}
        // How strong.
        enum Strength {{
          // Not said.
          STRENGTH_UNSPECIFIED = 0;
          // As it comes.
          STRENGTH_WEAK = 1;
          // */ It stands by itself.
          STRENGTH_STRONG = 2;
        }}
        message BoilRequest {{
          // Which.
          uint64 pot_id = 1 [(parlance.id) = "PotId", (buf.validate.field).uint64.gt = 0];
          Strength strength = 2 [(buf.validate.field).enum = {{defined_only: true, not_in: [0]}}];
          string label = 3 [(buf.validate.field).string = {{min_len: 1, pattern: "^[a-z.]+[0-9]?$"}}];
          oneof sweet {{ uint32 sugar = 4 [(buf.validate.field).uint32.lte = 3]; Honey honey = 5; }}
          repeated uint64 guest_ids = 6 [(parlance.id) = "GuestId", (buf.validate.field).repeated = {{max_items: 9, unique: true}}];
        }}
        message Honey {{ optional string flower = 1; int64 grams = 2 [(buf.validate.field).int64.gte = -5]; }}
        message BoilResponse {{
          oneof result {{ option (buf.validate.oneof).required = true; Cup cup = 1; string excuse = 2; }}
        }}
        // A cup.
        message Cup {{
          // What is in it.
          string tea = 1;
          Strength strength = 2;
          google.protobuf.Timestamp filled_at = 3;
          map<string, uint64> sips = 4;
          repeated Strength history = 5;
          bytes photo = 6;
          double heat = 7;
        }}
        message ListCupsRequest {{ uint32 page_size = 1; string page_token = 2; }}
        message ListCupsResponse {{ repeated Cup cups = 1; string next_page_token = 2; }}
        "#
    )
}

#[test]
fn messages_are_interfaces_ids_are_branded_and_oneofs_exclude() {
    insta::assert_snapshot!(made("messages.ts", &kitchen()));
}

#[test]
fn tables_hold_the_rules() {
    insta::assert_snapshot!(made("tables.ts", &kitchen()));
}

#[test]
fn calls_have_a_method_lists_an_iterator_and_errors_their_reasons() {
    insta::assert_snapshot!(made("services.ts", &kitchen()));
    insta::assert_snapshot!(made("errors.ts", &kitchen()));
    insta::assert_snapshot!(made("validate.ts", &kitchen()));
}

#[test]
fn frames_are_asked_and_answered() {
    let frames = r#"
        message ClientFrame {
          uint64 request_id = 1;
          oneof body {
            option (buf.validate.oneof).required = true;
            // Knocks.
            Ping ping = 2 [(parlance.frame) = {reply: "pong"}];
            // Boils.
            BoilRequest boil_it = 3 [(parlance.frame) = {rpc: "tiny.v1.Kitchen.Boil", reply: "boiled"}];
          }
        }
        message ServerFrame {
          uint64 request_id = 1;
          oneof body {
            Pong pong = 2 [(parlance.frame) = {}];
            BoilResponse boiled = 3 [(parlance.frame) = {}];
          }
        }
        message Ping {}
        message Pong {}
    "#;
    insta::assert_snapshot!(made("frames.ts", &format!("{}{frames}", kitchen())));
}

#[test]
fn a_schema_without_calls_makes_a_package_without_calls() {
    for file in ["frames.ts", "tables.ts", "validate.ts"] {
        assert!(made(file, "message Cup {}").ends_with("export {};\n"), "{file}");
    }
}

#[test]
fn what_typescript_cannot_say_is_refused() {
    let errors = "option (parlance.errors) = {};";
    let boil = service(&[("Boil(BoilRequest) returns (Tell)", errors)]);
    let twice = "message BoilRequest { Outer.Cup a = 1; Cup b = 2; } message Outer { message Cup {} } message Cup {} message Tell {}";
    refused(
        &format!("{boil} {twice}"),
        "tiny.v1.Outer.Cup",
        "`Cup` is tiny.v1.Cup already",
    );
    let ours = "message BoilRequest { Session session = 1; } message Session {} message Tell {}";
    refused(
        &format!("{boil} {ours}"),
        "tiny.v1.Session",
        "`Session` is something that the package is made of",
    );
    let id = "message BoilRequest { uint64 tell = 1 [(parlance.id) = 'Tell']; } message Tell {}";
    refused(&format!("{boil} {id}"), "tiny.v1.Tell", "`Tell` is an id already");
    let word = r#"message BoilRequest { string name = 1 [(buf.validate.field).string.pattern = "(?m)^tea"]; } message Tell {}"#;
    refused(
        &format!("{boil} {word}"),
        "tiny.v1.BoilRequest.name",
        "has no form in JavaScript",
    );
    let page = "option (parlance.errors) = {}; option (parlance.page) = {default_size: 10, max_size: 50};";
    let list = service(&[
        ("ListAllCups(Ask) returns (Tell)", errors),
        ("ListCups(ListCupsRequest) returns (ListCupsResponse)", page),
    ]);
    let cups = "message Ask {} message Tell {} message Cup {} message ListCupsRequest { uint32 page_size = 1; string page_token = 2; }
                message ListCupsResponse { repeated Cup cups = 1; string next_page_token = 2; }";
    refused(
        &format!("{list} {cups}"),
        "tiny.v1.Kitchen.ListCups",
        "`listAllCups` in TypeScript has the name of another call",
    );
}
