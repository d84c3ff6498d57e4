//! Examples: JSON that has to fit the field.

use crate::model::{Cardinality, Field, Kind, Scalar};
use prost_reflect::{FieldDescriptor, Kind as Described};
use serde_json::Value;

/// The example of a field.
pub(super) fn load(descriptor: &FieldDescriptor, field: &Field, text: &str) -> Result<Value, String> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| format!("the example `{text}` is not JSON: {error}"))?;
    let fits = match (field.cardinality, &value) {
        (Cardinality::Repeated, Value::Array(items)) => items.iter().all(|item| fits(descriptor, &field.kind, item)),
        (Cardinality::Map(_), Value::Object(entries)) => {
            entries.values().all(|item| fits(descriptor, &field.kind, item))
        }
        (Cardinality::Repeated | Cardinality::Map(_), _) => false,
        (Cardinality::Implicit | Cardinality::Optional, one) => fits(descriptor, &field.kind, one),
    };
    if fits {
        Ok(value)
    } else {
        Err(format!("the example `{text}` does not fit the field's type"))
    }
}

fn fits(descriptor: &FieldDescriptor, kind: &Kind, value: &Value) -> bool {
    match (kind, value) {
        (Kind::Scalar(scalar), value) => scalar_fits(*scalar, value),
        (Kind::Enum(_), Value::String(name)) => match descriptor.kind() {
            Described::Enum(r#enum) => r#enum.get_value_by_name(name).is_some(),
            _ => true,
        },
        (Kind::WellKnown(_), Value::String(_)) | (Kind::Message(_), Value::Object(_)) => true,
        _ => false,
    }
}

fn scalar_fits(scalar: Scalar, value: &Value) -> bool {
    match scalar {
        Scalar::Bool => value.is_boolean(),
        Scalar::String | Scalar::Bytes => value.is_string(),
        Scalar::Double | Scalar::Float => value.is_number(),
        Scalar::Int32 | Scalar::Sint32 | Scalar::Sfixed32 => value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
        Scalar::Uint32 | Scalar::Fixed32 => value.as_u64().is_some_and(|n| u32::try_from(n).is_ok()),
        // ProtoJSON writes 64-bit integers as strings.
        Scalar::Int64 | Scalar::Sint64 | Scalar::Sfixed64 => value.as_str().is_some_and(|n| n.parse::<i64>().is_ok()),
        Scalar::Uint64 | Scalar::Fixed64 => value.as_str().is_some_and(|n| n.parse::<u64>().is_ok()),
    }
}
