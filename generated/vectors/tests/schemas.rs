//! The JSON Schemas of the OpenAPI and AsyncAPI documents: they refuse what the validators refuse, but for a few rules for which JSON Schema has
//! no words. They never refuse what the validators take.

mod documents;

use documents::Document;
use schema_vectors::{SOURCES, Vector};
use serde_json::Value;
use std::collections::BTreeSet;

/// Where a schema accepts more than the validators: why, and whether a vector is such a case.
struct Weakness {
    why: &'static str,
    explains: fn(&Vector) -> bool,
}

const WEAKNESSES: &[Weakness] = &[
    Weakness {
        why: "JSON Schema counts characters of strings, not bytes: a bound in bytes is only kept roughly",
        explains: |vector| vector.all_rules(|rule| matches!(rule, "string.min_bytes" | "string.max_bytes")),
    },
    Weakness {
        why: "64-bit integers are strings, whose size JSON Schema does not know; only that one is above 0 can be said by a pattern",
        explains: |vector| {
            vector.all_rules(|rule| {
                ["int64.", "uint64.", "fixed64."]
                    .iter()
                    .any(|family| rule.starts_with(family))
            })
        },
    },
    Weakness {
        why: "an enum that may have numbers which are not known yet refers to all of its values, whatever the field forbids",
        explains: |vector| {
            vector.all_rules(|rule| rule == "enum.not_in")
                || (vector.all_rules(|rule| rule == "required")
                    && vector.value().is_some_and(|value| value == "COLOR_UNSPECIFIED"))
        },
    },
    Weakness {
        why: "a signed number or a flag that must not be zero: no dialect of the documents can say so",
        explains: |vector| {
            vector.all_rules(|rule| rule == "required")
                && vector
                    .value()
                    .is_some_and(|value| value.as_f64() == Some(0.0) || *value == false)
        },
    },
];

trait Rules {
    /// Whether all broken rules are such.
    fn all_rules(&self, such: impl Fn(&str) -> bool) -> bool;

    /// The value of the field that is broken.
    fn value(&self) -> Option<&Value>;
}

impl Rules for Vector {
    fn all_rules(&self, such: impl Fn(&str) -> bool) -> bool {
        !self.broken.is_empty() && self.broken.iter().all(|(_, rule)| such(rule))
    }

    fn value(&self) -> Option<&Value> {
        self.json.get(&self.broken.first()?.0)
    }
}

#[derive(Default)]
struct Tally {
    judged: usize,
    wrong: Vec<String>,
    weak: BTreeSet<&'static str>,
    messages: BTreeSet<String>,
}

impl Tally {
    fn judge(&mut self, document: &Document, vector: &Vector) {
        for place in document.places(&vector.message) {
            let Some(accepted) = place.accepts(vector) else {
                continue;
            };
            self.judged += 1;
            self.messages.insert(vector.message.clone());
            let valid = vector.broken.is_empty();
            let weakness = WEAKNESSES.iter().find(|weakness| (weakness.explains)(vector));
            match (accepted, valid, weakness) {
                (true, false, Some(weakness)) => _ = self.weak.insert(weakness.why),
                (true, true, _) | (false, false, _) => {}
                _ => self.wrong.push(format!(
                    "{} at {} {}: {:?} in {}",
                    vector.title(),
                    place.name(),
                    if accepted { "accepted" } else { "refused" },
                    vector.broken,
                    shortened(&vector.json.to_string()),
                )),
            }
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

#[test]
fn documents_refuse_what_the_validators_refuse_and_nothing_else() {
    let mut tally = Tally::default();
    for source in SOURCES {
        let documents = [Document::openapi(&source), Document::asyncapi(&source)];
        for vector in source.vectors() {
            documents.iter().for_each(|document| tally.judge(document, &vector));
        }
    }
    assert!(
        tally.wrong.is_empty(),
        "{} of {}:\n{}",
        tally.wrong.len(),
        tally.judged,
        tally.wrong.join("\n")
    );
    assert!(tally.judged > 1000, "{} vectors were judged", tally.judged);
    for weakness in WEAKNESSES {
        assert!(
            tally.weak.contains(weakness.why),
            "this is no weakness any more: {}",
            weakness.why
        );
    }
    for message in [
        "corpus.Rules",
        "corpus.MoreRules",
        "parlance.v1.SendMessageRequest",
        "parlance.internal.v1.Downstream",
    ] {
        assert!(tally.messages.contains(message), "{message} is in no document");
    }
}
