//! A corpus: what a release writes into the log, into frames and into the database, as bytes; made of its schema alone, and always the
//! same.
//!
//! One line a message: its full name, the variant, the bytes in hexadecimal (`-` if there are none). [`agree`] tells whether other code
//! reads them without loss.

mod check;
mod samples;

pub use check::{agree, written_anew};

use crate::{compare::stored_or_framed, model::Schema};
use prost::Message as _;
use prost_reflect::DescriptorPool;
use std::fmt::Write as _;

/// A message as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Full name of the message.
    pub message: String,
    /// What is in it: `empty`, `full`, `extreme`, or the field of a oneof that is set.
    pub variant: String,
    /// The message.
    pub bytes: Vec<u8>,
}

/// The corpus of a schema: variants of every message that lies in the log or goes through a WebSocket.
///
/// # Panics
/// If the schema's descriptor set is none, which the loader excludes.
#[must_use]
pub fn write(schema: &Schema) -> String {
    let mut text = String::from("# message variant bytes\n");
    for sample in samples(schema) {
        let hex: String = sample.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let hex = if hex.is_empty() { "-" } else { &hex };
        writeln!(text, "{} {} {hex}", sample.message, sample.variant).expect("a string takes all");
    }
    text
}

/// The samples of which the corpus of a schema is made.
///
/// # Panics
/// If the schema's descriptor set is none, which the loader excludes.
#[must_use]
pub fn samples(schema: &Schema) -> Vec<Sample> {
    let pool = DescriptorPool::decode(schema.descriptor_set.as_slice()).expect("the loader read it");
    let mut made = Vec::new();
    for name in stored_or_framed(schema) {
        let descriptor = pool.get_message_by_name(&name).expect("the model is made of these");
        for (variant, message) in samples::variants(&descriptor) {
            made.push(Sample {
                message: name.clone(),
                variant,
                bytes: message.encode_to_vec(),
            });
        }
    }
    made
}

/// The samples in a corpus.
///
/// # Errors
/// The line that is none.
pub fn parse(text: &str) -> Result<Vec<Sample>, String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let wrong = || format!("`{line}` is no line of a corpus");
            let mut parts = line.split(' ');
            let mut part = || parts.next().ok_or_else(wrong);
            let (message, variant, hex) = (part()?, part()?, part()?);
            Ok(Sample {
                message: message.to_owned(),
                variant: variant.to_owned(),
                bytes: bytes(hex).ok_or_else(wrong)?,
            })
        })
        .collect()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    if hex == "-" {
        return Some(Vec::new());
    }
    if !hex.is_ascii() || hex.len() % 2 == 1 {
        return None;
    }
    let pairs = (0..hex.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok()).collect()
}
