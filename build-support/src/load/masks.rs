//! Field masks of updates: which message's fields they name.

use crate::{
    SchemaError,
    model::{Body, Cardinality, Field, Kind, Message, Schema, WellKnown},
};

/// Name of the field that says what an update changes.
const MASK: &str = "update_mask";

/// Finds for every `update_mask` the message whose fields it names: the one that a route has as its body, or the only one beside it.
pub(super) fn find(schema: &mut Schema) -> Result<(), SchemaError> {
    let mut found = Vec::new();
    for message in schema.messages.values() {
        if let Some(mask) = message.fields.iter().find(|field| is_mask(field)) {
            let target = target(schema, message)
                .map_err(|why| SchemaError::new(&message.file, format!("{}.{}", message.full_name, mask.name), why))?;
            found.push((message.full_name.clone(), target));
        }
    }
    for (name, target) in found {
        let fields = schema
            .messages
            .get_mut(&name)
            .into_iter()
            .flat_map(|message| &mut message.fields);
        for mask in fields.filter(|field| is_mask(field)) {
            mask.masks = Some(target.clone());
        }
    }
    Ok(())
}

fn is_mask(field: &Field) -> bool {
    field.name == MASK
        && field.kind == Kind::WellKnown(WellKnown::FieldMask)
        && field.cardinality == Cardinality::Optional
}

fn target(schema: &Schema, message: &Message) -> Result<String, String> {
    let single = |field: &&Field| {
        matches!(field.kind, Kind::Message(_)) && field.cardinality == Cardinality::Optional && field.oneof.is_none()
    };
    let bodies: Vec<&str> = schema
        .services
        .iter()
        .flat_map(|service| &service.methods)
        .filter(|method| method.request == message.full_name)
        .flat_map(|method| &method.routes)
        .filter_map(|route| match &route.body {
            Body::Field(name) => Some(name.as_str()),
            Body::None | Body::Whole => None,
        })
        .collect();
    let mut candidates = message
        .fields
        .iter()
        .filter(single)
        .filter(|field| bodies.is_empty() || bodies.contains(&field.name.as_str()));
    match (candidates.next(), candidates.next()) {
        (Some(only), None) if frozen(schema, only) => Err(format!("no client may change any field of `{}`", only.name)),
        (Some(only), None) => Ok(only.name.clone()),
        (None, _) => Err("there is no message beside it whose fields it could name".into()),
        (Some(one), Some(other)) => Err(format!("it could name fields of `{}` or of `{}`", one.name, other.name)),
    }
}

/// Whether a message has no field that a client may change.
fn frozen(schema: &Schema, field: &Field) -> bool {
    let Kind::Message(name) = &field.kind else { return true };
    let fields = &schema.messages[name].fields;
    fields.iter().all(|field| field.output_only || field.immutable)
}
