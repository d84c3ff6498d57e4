//! Methods, routes, policies, errors, pages, topics and frames.

use super::judged;
use crate::base::{edited, release};
use build_support::compare::{
    Surface::{Behaviour, Json, Rest, Security, Stored, Wire},
    compare,
};

#[test]
fn methods_and_routes() {
    judged(&[
        (
            &[("\"/v1/pots\"", "\"/v1/kettles\"")],
            &["PotService.ListPots: route-path-changed"],
            &[Rest],
        ),
        (
            &[("post: \"/v1/pots/{pot_id}/fill\"", "put: \"/v1/pots/{pot_id}/fill\"")],
            &["PotService.FillPot: route-verb-changed"],
            &[Rest],
        ),
        (
            &[("    option (google.api.http) = {get: \"/v1/pots\"};\n", "")],
            &["PotService.ListPots: route-removed"],
            &[Rest],
        ),
        (
            // the key would stand in the query, which no secret may
            &[
                ("fill\", body: \"*\"", "fill\", body: \"pot\""),
                ("(parlance.sensitive) = true, ", ""),
            ],
            &[
                "FillPotRequest.key: secret-exposed",
                "PotService.FillPot: route-body-changed",
            ],
            &[Rest, Security],
        ),
        (
            &[
                (
                    "uint64 pot_id = 1; }\nmessage ListLidsResponse",
                    "uint64 pot_id = 1; uint64 id = 2; }\nmessage ListLidsResponse",
                ),
                ("{pot_id}/lids", "{id}/lids"),
                ("\"/v1/pots/{pot_id}/fill\"", "\"/v2/pots/{pot_id}/fill\""),
            ],
            &[
                "PotService.FillPot: route-path-changed",
                "PotService.ListLids: route-parameter-changed",
            ],
            &[Rest],
        ),
        (
            &[("rpc ListLids(", "rpc ListCovers(")],
            &["PotService.ListLids: method-removed"],
            &[Wire, Rest],
        ),
        (
            &[("rpc KeepPot(KeepPotRequest)", "rpc KeepPot(FillPotRequest)")],
            &["PotRepo.KeepPot: method-types-changed"],
            &[Wire],
        ),
        (
            &[("service PotRepo", "service KettleRepo")],
            &["PotRepo: service-removed"],
            &[Wire],
        ),
    ]);
}

#[test]
fn policies() {
    judged(&[
        (
            &[("caller: ADMIN", "caller: USER")],
            &["PotService.FillPot: policy-loosened"],
            &[Security],
        ),
        (
            &[("caller: ADMIN", "caller: PUBLIC")],
            &["PotService.FillPot: policy-loosened"],
            &[Security],
        ),
        (
            &[(
                "{caller: INTERNAL, rate: UNLIMITED}",
                "{caller: ADMIN, rate: UNLIMITED}",
            )],
            &["PotRepo.KeepPot: policy-loosened"],
            &[Security],
        ),
        (
            &[("rate: WRITE", "rate: SEND")],
            &["PotService.FillPot: rate-changed"],
            &[Behaviour],
        ),
        (
            &[("rate: WRITE", "rate: UNLIMITED")],
            &["PotService.FillPot: rate-changed"],
            &[Security],
        ),
        (
            &[(
                "option (parlance.errors) = {reasons: [KETTLE_EMPTY]};\n    option (parlance.call) = {effect: REPEATABLE",
                "option (parlance.errors) = {reasons: [KETTLE_EMPTY]};\n    option (parlance.call) = {effect: KEYED",
            )],
            &["PotService.FillPot: effect-weakened"],
            &[Behaviour],
        ),
    ]);
    let old = edited(&[("caller: ADMIN", "caller: USER")]);
    let found = compare(&old, &release());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].change.code(), "policy-tightened");
}

#[test]
fn errors() {
    judged(&[
        (
            &[("{reasons: [KETTLE_EMPTY]}", "{}")],
            &["PotService.FillPot: reason-removed"],
            &[Behaviour],
        ),
        (
            &[
                ("{reasons: [KETTLE_EMPTY]}", "{reasons: [NO_WATER]}"),
                ("KETTLE_EMPTY = 1 ", "NO_WATER = 1 "),
            ],
            &[
                "parlance.Reason.KETTLE_EMPTY: catalogue-reason-removed",
                "PotService.FillPot: reason-removed",
            ],
            &[Wire, Json, Behaviour],
        ),
        (
            &[("http: 409", "http: 412")],
            &["parlance.Reason.KETTLE_EMPTY: reason-status-changed"],
            &[Rest],
        ),
        (
            &[("code: FAILED_PRECONDITION", "code: NOT_FOUND")],
            &["parlance.Reason.KETTLE_EMPTY: reason-code-changed"],
            &[Wire],
        ),
        (
            &[("close: 1013", "close: 1012")],
            &["parlance.Reason.UNAVAILABLE: reason-close-changed"],
            &[Behaviour],
        ),
        (
            &[("retryable: true, ", "")],
            &["parlance.Reason.UNAVAILABLE: reason-retryable-changed"],
            &[Behaviour],
        ),
    ]);
}

