//! What is written before an element.

use prost_reflect::FileDescriptor;

/// The comment before the element at `path`, without leading blanks; empty if there is none.
pub(super) fn before(file: &FileDescriptor, path: &[i32]) -> String {
    let Some(info) = &file.file_descriptor_proto().source_code_info else {
        return String::new();
    };
    let Some(location) = info.location.iter().find(|location| location.path == path) else {
        return String::new();
    };
    let lines: Vec<&str> = location
        .leading_comments()
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    lines.join("\n").trim().to_owned()
}
