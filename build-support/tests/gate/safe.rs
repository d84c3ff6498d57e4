//! Changes that break nobody.

use crate::{
    base::RELEASE,
    tiny::{HEAD, Tiny},
};
use crate::{
    base::{edited, release},
    tiny::Edit,
};
use build_support::compare::compare;

#[test]
fn nobody_breaks() {
    let cases: &[(&str, &[Edit<'_>])] = &[
        ("nothing changed", &[]),
        (
            "a field more",
            &[("uint32 litres = 6;", "uint32 litres = 6; string colour = 10;")],
        ),
        (
            "a field more in what is asked, with a rule that absence fulfils",
            &[(
                "Pot pot = 6;",
                "Pot pot = 6; string who = 7 [(buf.validate.field).string.max_len = 9];",
            )],
        ),
        (
            "an optional field more, whose rule counts only when it is there",
            &[(
                "Pot pot = 6;",
                "Pot pot = 6; optional string who = 7 [(buf.validate.field).string.min_len = 1];",
            )],
        ),
        (
            "a field more that is required, but only in what the server says",
            &[(
                "message FillPotResponse { Pot pot = 1; }",
                "message FillPotResponse { Pot pot = 1; Tea tea = 2 [(buf.validate.field).required = true]; }",
            )],
        ),
        (
            "a rule on what only the server says",
            &[(
                "repeated Pot lids = 1;",
                "repeated Pot lids = 1 [(buf.validate.field).repeated.max_items = 9];",
            )],
        ),
        ("a loosened rule", &[("max_len: 64", "max_len: 65")]),
        (
            "a rule less",
            &[(
                "(buf.validate.field).uint64.gt = 0",
                "(parlance.example) = \"\\\"1\\\"\"",
            )],
        ),
        (
            "the same bound written otherwise",
            &[("uint64.gt = 0", "uint64.gte = 1")],
        ),
        ("a wider list", &[("max_items: 5", "max_items: 50")]),
        ("a value more", &[("KIND_CLAY = 2;", "KIND_CLAY = 2; KIND_GLASS = 3;")]),
        ("another name for a oneof", &[("oneof content {", "oneof filling {")]),
        (
            "a member more in a oneof",
            &[("Tea tea = 8; }", "Tea tea = 8; Knock soup = 10; }")],
        ),
        ("comments", &[("message Water {}", "// Clear.\nmessage Water {}")]),
        (
            "a message in another place",
            &[
                ("message Unused { string nothing = 1; }\n", ""),
                (
                    "message Water {}",
                    "message Unused { string nothing = 1; } message Water {}",
                ),
            ],
        ),
        (
            "a message that nobody has",
            &[("message Unused { string nothing = 1; }\n", "")],
        ),
        (
            "a method more",
            &[(
                "service PotRepo {",
                "service PotRepo { rpc DropPot(Water) returns (Tea) { option (parlance.policy) = {caller: INTERNAL, rate: UNLIMITED}; option (parlance.errors) = {}; option (parlance.call) = {effect: KEYED, timeout: {seconds: 5}, attempts: 1}; }",
            )],
        ),
        (
            "a route more",
            &[(
                "{get: \"/v1/pots\"}",
                "{get: \"/v1/pots\", additional_bindings: {get: \"/v1/kettles\"}}",
            )],
        ),
        (
            "a reason more",
            &[
                ("{reasons: [KETTLE_EMPTY]}", "{reasons: [KETTLE_EMPTY, TOO_HOT]}"),
                (
                    "  // It is away.",
                    "  // It is too hot.\n  TOO_HOT = 2 [(error) = {code: ABORTED, http: 409, advice: \"Cool it.\"}];\n  // It is away.",
                ),
            ],
        ),
        ("better advice", &[("\"Wait.\"", "\"Wait a minute.\"")]),
        ("a larger page", &[("max_size: 100", "max_size: 200")]),
        ("another default size", &[("default_size: 10", "default_size: 20")]),
        (
            "a stronger promise",
            &[(
                "option (parlance.policy) = {caller: INTERNAL, rate: UNLIMITED};\n    option (parlance.errors) = {};\n    option (parlance.call) = {effect: REPEATABLE",
                "option (parlance.policy) = {caller: INTERNAL, rate: UNLIMITED};\n    option (parlance.errors) = {};\n    option (parlance.call) = {effect: READ",
            )],
        ),
        (
            "longer patience",
            &[(
                "{reasons: [KETTLE_EMPTY]};\n    option (parlance.call) = {effect: REPEATABLE, timeout: {seconds: 5}",
                "{reasons: [KETTLE_EMPTY]};\n    option (parlance.call) = {effect: REPEATABLE, timeout: {seconds: 9}",
            )],
        ),
        (
            "records kept for longer",
            &[(
                "partitions: 4, retention: {seconds: 60}",
                "partitions: 4, retention: {seconds: 61}",
            )],
        ),
        (
            "dead letters where there were none",
            &[(
                "name: \"tiny.dead2\", partitions: 1,",
                "name: \"tiny.dead2\", partitions: 1, dead_letter: \"tiny.dead\",",
            )],
        ),
        (
            "other pauses between retries",
            &[(
                "retry: {attempts: 3, first_pause: {seconds: 1}",
                "retry: {attempts: 1, first_pause: {seconds: 2}",
            )],
        ),
        (
            "retries where there were none",
            &[(
                "partitions: 4, retention: {seconds: 60},",
                "partitions: 4, retention: {seconds: 60}, retry: {attempts: 3, first_pause: {seconds: 1}, longest_pause: {seconds: 9}},",
            )],
        ),
        (
            "a frame more",
            &[(
                "Knock knock = 3",
                "Tea tea = 9 [(parlance.frame) = {}]; Knock knock = 3",
            )],
        ),
        (
            "a field that is secret now",
            &[("string label = 2", "string label = 2 [(parlance.sensitive) = true]")],
        ),
    ];
    let old = release();
    for (what, edits) in cases {
        let found = compare(&old, &edited(edits));
        assert!(found.is_empty(), "{what} should break nobody, but:\n{}", found[0]);
    }
}

#[test]
fn what_was_the_servers_alone_may_be_set_by_clients() {
    let old = edited(&[(
        "uint32 litres = 6",
        "uint32 litres = 6 [(google.api.field_behavior) = OUTPUT_ONLY]",
    )]);
    assert_eq!(compare(&old, &release()), []);
}

/// Names of elements have no file in them: neither bytes nor JSON nor paths say where something is written down.
#[test]
fn what_moves_to_another_file_breaks_nobody() {
    let repo = RELEASE.find("service PotRepo {").expect("the release has it");
    let end = repo + RELEASE[repo..].find("\n}\n").expect("the service ends") + 3;
    let (service, parts) = (
        &RELEASE[repo..end],
        [
            "message KeepPotRequest { uint64 id = 1; string label = 2; }\n",
            "message KeepPotResponse {}\n",
        ],
    );
    let [water, steam] = [
        "message Water {}\n",
        "enum Kind { KIND_UNSPECIFIED = 0; KIND_IRON = 1; KIND_CLAY = 2; }\n",
    ];
    let moved = Tiny::of(RELEASE)
        .edited(&[
            (service, ""),
            (parts[0], ""),
            (parts[1], ""),
            (water, ""),
            (steam, ""),
            ("package tiny.v1;", "package tiny.v1; import 'tiny/v1/water.proto';"),
        ])
        .file("tiny/v1/pot_repo.proto", &format!("{HEAD}{service}{}", parts.concat()))
        .file("tiny/v1/water.proto", &format!("{HEAD}{water}{steam}"));
    let moved = moved.load().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(moved.services.len(), release().services.len());
    assert_eq!(compare(&release(), &moved), []);
}
