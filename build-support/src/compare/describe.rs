//! How elements are named in findings.

use crate::model::{Cardinality, Field, Kind, Scalar, WellKnown};

/// A field's names, e.g. `` `client_id`, in JSON `clientId` ``.
pub(super) fn names(field: &Field) -> String {
    if field.name == field.json_name {
        format!("`{}`", field.name)
    } else {
        format!("`{}`, in JSON `{}`", field.name, field.json_name)
    }
}

/// A field as it is declared, e.g. `repeated uint64 user_ids = 2`.
pub(super) fn field(field: &Field) -> String {
    let label = match field.cardinality {
        Cardinality::Repeated => "repeated ",
        Cardinality::Map(_) => "map of ",
        Cardinality::Implicit | Cardinality::Optional => "",
    };
    format!("{label}{} {} = {}", kind(&field.kind), field.name, field.number)
}

/// How many values a field has.
pub(super) fn cardinality(field: &Field) -> &'static str {
    match field.cardinality {
        Cardinality::Implicit => "one value, zero if absent",
        Cardinality::Optional => "one value or none",
        Cardinality::Repeated => "any number of values",
        Cardinality::Map(_) => "a map",
    }
}

/// A type by its name in the schema.
pub(super) fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Scalar(scalar) => format!("{scalar:?}").to_lowercase(),
        Kind::Enum(name) | Kind::Message(name) => name.clone(),
        Kind::WellKnown(known) => format!("google.protobuf.{known:?}"),
    }
}

/// What the bytes of one type are to a reader of another.
pub(super) fn wire_of(old: &Kind, new: &Kind) -> &'static str {
    match (class(old), class(new)) {
        (Class::Message, Class::Message) => "the bytes are those of another message",
        (old, new) if old == new => "the bytes have the same form, and values are cut or taken for others",
        _ => "the bytes have another form: the value is lost or the whole message refused",
    }
}

/// How bytes are laid out.
#[derive(PartialEq, Eq)]
enum Class {
    Varint,
    Zigzag,
    Fixed32,
    Fixed64,
    Float,
    Double,
    Text,
    Message,
}

fn class(kind: &Kind) -> Class {
    match kind {
        Kind::Enum(_) => Class::Varint,
        Kind::Message(_) | Kind::WellKnown(_) => Class::Message,
        Kind::Scalar(scalar) => match scalar {
            Scalar::Int32 | Scalar::Int64 | Scalar::Uint32 | Scalar::Uint64 | Scalar::Bool => Class::Varint,
            Scalar::Sint32 | Scalar::Sint64 => Class::Zigzag,
            Scalar::Fixed32 | Scalar::Sfixed32 => Class::Fixed32,
            Scalar::Fixed64 | Scalar::Sfixed64 => Class::Fixed64,
            Scalar::Float => Class::Float,
            Scalar::Double => Class::Double,
            Scalar::String | Scalar::Bytes => Class::Text,
        },
    }
}

/// What a value is in ProtoJSON.
pub(super) fn json_form(kind: &Kind) -> String {
    match kind {
        Kind::Enum(name) => return format!("a name of {name}"),
        Kind::Message(name) => return format!("an object {name}"),
        Kind::WellKnown(WellKnown::Timestamp) => "a time",
        Kind::WellKnown(WellKnown::Duration) => "a duration",
        Kind::WellKnown(WellKnown::FieldMask) => "a field mask",
        Kind::Scalar(scalar) => match scalar {
            Scalar::Double | Scalar::Float => "a number",
            Scalar::Int32 | Scalar::Uint32 | Scalar::Sint32 | Scalar::Fixed32 | Scalar::Sfixed32 => "a whole number",
            Scalar::Int64 | Scalar::Uint64 | Scalar::Sint64 | Scalar::Fixed64 | Scalar::Sfixed64 => {
                "a whole number in quotes"
            }
            Scalar::Bool => "true or false",
            Scalar::String => "a text",
            Scalar::Bytes => "bytes in base64",
        },
    }
    .to_owned()
}
