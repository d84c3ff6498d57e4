//! The rules of the house: a small schema that follows all of them, and for each rule an edit that breaks it and nothing else.

mod house;
mod rules;
#[path = "../tiny/mod.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod tiny;

use build_support::{lint::lint, load};

#[test]
fn the_schema_of_this_project_follows_all_rules() {
    let schema = load("../schema").unwrap_or_else(|error| panic!("{error}"));
    let offences = lint(&schema);
    let text: String = offences.iter().map(|offence| format!("{offence}\n")).collect();
    assert!(offences.is_empty(), "{text}");
}
