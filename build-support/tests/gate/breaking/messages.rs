//! Fields, their rules, and enums.

use super::judged;
use build_support::compare::Surface::{Behaviour, Json, Security, Stored, Wire};

#[test]
fn fields() {
    judged(&[
        (
            &[("uint32 litres = 6", "uint32 litres = 10")],
            &["Pot.litres: field-number-changed"],
            &[Wire],
        ),
        (
            &[("uint32 litres = 6", "uint32 volume = 6")],
            &["Pot.litres: field-renamed"],
            &[Json],
        ),
        (
            &[("uint32 litres = 6", "uint32 litres = 6 [json_name = \"volume\"]")],
            &["Pot.litres: json-name-changed"],
            &[Json],
        ),
        (
            &[("uint32 litres = 6", "uint64 litres = 6")],
            &["Pot.litres: field-type-changed"],
            &[Wire, Json],
        ),
        // The same JSON, other bytes.
        (
            &[("uint32 litres = 6", "fixed32 litres = 6")],
            &["Pot.litres: field-type-changed"],
            &[Wire],
        ),
        (
            &[("  uint32 litres = 6;", "")],
            &["Pot.litres: field-removed", "Pot.litres: not-reserved"],
            &[Wire, Json],
        ),
        (
            &[("  uint32 litres = 6;", "reserved 6; reserved \"litres\";")],
            &["Pot.litres: field-removed"],
            &[Wire, Json],
        ),
        (
            &[("  uint32 litres = 6;", "reserved 6;")],
            &["Pot.litres: field-removed", "Pot.litres: not-reserved"],
            &[Wire, Json],
        ),
        // Another field in the place of the old one: a new name and a new type under the old number.
        (
            &[("uint32 litres = 6", "string colour = 6")],
            &["Pot.litres: field-renamed", "Pot.litres: field-type-changed"],
            &[Wire, Json],
        ),
        (
            &[(
                "uint64 pot_id = 1;\n  string name = 2;",
                "uint64 pot_id = 2;\n  string name = 1;",
            )],
            &["Pot.name: field-number-changed", "Pot.pot_id: field-number-changed"],
            &[Wire],
        ),
        (
            &[("uint32 litres = 6", "repeated uint32 litres = 6")],
            &["Pot.litres: cardinality-changed"],
            &[Wire, Json],
        ),
        (
            &[("repeated uint32 sizes", "uint32 sizes")],
            &["Pot.sizes: cardinality-changed"],
            &[Wire, Json],
        ),
        (
            &[("optional string note", "string note")],
            &["Pot.note: presence-changed"],
            &[Wire, Json],
        ),
        (
            &[
                ("  uint32 litres = 6;\n", ""),
                ("Water water = 7;", "Water water = 7; uint32 litres = 6;"),
            ],
            &["Pot.litres: oneof-changed"],
            &[Wire, Json],
        ),
        (
            &[("Tea tea = 8; }", "} Tea tea = 8;")],
            &["Pot.tea: oneof-changed"],
            &[Wire, Json],
        ),
        (
            &[("reserved 9, 20 to 30;", "reserved 20 to 30; string lid = 9;")],
            &["Pot.lid: reserved-reused"],
            &[Wire],
        ),
        (
            &[("reserved \"handle\";", "string handle = 10;")],
            &["Pot.handle: reserved-reused"],
            &[Wire],
        ),
        (
            &[("string how = 3", "bytes how = 3")],
            &["Boiled.how: field-type-changed"],
            &[Stored],
        ),
        (
            &[("string label = 2", "string label = 3")],
            &["KeepPotRequest.label: field-number-changed"],
            &[Wire],
        ),
        // Only services see it, and they do not speak JSON.
        (
            &[("string label = 2", "string title = 2")],
            &["KeepPotRequest.label: field-renamed"],
            &[Wire],
        ),
        (
            &[
                ("message Tea { string sort = 1; }", "message Herbs { string sort = 1; }"),
                ("Tea tea = 8", "Herbs tea = 8"),
            ],
            &["Pot.tea: field-type-changed", "Tea: message-removed"],
            &[Wire, Json],
        ),
    ]);
}

