//! Messages, enums and fields as JSON Schema: what the documents about REST and about frames and topics have in common.

pub(super) mod example;
mod field;
mod message;
mod names;
pub(super) mod text;

pub(super) use field::Fields;
pub(super) use message::{is_required, message, open};
pub(super) use names::{Dialect, Names, Reached, closes, problem};

/// Puts the schema `false` where the builders left the mark that stands for it. In a string the mark's quotes would be escaped.
pub(in crate::emit) fn say_false(json: &str) -> String {
    let mut parts = json.split("\"x-never\": true");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let before = out.trim_end().strip_suffix('{').unwrap_or(&out).len();
        out.truncate(before);
        out.push_str("false");
        out.push_str(part.trim_start().strip_prefix('}').unwrap_or(part));
    }
    out
}
