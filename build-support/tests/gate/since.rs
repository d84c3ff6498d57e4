//! What stored fields say about the release that brought them.

use crate::base::{baseline, edited, release};
use build_support::{compare::judge, model::Schema};

/// The release with one more stored field.
fn with(field: &str) -> Schema {
    edited(&[("string how = 3;", &format!("string how = 3; {field}"))])
}

/// What is wrong after release 0.1, or nothing.
fn said(schema: &Schema, releases: &[(&str, Schema)]) -> String {
    let releases: Vec<_> = releases
        .iter()
        .map(|(name, schema)| baseline(name, schema.clone()))
        .collect();
    let verdict = judge(schema, &releases);
    assert_eq!(verdict.findings, [], "a new field breaks nobody");
    verdict.mistakes.iter().map(ToString::to_string).collect()
}

#[test]
fn a_new_field_says_which_release_brings_it() {
    let first = [("0.1", release())];
    assert_eq!(said(&with("string who = 4 [(parlance.since) = \"0.2\"];"), &first), "");
    assert_eq!(said(&with("string who = 4 [(parlance.since) = \"1.0\"];"), &first), "");
    for (field, words) in [
        ("string who = 4;", "it needs (parlance.since) with the one after 0.1"),
        (
            "string who = 4 [(parlance.since) = \"0.1\"];",
            "neither a release that has it nor one that may follow 0.1",
        ),
        (
            "string who = 4 [(parlance.since) = \"0.3\"];",
            "neither a release that has it nor one that may follow 0.1",
        ),
    ] {
        let mistake = said(&with(field), &first);
        let place = "tiny/v1/tiny.proto: tiny.v1.Boiled.who: ";
        assert!(
            mistake.starts_with(place) && mistake.contains(words),
            "{field}: {mistake}"
        );
    }
}

#[test]
fn it_goes_on_saying_so() {
    let both = |schema: &Schema| [("0.1", release()), ("0.2", schema.clone())];
    let right = with("string who = 4 [(parlance.since) = \"0.2\"];");
    assert_eq!(said(&right, &both(&right)), "");
    let silent = with("string who = 4;");
    assert!(said(&silent, &both(&right)).contains("it needs (parlance.since) = \"0.2\""));
    let late = with("string who = 4 [(parlance.since) = \"0.3\"];");
    assert!(said(&late, &both(&right)).contains("but it arrived in 0.2"));
}

#[test]
fn a_field_that_was_there_first_does_not_claim_to_be_newer() {
    let schema = edited(&[("string how = 3;", "string how = 3 [(parlance.since) = \"0.2\"];")]);
    assert!(said(&schema, &[("0.1", release())]).contains("but 0.1 has it already"));
}

#[test]
fn fields_of_a_new_message_came_with_it() {
    let schema = with("Steam steam = 4 [(parlance.since) = \"0.2\"]; } message Steam { string how = 1;");
    assert_eq!(said(&schema, &[("0.1", release())]), "");
    assert_eq!(said(&schema, &[("0.1", release()), ("0.2", schema.clone())]), "");
}

#[test]
fn before_the_first_release_and_where_nothing_is_stored_nothing_is_said() {
    assert_eq!(said(&release(), &[]), "");
    assert!(said(&with("string who = 4 [(parlance.since) = \"0.1\"];"), &[]).contains("nothing was released yet"));
    let asked = edited(&[(
        "string label = 2;",
        "string label = 2; string by = 3 [(parlance.since) = \"0.2\"];",
    )]);
    assert!(said(&asked, &[("0.1", release())]).contains("no topic reaches this message"));
}
