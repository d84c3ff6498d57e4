//! What the schema may say about its own changes.

use crate::{
    base::{baseline, edited, release},
    tiny::Edit,
};
use build_support::compare::{Verdict, judge};

const LESS: Edit<'_> = ("max_len: 64", "max_len: 32");

fn waived(waivers: &[(&str, &str)]) -> Verdict {
    let said: String = waivers
        .iter()
        .map(|(element, change)| {
            format!("option (parlance.waivers) = {{element: \"{element}\", change: \"{change}\", reason: \"It was too long.\"}};\n")
        })
        .collect();
    let said = format!("{said}service PotService {{");
    let schema = edited(&[LESS, ("service PotService {", &said)]);
    judge(&schema, &[baseline("0.1", release())])
}

#[test]
fn without_a_waiver_the_change_stands() {
    let verdict = waived(&[]);
    assert_eq!(verdict.findings.len(), 1);
    assert!(!verdict.is_clean());
    insta::assert_snapshot!(verdict.to_string());
}

#[test]
fn a_waiver_covers_one_change_of_one_element() {
    assert!(waived(&[("tiny.v1.FillPotRequest.with", "rule-tightened")]).is_clean());
}

#[test]
fn a_waiver_that_waives_nothing_is_a_mistake() {
    for (element, change, words) in [
        ("tiny.v1.FillPotRequest.key", "rule-tightened", "waives nothing"),
        ("tiny.v1.FillPotRequest.with", "field-removed", "waives nothing"),
        ("tiny.v1.FillPotRequest.with", "rule-worsened", "no kind of change"),
    ] {
        let verdict = waived(&[(element, change)]);
        assert_eq!(verdict.findings.len(), 1, "it does not cover the change");
        let mistake = verdict.mistakes[0].to_string();
        assert!(
            mistake.starts_with(&format!("tiny/v1/tiny.proto: {element}: ")) && mistake.contains(words),
            "{mistake}"
        );
    }
    let twice = ("tiny.v1.FillPotRequest.with", "rule-tightened");
    let verdict = waived(&[twice, twice]);
    assert!(verdict.mistakes[0].to_string().contains("there twice"), "{verdict}");
}

#[test]
fn one_change_that_breaks_two_releases_is_told_once() {
    let releases = [baseline("0.1", release()), baseline("0.2", release())];
    assert_eq!(judge(&edited(&[LESS]), &releases).findings.len(), 1);
}
