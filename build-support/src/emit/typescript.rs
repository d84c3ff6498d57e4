//! The TypeScript package: what is generated of it. Names and types of the schema, nothing else; what they do is written by hand in
//! `generated/typescript/src/runtime`.

mod errors;
mod frames;
mod messages;
mod pattern;
mod reach;
mod services;
mod tables;
mod validate;
mod write;

use crate::{SchemaError, model::Schema};
use reach::Reach;

/// The first lines of every file.
const HEAD: &str = "// Made from schema/ by build-support; what is changed here is lost.\n\n";

/// Files of the package by name, in `src/gen/`.
///
/// # Errors
/// What TypeScript cannot say: two things of one name, a pattern that JavaScript has no word for, a list whose call would take the name of
/// another one.
pub fn typescript(schema: &Schema) -> Result<Vec<(&'static str, String)>, SchemaError> {
    let reach = Reach::of(schema)?;
    let files = [
        ("errors.ts", errors::emit(schema, &reach)),
        ("frames.ts", frames::emit(schema, &reach)),
        ("messages.ts", messages::emit(schema, &reach)),
        ("services.ts", services::emit(schema, &reach)?),
        ("tables.ts", tables::emit(schema, &reach)?),
        ("validate.ts", validate::emit(&reach)),
    ];
    Ok(files.map(|(name, source)| (name, format!("{HEAD}{source}"))).into())
}