#[test]
fn pages() {
    judged(&[
        (
            &[("max_size: 100", "max_size: 99")],
            &["PotService.ListPots: page-size-lowered"],
            &[Behaviour],
        ),
        (
            &[
                (
                    "message ListPotsRequest { uint32 page_size = 1; string page_token = 2; }",
                    "message ListPotsRequest { uint32 page_size = 1; string page_token = 2; string after = 3; }",
                ),
                ("{default_size: 10, ", "{cursor: \"after\", default_size: 10, "),
            ],
            &["PotService.ListPots: page-fields-changed"],
            &[Behaviour],
        ),
        (
            &[
                (
                    "message ListLidsRequest { uint64 pot_id = 1; }",
                    "message ListLidsRequest { uint64 pot_id = 1; uint32 page_size = 2; string page_token = 3; }",
                ),
                (
                    "repeated Pot lids = 1;",
                    "repeated Pot lids = 1; string next_page_token = 2;",
                ),
                (
                    "{get: \"/v1/pots/{pot_id}/lids\"};",
                    "{get: \"/v1/pots/{pot_id}/lids\"}; option (parlance.page) = {default_size: 1, max_size: 1};",
                ),
            ],
            &["PotService.ListLids: paging-changed"],
            &[Behaviour],
        ),
    ]);
}

#[test]
fn topics() {
    judged(&[
        (
            &[("name: \"tiny.boiled\"", "name: \"tiny.cooked\"")],
            &["Boiled: topic-renamed"],
            &[Stored],
        ),
        (
            &[("key: \"pot_id\"", "key: \"cook_id\"")],
            &["Boiled: topic-key-changed"],
            &[Stored],
        ),
        (
            &[("partitions: 4", "partitions: 8")],
            &["Boiled: topic-partitions-changed"],
            &[Stored],
        ),
        (
            &[(
                "partitions: 4, retention: {seconds: 60}",
                "partitions: 4, retention: {seconds: 59}",
            )],
            &["Boiled: topic-retention-shortened"],
            &[Stored],
        ),
        (
            &[("dead_letter: \"tiny.dead\"", "dead_letter: \"tiny.dead2\"")],
            &["Boiled: topic-dead-letter-changed"],
            &[Behaviour],
        ),
        (
            &[("dead_letter: \"tiny.dead\", ", "")],
            &["Boiled: topic-dead-letter-changed"],
            &[Behaviour],
        ),
        (
            &[(
                "dead_letter: \"tiny.dead\", durability: DISK",
                "dead_letter: \"tiny.dead\", durability: MEMORY",
            )],
            &["Boiled: topic-durability-lowered"],
            &[Stored],
        ),
        (
            &[(
                "dead_letter: \"tiny.dead\", durability: DISK",
                "dead_letter: \"tiny.dead\", durability: DISK, per_instance: true",
            )],
            &["Boiled: topic-sharing-changed"],
            &[Stored],
        ),
        (
            &[(
                ", retry: {attempts: 3, first_pause: {seconds: 1}, longest_pause: {seconds: 9}}",
                "",
            )],
            &["Fried: topic-retry-removed"],
            &[Stored],
        ),
        (
            &[(
                "  option (parlance.topic) = {name: \"tiny.dead2\", partitions: 1, retention: {seconds: 60}, durability: DISK};\n",
                "",
            )],
            &["Dead2: topic-removed"],
            &[Stored],
        ),
    ]);
}

#[test]
fn frames() {
    judged(&[
        (
            &[("Knock knock = 3", "Knock knock = 4")],
            &["ClientFrame.knock: field-number-changed"],
            &[Wire],
        ),
        (
            &[
                ("    Whistle whistle = 4 [(parlance.frame) = {}];\n", ""),
                (
                    "Knock knock = 3",
                    "Whistle whistle = 4 [(parlance.frame) = {}]; Knock knock = 3",
                ),
            ],
            &["ServerFrame.whistle: frame-direction-changed"],
            &[Wire],
        ),
        (
            &[("reply: \"who\"", "reply: \"whistle\"")],
            &["ClientFrame.knock: frame-reply-changed"],
            &[Behaviour],
        ),
        (
            &[(
                "{rpc: \"tiny.v1.PotService.FillPot\", reply: \"filled\"}",
                "{reply: \"filled\"}",
            )],
            &["ClientFrame.fill: frame-rpc-changed"],
            &[Behaviour],
        ),
        (
            &[
                ("    Whistle whistle = 4 [(parlance.frame) = {}];\n", ""),
                ("message Whistle {}", ""),
            ],
            &[
                "ServerFrame.whistle: field-removed",
                "ServerFrame.whistle: not-reserved",
                "Whistle: message-removed",
            ],
            &[Wire, Json],
        ),
    ]);
}
