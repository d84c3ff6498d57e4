//! Values at the boundary of every rule: messages that keep or break one, as ProtoJSON, with what is broken and where. They are made of the
//! model alone, so that validators, JSON Schemas and clients can all be asked for the same verdict.
//!
//! Each vector is a message that is valid but for the field in question. The JSON is canonical (64-bit integers are strings, enums are names
//! where there is one), since documents describe no other.

mod candidates;
mod judge;
mod messages;
mod pattern;
mod samples;

use crate::{SchemaError, model::Schema};
use serde_json::{Value, json};

/// A message, and what is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Vector {
    /// Full name of the message, e.g. `parlance.v1.SendMessageRequest`.
    pub message: String,
    /// The field (or oneof) in question: its name in the schema.
    pub field: String,
    /// What its value is, for people: `64 characters of 2 bytes`.
    pub case: String,
    /// The message in ProtoJSON.
    pub json: Value,
    /// What it breaks; nothing if it is valid.
    pub broken: Vec<Broken>,
}

/// A rule that is broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Broken {
    /// Path to the value in names of JSON, e.g. `content.text.body`.
    pub field: String,
    /// The rule, as violations name it, e.g. `string.max_bytes`; `oneof` where two members of one stand side by side.
    pub rule: String,
}

/// The vectors of all messages, in order of messages, fields and rules: at least one that keeps and one that breaks each rule.
///
/// # Errors
/// A field for whose rules no valid value can be made.
pub fn vectors(schema: &Schema) -> Result<Vec<Vector>, SchemaError> {
    let mut all = Vec::new();
    for message in schema.messages.values() {
        all.extend(messages::of(schema, message)?);
    }
    Ok(all)
}

/// Vectors as a JSON array with one vector a line: `{message, field, case, json, broken: [{field, rule}]}`.
#[must_use]
pub fn to_json(vectors: &[Vector]) -> String {
    let lines = vectors.iter().map(|vector| {
        let broken = vector
            .broken
            .iter()
            .map(|it| json!({"field": it.field, "rule": it.rule}));
        json!({
            "message": vector.message,
            "field": vector.field,
            "case": vector.case,
            "json": vector.json,
            "broken": broken.collect::<Vec<_>>(),
        })
        .to_string()
    });
    format!("[\n{}\n]\n", lines.collect::<Vec<_>>().join(",\n"))
}
