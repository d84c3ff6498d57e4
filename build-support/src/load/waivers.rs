//! Waivers of breaking changes.

use super::options::{self, Fields, Options};
use crate::{SchemaError, model::Waiver};
use prost_reflect::{DynamicMessage, FileDescriptor, Value};

/// The waivers of a file.
pub(super) fn load(file: &FileDescriptor, options: &Options) -> Result<Vec<Waiver>, SchemaError> {
    let said = options::get(&file.options(), options.waivers.as_ref());
    let said = said.iter().filter_map(Value::as_list).flatten();
    said.filter_map(Value::as_message)
        .map(|said| waiver(file, said))
        .collect()
}

fn waiver(file: &FileDescriptor, said: &DynamicMessage) -> Result<Waiver, SchemaError> {
    let waiver = Waiver {
        file: file.name().to_owned(),
        element: said.string("element"),
        change: said.string("change"),
        reason: said.string("reason"),
    };
    for (name, text) in [
        ("element", &waiver.element),
        ("change", &waiver.change),
        ("reason", &waiver.reason),
    ] {
        if text.trim().is_empty() {
            return Err(SchemaError::new(
                file.name(),
                &waiver.element,
                format!("a waiver needs its `{name}`"),
            ));
        }
    }
    Ok(waiver)
}
