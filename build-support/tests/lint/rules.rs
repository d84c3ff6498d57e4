//! For each rule an edit that breaks it: which element, and what is said.

use crate::house::{FILE, house, offences};
use build_support::lint::rules;
use std::collections::BTreeSet;

/// Name of a rule, an edit, the element that breaks it, some words of what is said.
type Case<'a> = (&'a str, (&'a str, &'a str), &'a str, &'a str);

const CASES: &[Case<'_>] = &[
    (
        "file-comment",
        ("// Pots and what is in them.\n", ""),
        "",
        "no comment before `syntax`",
    ),
    (
        "file-imports",
        (
            "import \"google/api/annotations.proto\";\nimport \"google/protobuf/timestamp.proto\";",
            "import \"google/protobuf/timestamp.proto\";\nimport \"google/api/annotations.proto\";",
        ),
        "",
        "`google/protobuf/timestamp.proto` is imported before `google/api/annotations.proto`",
    ),
    (
        "file-order",
        (
            "// Pots.\nservice PotService",
            "// Early.\nmessage Early {}\n// Pots.\nservice PotService",
        ),
        "",
        "after its first message, in line 14",
    ),
    (
        "file-service",
        (
            "// What a pot is made of.",
            "// Lids.\nservice LidService {}\n\n// What a pot is made of.",
        ),
        "LidService",
        "stands in the file of PotService: should be in lid_service.proto or the like",
    ),
    (
        "comment-missing",
        ("// A pot.\nmessage Pot {", "message Pot {"),
        "Pot",
        "no comment before it",
    ),
    ("comment-missing", ("  // Unique.\n", ""), "Pot.pot_id", "no comment"),
    (
        "comment-missing",
        ("  // Iron.\n", ""),
        "PotKind.POT_KIND_IRON",
        "no comment",
    ),
    (
        "comment-missing",
        ("  // Fills a pot.\n", ""),
        "PotService.FillPot",
        "no comment",
    ),
    (
        "comment-missing",
        ("  // What to fill in.\n", ""),
        "FillPotRequest.content",
        "no comment",
    ),
    (
        "comment-sentence",
        ("// Unique.", "// Unique"),
        "Pot.pot_id",
        "ends without a full stop: `Unique`",
    ),
    (
        "comment-sentence",
        ("// Unique.", "// unique."),
        "Pot.pot_id",
        "begins with a small letter",
    ),
    (
        "type-name",
        ("enum PotKind {", "// A.\nmessage Big_pot {}\n// B.\nenum PotKind {"),
        "Big_pot",
        "should be BigPot",
    ),
    (
        "field-name",
        ("string shelf = 2", "string shelfName = 2"),
        "KeepPotRequest.shelfName",
        "should be shelf_name",
    ),
    (
        "id-name",
        (
            "  // Since when.",
            "  // Whose.\n  uint64 owner = 3 [(parlance.id) = \"CookId\"];\n  // Since when.",
        ),
        "Pot.owner",
        "`_id` or `_ids`",
    ),
    (
        "time-name",
        ("Timestamp made_at", "Timestamp made"),
        "Pot.made",
        "`_at` or `_time`",
    ),
    (
        "time-name",
        ("google.protobuf.Timestamp made_at", "uint64 made_at"),
        "Pot.made_at",
        "go together",
    ),
    (
        "service-name",
        ("service PotService", "service Pots"),
        "Pots",
        "should end in Service",
    ),
    (
        "service-name",
        ("service PotRepo", "service Shelf"),
        "Shelf",
        "Service or Repo",
    ),
    (
        "method-name",
        ("rpc FillPot(", "rpc Fill_pot("),
        "PotService.Fill_pot",
        "should be FillPot",
    ),
    (
        "request-name",
        ("rpc KeepPot(KeepPotRequest)", "rpc KeepPot(GetPotRequest)"),
        "PotRepo.KeepPot",
        "uses tiny.v1.GetPotRequest where tiny.v1.KeepPotRequest belongs",
    ),
    (
        "request-name",
        ("rpc FillPot(FillPotRequest)", "rpc FillPot(GetPotRequest)"),
        "PotService.FillPot",
        "shares tiny.v1.GetPotRequest with GetPot",
    ),
    (
        "value-name",
        ("POT_KIND_IRON = 1", "IRON = 1"),
        "PotKind.IRON",
        "should begin with POT_KIND_",
    ),
    (
        "zero-value",
        ("POT_KIND_UNSPECIFIED = 0", "POT_KIND_NONE = 0"),
        "PotKind",
        "should begin with POT_KIND_UNSPECIFIED = 0",
    ),
    (
        "request-bounded",
        (" [(buf.validate.field).string.max_len = 256]", ""),
        "ListPotsRequest.page_token",
        "has no largest length",
    ),
    (
        "request-bounded",
        ("{1,8}$", "{1,}$"),
        "FillPotRequest.water",
        "has no largest length",
    ),
    (
        "request-bounded",
        ("max_items: 9, items: {string: {max_len: 9}}", "max_items: 9"),
        "LookUpPotsRequest.names",
        "has no largest length",
    ),
    (
        "secret-marked",
        ("(parlance.sensitive) = true, ", ""),
        "FillPotRequest.password",
        "needs (parlance.sensitive) = true",
    ),
    (
        "request-enum-defined",
        (" [(buf.validate.field).enum.defined_only = true]", ""),
        "FillPotRequest.kind",
        "enum.defined_only",
    ),
    (
        "method-route",
        ("    option (google.api.http) = {get: \"/v1/pots/by-name/pots\"};\n", ""),
        "PotService.LookUpPots",
        "has no (google.api.http)",
    ),
    (
        "method-verb",
        ("rpc FillPot(", "rpc UpdatePot("),
        "PotService.UpdatePot",
        "its name promises Patch, its route is Post",
    ),
    (
        "method-verb",
        ("rpc GetPot(", "rpc FindPot("),
        "PotService.FindPot",
        "begins with Get, List, LookUp or Search",
    ),
    (
        "method-path",
        ("/v1/pots/{pot_id}/fill", "/v2/pots/{pot_id}/fill"),
        "PotService.FillPot",
        "does not begin with /v1",
    ),
    (
        "method-path",
        ("/v1/pots/{pot_id}/fill", "/v1/pots/{pot_id}/fillUp"),
        "PotService.FillPot",
        "`fillUp` in /v1/pots/{pot_id}/fillUp",
    ),
    (
        "method-path",
        ("/v1/pots/{pot_id}/fill", "/v1/{pot_id}/fill"),
        "PotService.FillPot",
        "{pot_id} in /v1/{pot_id}/fill does not follow a noun",
    ),
    (
        "method-shape",
        ("{get: \"/v1/pots\"}", "{get: \"/v1/pot\"}"),
        "PotService.ListPots",
        "plural",
    ),
    (
        "method-shape",
        ("{get: \"/v1/pots/{pot_id}\"}", "{get: \"/v1/pots/all/pots\"}"),
        "PotService.GetPot",
        "should end in the id",
    ),
    (
        "method-effect",
        ("effect: KEYED", "effect: READ"),
        "PotService.FillPot",
        "has the effect READ and the route Post",
    ),
    (
        "method-rate",
        (
            "returns (KeepPotResponse) {\n    option (parlance.policy) = {caller: INTERNAL, rate: UNLIMITED}",
            "returns (KeepPotResponse) {\n    option (parlance.policy) = {caller: INTERNAL, rate: WRITE}",
        ),
        "PotRepo.KeepPot",
        "does not fit its caller Internal",
    ),
    (
        "method-rate",
        ("{caller: USER, rate: WRITE}", "{caller: USER, rate: READ}"),
        "PotService.FillPot",
        "does not fit",
    ),
    (
        "method-errors",
        (
            "    option (parlance.errors) = {reasons: [POT_NOT_FOUND]};\n    option (parlance.call) = {effect: KEYED",
            "    option (parlance.errors) = {};\n    option (parlance.call) = {effect: KEYED",
        ),
        "PotService.FillPot",
        "declares no reason",
    ),
    (
        "list-paged",
        ("repeated = {max_items: 9, items", "repeated = {items"),
        "PotService.LookUpPots",
        "has no (parlance.page)",
    ),
    (
        "list-paged",
        ("rpc LookUpPots(", "rpc ListLids("),
        "PotService.ListLids",
        "has no (parlance.page)",
    ),
    (
        "internal-list",
        ("uint32 limit = 2", "uint32 size = 2"),
        "PotRepo.PagePots",
        "no uint32 `limit`",
    ),
    (
        "internal-list",
        ("rpc PagePots(PagePotsRequest)", "rpc ReadPots(GetPotRequest)"),
        "PotRepo.ReadPots",
        "no uint32 `limit`",
    ),
    (
        "internal-list",
        ("uint64 after_pot_id", "uint64 pot_id"),
        "PotRepo.PagePots",
        "does not say where the page begins",
    ),
    (
        "internal-list",
        ("bool more = 2", "bool rest = 2"),
        "PotRepo.PagePots",
        "no bool `more`",
    ),
    (
        "topic-keyed",
        ("name: \"tiny.dead\", key: \"pot_id\"", "name: \"tiny.dead\""),
        "Dead",
        "has no key",
    ),
    (
        "topic-name",
        ("name: \"tiny.boiled\"", "name: \"boiled\""),
        "Boiled",
        "should be `tiny.…`",
    ),
    (
        "topic-dead-letter",
        ("dead_letter: \"tiny.dead\", ", ""),
        "Boiled",
        "has no dead letter topic",
    ),
];

