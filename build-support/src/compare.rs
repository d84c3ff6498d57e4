//! The gate: what a change of the schema breaks, and for whom.
//!
//! [`compare`] takes two models, that of a release and that of today, and finds every difference that somebody who has the old one runs
//! into. [`judge()`] does so for all [`baseline`]s and takes into account what the schema waives.

pub mod baseline;
mod change;
mod describe;
mod enums;
mod errors;
mod fields;
mod finding;
mod frames;
mod judge;
mod methods;
mod pages;
mod policies;
mod reach;
mod reserved;
mod routes;
mod rules;
mod shapes;
mod since;
mod topics;

pub use change::Change;
pub use finding::{Finding, Hit, Surface};
pub use judge::{Verdict, judge};

use crate::model::Schema;
use finding::Findings;
use reach::Reaches;

/// Two models, who has what of the old one, and what was found so far.
struct Comparison<'a> {
    old: &'a Schema,
    new: &'a Schema,
    reaches: Reaches,
    findings: Findings,
}

/// Every change from `old` to `new` that breaks somebody who has `old`, whether it is waived or not; in order of element and code.
#[must_use]
pub fn compare(old: &Schema, new: &Schema) -> Vec<Finding> {
    let mut it = Comparison {
        old,
        new,
        reaches: Reaches::of(old),
        findings: Findings::default(),
    };
    fields::compare(&mut it);
    enums::compare(&mut it);
    let Comparison { mut findings, .. } = it;
    methods::compare(old, new, &mut findings);
    errors::catalogue(old, new, &mut findings);
    topics::compare(old, new, &mut findings);
    let mut found = findings.0;
    found.sort_by(|a, b| (&a.element, a.change).cmp(&(&b.element, b.change)));
    found
}

/// Full names of the messages of which copies outlive a release: what lies in the log, and what is stored of it, and the two kinds of
/// frame; in order of names.
pub(crate) fn stored_or_framed(schema: &Schema) -> Vec<String> {
    let reaches = Reaches::of(schema);
    let messages = schema.messages.values();
    messages
        .filter(|message| {
            reaches.get(&message.full_name).stored || message.fields.iter().any(|field| field.frame.is_some())
        })
        .map(|message| message.full_name.clone())
        .collect()
}
