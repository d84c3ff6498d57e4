//! Enums, and the catalogue of errors that one of them is.

use super::{
    comments, names,
    options::{self, Fields, Options},
    reserved,
};
use crate::{
    SchemaError,
    model::{Enum, EnumValue, Reason, Schema},
};
use prost_reflect::{DescriptorPool, EnumDescriptor, EnumValueDescriptor};

/// The enum that is the catalogue.
pub(crate) const CATALOGUE: &str = "parlance.Reason";

/// Adds an enum to the schema.
pub(super) fn add(schema: &mut Schema, descriptor: &EnumDescriptor) {
    let file = descriptor.parent_file();
    // Reflection gives them by number; a path ends in the place of the declaration.
    let mut values: Vec<_> = descriptor.values().collect();
    values.sort_by_key(|value| value.path().last().copied());
    let values = values.iter().map(|value| EnumValue {
        name: value.name().to_owned(),
        variant: names::variant(descriptor.name(), value.name()),
        number: value.number(),
        comment: comments::before(&file, value.path()),
    });
    let loaded = Enum {
        full_name: descriptor.full_name().to_owned(),
        name: descriptor.name().to_owned(),
        rust: names::path(descriptor.package_name(), descriptor.full_name()),
        file: file.name().to_owned(),
        comment: comments::before(&file, descriptor.path()),
        values: values.collect(),
        reserved: reserved::of_enum(descriptor),
    };
    schema.enums.insert(loaded.full_name.clone(), loaded);
}

/// The catalogue, in order of numbers.
pub(super) fn reasons(pool: &DescriptorPool, options: &Options) -> Result<Vec<Reason>, SchemaError> {
    let Some(catalogue) = pool.get_enum_by_name(CATALOGUE) else {
        return Ok(Vec::new());
    };
    let values = catalogue.values().filter(|value| value.number() != 0);
    let mut reasons = values
        .map(|value| reason(&value, options))
        .collect::<Result<Vec<_>, _>>()?;
    reasons.sort_by_key(|reason| reason.number);
    Ok(reasons)
}

fn reason(value: &EnumValueDescriptor, options: &Options) -> Result<Reason, SchemaError> {
    let file = value.parent_file();
    let wrong = |why: String| SchemaError::new(file.name(), value.full_name(), why);
    let Some(spec) = options::message(&value.options(), options.error.as_ref()) else {
        return Err(wrong("a reason needs the option (parlance.error)".into()));
    };
    let code = spec.number_of_enum("code");
    if !(1..=16).contains(&code) {
        return Err(wrong("an error needs a status code of gRPC other than OK".into()));
    }
    let http = spec.uint32("http");
    if !(400..=599).contains(&http) {
        return Err(wrong(format!("HTTP status {http} is not one of 400 to 599")));
    }
    let close = spec.uint32("close");
    if close != 0 && !(1000..=4999).contains(&close) {
        return Err(wrong(format!(
            "close code {close} is neither 0 nor one of 1000 to 4999"
        )));
    }
    let advice = spec.string("advice");
    if advice.is_empty() {
        return Err(wrong("an error needs advice for the client".into()));
    }
    let comment = comments::before(&file, value.path());
    if comment.is_empty() {
        return Err(wrong("an error needs a comment that says what happened".into()));
    }
    let codes = spec.descriptor_of_enum("code");
    let code_name = codes
        .and_then(|codes| codes.get_value(code))
        .map(|code| code.name().to_owned());
    Ok(Reason {
        name: value.name().to_owned(),
        variant: names::variant(value.parent_enum().name(), value.name()),
        number: value.number(),
        comment,
        code,
        code_name: code_name.ok_or_else(|| wrong(format!("{code} is no status code of gRPC")))?,
        http: http as u16,
        close: close as u16,
        retryable: spec.flag("retryable"),
        advice,
    })
}
