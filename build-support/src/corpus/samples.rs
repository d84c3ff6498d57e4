//! Messages with something in them, made from descriptors.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};

/// How deep messages within messages go; deeper ones stay empty.
const DEPTH: usize = 5;

/// How values are chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taste {
    /// Small values, different for each number, one item a list.
    Plain,
    /// The largest values, several items a list, letters of several bytes, enum values that no release has.
    Extreme,
}

/// The variants of a message by name.
pub(super) fn variants(descriptor: &MessageDescriptor) -> Vec<(String, DynamicMessage)> {
    let mut made = vec![
        ("empty".to_owned(), DynamicMessage::new(descriptor.clone())),
        ("full".to_owned(), fill(descriptor, Taste::Plain, DEPTH)),
        ("extreme".to_owned(), fill(descriptor, Taste::Extreme, DEPTH)),
    ];
    for oneof in descriptor.oneofs().filter(|oneof| !oneof.is_synthetic()) {
        for field in oneof.fields() {
            let mut message = fill(descriptor, Taste::Plain, DEPTH);
            message.set_field(&field, value(&field, Taste::Plain, DEPTH));
            made.push((field.name().to_owned(), message));
        }
    }
    made
}

fn fill(descriptor: &MessageDescriptor, taste: Taste, depth: usize) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    let extreme = taste == Taste::Extreme;
    match descriptor.full_name() {
        // The last moment that ProtoJSON can write.
        "google.protobuf.Timestamp" => {
            message.set_field_by_name(
                "seconds",
                Value::I64(if extreme { 253_402_300_799 } else { 1_767_225_600 }),
            );
            message.set_field_by_name("nanos", Value::I32(if extreme { 999_999_999 } else { 250_000_000 }));
        }
        "google.protobuf.Duration" => {
            message.set_field_by_name("seconds", Value::I64(if extreme { 315_576_000_000 } else { 90 }));
        }
        "google.protobuf.FieldMask" => {
            let path = Value::String("title".to_owned());
            message.set_field_by_name("paths", Value::List(vec![path; if extreme { 3 } else { 1 }]));
        }
        _ if depth == 0 => {}
        _ => {
            for field in descriptor.fields() {
                // Of a oneof the first field for one taste, the last for the other.
                let chosen = field.containing_oneof().is_none_or(|oneof| {
                    let mut fields = oneof.fields();
                    let one = if extreme { fields.last() } else { fields.next() };
                    one.is_some_and(|one| one == field)
                });
                if chosen {
                    message.set_field(&field, value(&field, taste, depth));
                }
            }
        }
    }
    message
}

fn value(field: &FieldDescriptor, taste: Taste, depth: usize) -> Value {
    if field.is_map() {
        let kind = field.kind();
        let entry = kind.as_message().expect("the entries of a map are messages");
        let key = key(&entry.map_entry_key_field());
        return Value::Map([(key, single(&entry.map_entry_value_field(), taste, depth))].into());
    }
    let one = single(field, taste, depth);
    match (field.is_list(), taste) {
        (false, _) => one,
        (true, Taste::Plain) => Value::List(vec![one]),
        (true, Taste::Extreme) => Value::List(vec![one.clone(), single(field, Taste::Plain, depth), one]),
    }
}

fn key(field: &FieldDescriptor) -> MapKey {
    match field.kind() {
        Kind::Bool => MapKey::Bool(true),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => MapKey::I32(-1),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => MapKey::I64(i64::MIN),
        Kind::Uint32 | Kind::Fixed32 => MapKey::U32(1),
        Kind::Uint64 | Kind::Fixed64 => MapKey::U64(u64::MAX),
        _ => MapKey::String("key".to_owned()),
    }
}

fn single(field: &FieldDescriptor, taste: Taste, depth: usize) -> Value {
    let number = field.number();
    let extreme = taste == Taste::Extreme;
    match field.kind() {
        Kind::Double => Value::F64(if extreme {
            f64::MIN_POSITIVE
        } else {
            f64::from(number) / 4.0
        }),
        Kind::Float => Value::F32(if extreme { f32::MAX } else { number as f32 / 4.0 }),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            Value::I32(if extreme { i32::MIN } else { number.cast_signed() })
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(if extreme { i64::MIN } else { number.into() }),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(if extreme { u32::MAX } else { number }),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(if extreme {
            u64::MAX
        } else {
            7_203_685_477_580_800_000 + u64::from(number)
        }),
        Kind::Bool => Value::Bool(true),
        Kind::String if extreme => Value::String(format!("{} – ä 漢 🙂 \u{0} \"\\ ", field.name()).repeat(20)),
        Kind::String => Value::String(field.name().to_owned()),
        Kind::Bytes if extreme => Value::Bytes((0..=255).collect::<Vec<u8>>().into()),
        Kind::Bytes => Value::Bytes((0..16).collect::<Vec<u8>>().into()),
        Kind::Message(message) => Value::Message(fill(&message, taste, depth - 1)),
        Kind::Enum(_) if extreme => Value::EnumNumber(i32::MAX),
        Kind::Enum(kind) => {
            let mut numbers = kind.values().map(|value| value.number());
            Value::EnumNumber(numbers.find(|number| *number != 0).unwrap_or(0))
        }
    }
}
