//! Examples of whole messages, put together from those of their fields.

use super::message::is_required;
use crate::model::{Cardinality, Field, Kind, Message, Schema as Model, WellKnown};
use serde_json::{Map, Value, json};

/// A message whose fields have their examples; `None` if one that is demanded has none.
pub(in crate::emit) fn message(model: &Model, message: &Message, without: &[String]) -> Option<Value> {
    object(model, message, without, &mut Vec::new())
        .filter(|value| value.as_object().is_some_and(|object| !object.is_empty()))
}

/// The value of one field.
pub(in crate::emit) fn field(model: &Model, field: &Field) -> Option<Value> {
    one(model, field, &mut Vec::new())
}

/// A field without which a message is refused and for which there is no example, with the message that holds it.
pub(in crate::emit) fn lacking<'a>(model: &'a Model, message: &'a Message) -> Option<(&'a Message, &'a Field)> {
    lacking_below(model, message, &mut Vec::new())
}

fn lacking_below<'a>(
    model: &'a Model,
    message: &'a Message,
    above: &mut Vec<&'a str>,
) -> Option<(&'a Message, &'a Field)> {
    above.push(&message.full_name);
    let first_of = |index: usize| message.fields.iter().find(|field| field.oneof == Some(index));
    let demanded = message.oneofs.iter().enumerate().filter(|(_, oneof)| oneof.required);
    let chosen = demanded.filter_map(|(index, _)| first_of(index));
    let mut needed = message.fields.iter().filter(|field| is_required(field)).chain(chosen);
    let field = needed.find(|field| one(model, field, &mut above.clone()).is_none())?;
    let inner = match &field.kind {
        // a message within itself has no example, whichever fields have one
        Kind::Message(name) if !above.contains(&name.as_str()) => lacking_below(model, &model.messages[name], above),
        _ => None,
    };
    Some(inner.unwrap_or((message, field)))
}

fn object<'a>(model: &'a Model, message: &'a Message, without: &[String], above: &mut Vec<&'a str>) -> Option<Value> {
    if above.contains(&message.full_name.as_str()) {
        return None;
    }
    above.push(&message.full_name);
    let mut object = Map::new();
    let mut chosen = vec![false; message.oneofs.len()];
    let mut complete = true;
    for field in message.fields.iter().filter(|field| !without.contains(&field.name)) {
        if field.oneof.is_some_and(|oneof| chosen[oneof]) {
            continue;
        }
        match one(model, field, above) {
            Some(value) => {
                object.insert(field.json_name.clone(), value);
                if let Some(oneof) = field.oneof {
                    chosen[oneof] = true;
                }
            }
            None => complete &= !is_required(field),
        }
    }
    let unmet = message
        .oneofs
        .iter()
        .zip(chosen)
        .any(|(oneof, chosen)| oneof.required && !chosen);
    above.pop();
    (complete && !unmet).then_some(Value::Object(object))
}

fn one<'a>(model: &'a Model, field: &'a Field, above: &mut Vec<&'a str>) -> Option<Value> {
    if let Some(example) = &field.example {
        return Some(example.clone());
    }
    let value = match &field.kind {
        Kind::Message(name) => object(model, &model.messages[name], &[], above)?,
        Kind::Enum(name) => json!(model.enums[name].values.iter().find(|value| value.number != 0)?.name),
        Kind::WellKnown(WellKnown::Timestamp) => json!("2026-11-24T18:00:00Z"),
        Kind::WellKnown(WellKnown::Duration) => json!("1.5s"),
        Kind::WellKnown(WellKnown::FieldMask) | Kind::Scalar(_) => return None,
    };
    match field.cardinality {
        Cardinality::Implicit | Cardinality::Optional => Some(value),
        Cardinality::Repeated => Some(json!([value])),
        Cardinality::Map(_) => None,
    }
}
