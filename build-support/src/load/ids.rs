//! Ids: newtypes with an accessor on each message that has one.

use crate::{
    SchemaError,
    emit::ids::accessor,
    model::{Cardinality, Kind, Scalar, Schema},
};
use std::collections::BTreeSet;

/// Every `(id)` can be honoured, and its accessor has a name of its own.
pub(super) fn check(schema: &Schema) -> Result<(), SchemaError> {
    for message in schema.messages.values() {
        let getters = message.fields.iter().filter(|field| {
            // prost makes a getter of the field's name for these.
            field.oneof.is_none()
                && (matches!(field.kind, Kind::Enum(_))
                    || (field.cardinality == Cardinality::Optional && matches!(field.kind, Kind::Scalar(_))))
        });
        let mut taken: BTreeSet<String> = getters.map(|field| field.rust.clone()).collect();
        for field in message.fields.iter().filter(|field| field.id.is_some()) {
            let element = format!("{}.{}", message.full_name, field.name);
            let wrong = |why: String| SchemaError::new(&message.file, &element, why);
            let name = field.id.as_deref().unwrap_or_default();
            if !matches!(field.kind, Kind::Scalar(Scalar::Uint64 | Scalar::Fixed64)) {
                return Err(wrong("(parlance.id) is for uint64 and fixed64".into()));
            }
            if field.oneof.is_some() || matches!(field.cardinality, Cardinality::Map(_)) {
                return Err(wrong("(parlance.id) is not honoured in a oneof or a map".into()));
            }
            if !name.starts_with(|c: char| c.is_ascii_uppercase()) || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
                return Err(wrong(format!("`{name}` is no name of a type, like `UserId`")));
            }
            // An accessor of an optional id takes the place of prost's getter only if it has another name.
            if !taken.insert(accessor(field)) {
                return Err(wrong(format!(
                    "its accessor `{}` has the name of another one",
                    accessor(field)
                )));
            }
        }
    }
    Ok(())
}
