//! What all releases say to the schema of today, after what it waives.

use super::{Change, baseline::Baseline, compare, finding::Finding, since};
use crate::{
    SchemaError,
    model::{Schema, Waiver},
};
use std::fmt;

/// What the gate says.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Changes that break somebody and that nothing waives; one that breaks several releases is there once.
    pub findings: Vec<Finding>,
    /// Waivers that waive nothing or say too little, and releases in `since` that cannot be.
    pub mistakes: Vec<SchemaError>,
}

impl Verdict {
    /// Whether the schema may be merged and released.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.mistakes.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}\n")?;
        }
        for mistake in &self.mistakes {
            writeln!(f, "{mistake}")?;
        }
        Ok(())
    }
}

/// Compares a schema with all releases that somebody may still run.
#[must_use]
pub fn judge(schema: &Schema, baselines: &[Baseline]) -> Verdict {
    let mut findings: Vec<Finding> = Vec::new();
    for baseline in baselines {
        for finding in compare(&baseline.schema, schema) {
            let same = |other: &Finding| other.element == finding.element && other.change == finding.change;
            if !findings.iter().any(same) {
                findings.push(finding);
            }
        }
    }
    let mut mistakes = waivers(&schema.waivers, &findings);
    mistakes.extend(since::check(schema, baselines));
    findings.retain(|finding| !schema.waivers.iter().any(|waiver| covers(waiver, finding)));
    Verdict { findings, mistakes }
}

fn covers(waiver: &Waiver, finding: &Finding) -> bool {
    waiver.element == finding.element && waiver.change == finding.change.code()
}

/// What is wrong with the waivers: a release that nobody runs any more takes its waivers with it.
fn waivers(waivers: &[Waiver], findings: &[Finding]) -> Vec<SchemaError> {
    let mut mistakes = Vec::new();
    for (index, waiver) in waivers.iter().enumerate() {
        let Waiver {
            file,
            element,
            change,
            reason,
        } = waiver;
        let mut wrong = |why: String| mistakes.push(SchemaError::new(file, element, format!("the waiver {why}")));
        if reason.trim().is_empty() {
            wrong(format!("of `{change}` does not say why the change is meant"));
        }
        if !Change::ALL.iter().any(|known| known.code() == change) {
            wrong(format!("names `{change}`, which is no kind of change"));
        } else if !findings.iter().any(|finding| covers(waiver, finding)) {
            wrong(format!(
                "of `{change}` waives nothing: no release in schema/baseline differs in that; delete it"
            ));
        }
        let same = |other: &Waiver| other.element == *element && other.change == *change;
        if waivers[..index].iter().any(same) {
            wrong(format!("of `{change}` is there twice"));
        }
    }
    mistakes
}
