//! Fields.

use super::{
    causes, comments, examples, names,
    options::{self, Options},
    rules,
};
use crate::{
    SchemaError,
    model::{Cardinality, Field, Kind, Scalar, WellKnown},
};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind as Described, Value};

/// Numbers of `google.api.FieldBehavior`.
const OUTPUT_ONLY: i32 = 3;
const IMMUTABLE: i32 = 5;

/// A field with its options.
pub(super) fn load(descriptor: &FieldDescriptor, options: &Options) -> Result<Field, SchemaError> {
    let file = descriptor.parent_file();
    let wrong = |why: String| SchemaError::new(file.name(), descriptor.full_name(), why);
    let (kind, cardinality) = shape(descriptor).map_err(wrong)?;
    let set = descriptor.options();

    let id = options::get(&set, options.id.as_ref()).and_then(|name| name.as_str().map(str::to_owned));
    let rules = options::message(&set, options.field_rules.as_ref());
    let example = options::get(&set, options.example.as_ref()).and_then(|text| text.as_str().map(str::to_owned));
    let frame = options::message(&set, options.frame.as_ref());
    let frame = frame.map(|said| causes::frame(&said)).transpose().map_err(wrong)?;
    let since = options::get(&set, options.since.as_ref()).and_then(|release| release.as_str().map(str::to_owned));
    let behaviors = behaviors(&set, options).map_err(wrong)?;
    let oneof = descriptor.containing_oneof().filter(|oneof| !oneof.is_synthetic());
    let mut field = Field {
        name: descriptor.name().to_owned(),
        json_name: descriptor.json_name().to_owned(),
        rust: names::snake(descriptor.name()),
        variant: names::camel(descriptor.name()),
        number: descriptor.number(),
        comment: comments::before(&file, descriptor.path()),
        oneof: oneof.as_ref().and_then(|oneof| {
            let mut real = descriptor
                .parent_message()
                .oneofs()
                .filter(|oneof| !oneof.is_synthetic());
            real.position(|candidate| candidate.name() == oneof.name())
        }),
        id,
        rules: Default::default(),
        example: None,
        sensitive: options::get(&set, options.sensitive.as_ref()).is_some_and(|value| value.as_bool() == Some(true)),
        output_only: behaviors.contains(&OUTPUT_ONLY),
        immutable: behaviors.contains(&IMMUTABLE),
        since,
        frame,
        masks: None,
        kind,
        cardinality,
    };
    if let Some(rules) = rules {
        field.rules = rules::load(&field.kind, field.cardinality, &rules).map_err(wrong)?;
    }
    if let Some(text) = example {
        field.example = Some(examples::load(descriptor, &field, &text).map_err(wrong)?);
    }
    if let Some(release) = field.since.as_ref().filter(|release| !is_release(release)) {
        return Err(wrong(format!("`{release}` is no release; one looks like `0.2`")));
    }
    if field.frame.is_some() && (field.oneof.is_none() || !matches!(field.kind, Kind::Message(_))) {
        return Err(wrong("(parlance.frame) is for messages in a oneof".into()));
    }
    Ok(field)
}

/// Numbers of the field's behaviors, of which only those are taken that are honoured.
fn behaviors(set: &DynamicMessage, options: &Options) -> Result<Vec<i32>, String> {
    let said = options::get(set, options.behavior.as_ref());
    let said = said.iter().filter_map(Value::as_list).flatten();
    let numbers: Vec<i32> = said.filter_map(Value::as_enum_number).collect();
    match numbers.as_slice() {
        [] | [OUTPUT_ONLY | IMMUTABLE] => Ok(numbers),
        [OUTPUT_ONLY, IMMUTABLE] | [IMMUTABLE, OUTPUT_ONLY] => {
            Err("what is output only is never set by clients; it needs not be immutable too".into())
        }
        [one] => Err(format!("the field behavior {one} is not honoured")),
        _ => Err("a field has one behavior at most".into()),
    }
}

fn is_release(text: &str) -> bool {
    let number = |part: &str| part == "0" || part.parse::<u32>().is_ok() && !part.starts_with(['0', '+']);
    text.split('.').count() >= 2 && text.split('.').all(number)
}

fn shape(descriptor: &FieldDescriptor) -> Result<(Kind, Cardinality), String> {
    if descriptor.is_group() || descriptor.is_required() {
        return Err("groups and required fields are not honoured".into());
    }
    if descriptor.is_map() {
        let Described::Message(entry) = descriptor.kind() else {
            return Err("a map without entries".into());
        };
        let Kind::Scalar(key) = kind(&entry.map_entry_key_field().kind())? else {
            return Err("a map's key has to be a scalar".into());
        };
        return Ok((kind(&entry.map_entry_value_field().kind())?, Cardinality::Map(key)));
    }
    let cardinality = if descriptor.is_list() {
        Cardinality::Repeated
    } else if descriptor.supports_presence() {
        Cardinality::Optional
    } else {
        Cardinality::Implicit
    };
    Ok((kind(&descriptor.kind())?, cardinality))
}

fn kind(described: &Described) -> Result<Kind, String> {
    Ok(Kind::Scalar(match described {
        Described::Message(message) => return named(message.full_name()),
        Described::Enum(r#enum) if r#enum.full_name().starts_with("google.") => {
            return Err(format!("the enum {} is not honoured", r#enum.full_name()));
        }
        Described::Enum(r#enum) => return Ok(Kind::Enum(r#enum.full_name().to_owned())),
        Described::Double => Scalar::Double,
        Described::Float => Scalar::Float,
        Described::Int32 => Scalar::Int32,
        Described::Int64 => Scalar::Int64,
        Described::Uint32 => Scalar::Uint32,
        Described::Uint64 => Scalar::Uint64,
        Described::Sint32 => Scalar::Sint32,
        Described::Sint64 => Scalar::Sint64,
        Described::Fixed32 => Scalar::Fixed32,
        Described::Fixed64 => Scalar::Fixed64,
        Described::Sfixed32 => Scalar::Sfixed32,
        Described::Sfixed64 => Scalar::Sfixed64,
        Described::Bool => Scalar::Bool,
        Described::String => Scalar::String,
        Described::Bytes => Scalar::Bytes,
    }))
}

fn named(full_name: &str) -> Result<Kind, String> {
    Ok(match full_name {
        "google.protobuf.Timestamp" => Kind::WellKnown(WellKnown::Timestamp),
        "google.protobuf.Duration" => Kind::WellKnown(WellKnown::Duration),
        "google.protobuf.FieldMask" => Kind::WellKnown(WellKnown::FieldMask),
        other if other.starts_with("google.") || other.starts_with("buf.") => {
            return Err(format!("the type {other} is not honoured"));
        }
        own => Kind::Message(own.to_owned()),
    })
}
