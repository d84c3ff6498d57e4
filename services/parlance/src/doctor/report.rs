//! What was found.

use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use serde::Serialize;
use std::fmt;

/// Columns of a terminal whose width is not known.
const WIDTH: u16 = 140;

/// How it stands with something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// As it should be.
    Good,
    /// It works, and somebody should look at it.
    Doubtful,
    /// Something does not work, or will lose what it must not.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) subject: String,
    pub(super) verdict: Verdict,
    pub(super) found: String,
    /// What to do about it; empty where nothing has to be done.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) mend: String,
}

impl Finding {
    pub(super) fn good(subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(subject.into(), Verdict::Good, found.into(), "")
    }

    pub(super) fn doubtful(subject: impl Into<String>, found: impl Into<String>, mend: &str) -> Self {
        Self::new(subject.into(), Verdict::Doubtful, found.into(), mend)
    }

    pub(super) fn bad(subject: impl Into<String>, found: impl Into<String>, mend: &str) -> Self {
        Self::new(subject.into(), Verdict::Bad, found.into(), mend)
    }

    fn new(subject: String, verdict: Verdict, found: String, mend: &str) -> Self {
        Self {
            subject,
            verdict,
            found,
            mend: mend.to_owned(),
        }
    }
}

/// Everything that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Whether nothing is bad.
    pub(super) well: bool,
    pub(super) findings: Vec<Finding>,
}

impl Report {
    pub(super) fn new(findings: Vec<Finding>) -> Self {
        Self {
            well: findings.iter().all(|finding| finding.verdict != Verdict::Bad),
            findings,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table
            .load_preset(UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(WIDTH)
            .set_header(["", "what", "found", "how to mend it"]);
        for finding in &self.findings {
            let mark = match finding.verdict {
                Verdict::Good => "ok",
                Verdict::Doubtful => "look",
                Verdict::Bad => "BAD",
            };
            table.add_row([mark, &finding.subject, &finding.found, &finding.mend]);
        }
        let count = |verdict| {
            self.findings
                .iter()
                .filter(|finding| finding.verdict == verdict)
                .count()
        };
        write!(
            f,
            "{table}\n{} bad, {} to look at, {} as they should be",
            count(Verdict::Bad),
            count(Verdict::Doubtful),
            count(Verdict::Good)
        )
    }
}