#[test]
fn rules() {
    let asked = &[Behaviour][..];
    judged(&[
        (
            &[("max_len: 64", "max_len: 63")],
            &["FillPotRequest.with: rule-tightened"],
            asked,
        ),
        (
            &[("min_len: 1,", "min_len: 2,")],
            &["FillPotRequest.with: rule-tightened"],
            asked,
        ),
        (
            &[("uint64.gt = 0", "uint64.gte = 2")],
            &["FillPotRequest.pot_id: rule-tightened"],
            asked,
        ),
        (
            &[(
                "(buf.validate.field).uint64.gt = 0",
                "(buf.validate.field).uint64 = {gt: 0, lt: 1000}",
            )],
            &["FillPotRequest.pot_id: rule-tightened"],
            asked,
        ),
        (&[("{1,8}$", "{1,7}$")], &["FillPotRequest.key: rule-tightened"], asked),
        (
            &[("max_items: 5", "max_items: 4")],
            &["FillPotRequest.notes: rule-tightened"],
            asked,
        ),
        (
            &[("max_items: 5", "max_items: 5, unique: true")],
            &["FillPotRequest.notes: rule-tightened"],
            asked,
        ),
        (
            &[("max_items: 5", "min_items: 1, max_items: 5")],
            &["FillPotRequest.notes: rule-tightened"],
            asked,
        ),
        (
            &[("max_len: 9", "max_len: 8")],
            &["FillPotRequest.notes: rule-tightened"],
            asked,
        ),
        (
            &[("{defined_only: true}", "{defined_only: true, not_in: [0]}")],
            &["FillPotRequest.kind: rule-tightened"],
            asked,
        ),
        (
            &[("Pot pot = 6;", "Pot pot = 6 [(buf.validate.field).required = true];")],
            &["FillPotRequest.pot: rule-tightened"],
            asked,
        ),
        (
            &[(
                "oneof content {",
                "oneof content { option (buf.validate.oneof).required = true;",
            )],
            &["Pot.content: rule-tightened"],
            asked,
        ),
        (
            &[(
                "string how = 3",
                "string how = 3 [(buf.validate.field).string.max_len = 10]",
            )],
            &["Boiled.how: rule-tightened"],
            &[Stored],
        ),
        (
            &[(
                "string label = 2",
                "string label = 2 [(buf.validate.field).string.prefix = \"pot\"]",
            )],
            &["KeepPotRequest.label: rule-tightened"],
            asked,
        ),
        (
            &[(
                "Pot pot = 6;",
                "Pot pot = 6; string who = 7 [(buf.validate.field).string.min_len = 1];",
            )],
            &["FillPotRequest.who: required-field-added"],
            asked,
        ),
        (
            &[(
                "Pot pot = 6;",
                "Pot pot = 6; Tea tea = 7 [(buf.validate.field).required = true];",
            )],
            &["FillPotRequest.tea: required-field-added"],
            asked,
        ),
        (
            &[(
                "uint32 litres = 6",
                "uint32 litres = 6 [(google.api.field_behavior) = OUTPUT_ONLY]",
            )],
            &["Pot.litres: output-only-added"],
            asked,
        ),
        (
            &[(
                "uint32 litres = 6",
                "uint32 litres = 6 [(google.api.field_behavior) = IMMUTABLE]",
            )],
            &["Pot.litres: immutable-added"],
            asked,
        ),
        (
            &[("(parlance.sensitive) = true, ", "")],
            &["FillPotRequest.key: secret-exposed"],
            &[Security],
        ),
    ]);
}

#[test]
fn enums() {
    judged(&[
        (
            &[("KIND_CLAY = 2;", "")],
            &["Kind.KIND_CLAY: not-reserved", "Kind.KIND_CLAY: value-removed"],
            &[Wire, Json],
        ),
        (
            &[("KIND_CLAY = 2;", "reserved 2; reserved \"KIND_CLAY\";")],
            &["Kind.KIND_CLAY: value-removed"],
            &[Wire, Json],
        ),
        (
            &[("KIND_CLAY = 2", "KIND_CLAY = 3")],
            &["Kind.KIND_CLAY: value-number-changed"],
            &[Wire],
        ),
        (
            &[("KIND_CLAY = 2", "KIND_LOAM = 2")],
            &["Kind.KIND_CLAY: value-renamed"],
            &[Json],
        ),
        (
            &[("Kind kind = 3", "int32 kind = 3")],
            &["Pot.kind: field-type-changed"],
            &[Wire, Json],
        ),
    ]);
}
