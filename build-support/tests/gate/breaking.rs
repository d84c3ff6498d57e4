//! Changes that break somebody: each with the codes of all findings, and whom they hit.

mod messages;
mod surfaces;

use crate::{
    base::{edited, release},
    tiny::Edit,
};
use build_support::compare::{Finding, Surface, compare};
use std::collections::BTreeSet;

/// An edit, the findings as `element: code`, the surfaces that break.
type Case<'a> = (&'a [Edit<'a>], &'a [&'a str], &'a [Surface]);

fn judged(cases: &[Case<'_>]) {
    let old = release();
    for (edits, expected, surfaces) in cases {
        let found = compare(&old, &edited(edits));
        let codes: Vec<String> = found
            .iter()
            .map(|finding| {
                format!(
                    "{}: {}",
                    finding.element.trim_start_matches("tiny.v1."),
                    finding.change.code()
                )
            })
            .collect();
        assert_eq!(codes, *expected, "{edits:?}\n{}", said(&found));
        let hit: BTreeSet<Surface> = found
            .iter()
            .flat_map(|finding| &finding.hits)
            .map(|hit| hit.surface)
            .collect();
        assert_eq!(hit, surfaces.iter().copied().collect(), "{edits:?}\n{}", said(&found));
        for finding in found {
            assert!(
                finding.old != finding.new,
                "a change is different afterwards: {finding}"
            );
            assert!(!finding.file.is_empty() && !finding.hits.is_empty(), "{finding}");
        }
    }
}

fn said(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("{finding}\n")).collect()
}