#[test]
fn a_schema_that_follows_all_rules_is_left_alone() {
    let found: Vec<String> = offences(&[], FILE).iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn each_rule_names_file_element_and_reason() {
    for (rule, edit, element, words) in CASES {
        let found = offences(&[*edit], FILE);
        let element = if element.is_empty() {
            String::new()
        } else {
            format!("tiny.v1.{element}")
        };
        let offence = found
            .iter()
            .find(|offence| offence.rule == *rule && offence.element == element && offence.what.contains(words));
        let Some(offence) = offence else {
            panic!("{rule} at `{element}` with `{words}` expected, but:\n{found:#?}");
        };
        let house = house(FILE);
        let file = house.holding(edit.0);
        assert_eq!(offence.file, file);
        let said = offence.to_string();
        for part in [file, element.as_str(), *rule, offence.reason] {
            assert!(said.contains(part), "{said}");
        }
    }
}

#[test]
fn files_stand_in_the_folder_of_their_package_under_a_plain_name() {
    for (file, rule, words) in [
        (
            "pots/pots.proto",
            "file-in-folder",
            "package tiny.v1 belongs in tiny/v1/",
        ),
        ("tiny/v1/myPots.proto", "file-name", "should be my_pots.proto"),
    ] {
        let found = offences(&[], file);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].rule == rule && found[0].what.contains(words), "{}", found[0]);
    }
}

#[test]
fn every_rule_has_a_case() {
    let tried: BTreeSet<&str> = CASES
        .iter()
        .map(|(rule, ..)| *rule)
        .chain(["file-in-folder", "file-name"])
        .collect();
    let all: BTreeSet<&str> = rules().map(|rule| rule.name).collect();
    assert_eq!(tried, all);
}
