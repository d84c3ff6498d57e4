//! Paths of field names, as routes have them.

use crate::model::{Field, Kind, Message, Schema};

/// The fields on the way along `path`, the one that it leads to last.
///
/// # Panics
/// If there are none such, which the loader has checked.
pub(crate) fn way<'a>(schema: &'a Schema, message: &'a Message, path: &str) -> impl Iterator<Item = &'a Field> {
    let mut at = Some(message);
    path.split('.').map(move |name| {
        let message = at.expect("the loader lets only messages have fields");
        let field = message.fields.iter().find(|field| field.name == name);
        let field =
            field.unwrap_or_else(|| panic!("the loader has checked that {} has a field {name}", message.full_name));
        at = match &field.kind {
            Kind::Message(inner) => Some(&schema.messages[inner]),
            _ => None,
        };
        field
    })
}

/// The field that `path` leads to.
pub(crate) fn leaf<'a>(schema: &'a Schema, message: &'a Message, path: &str) -> &'a Field {
    way(schema, message, path).last().expect("a path has at least one part")
}

/// `path` with the names that the fields have in JSON.
pub(crate) fn json_path(schema: &Schema, message: &Message, path: &str) -> String {
    way(schema, message, path)
        .map(|field| field.json_name.as_str())
        .collect::<Vec<_>>()
        .join(".")
}
