#![doc = include_str!("../README.md")]

mod request;

pub use request::{json_of, rest_request, rest_request_of};

use im_schema::{DESCRIPTOR_SET, rpc::Method};
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, MethodDescriptor,
    OneofDescriptor, Value,
};
use std::sync::LazyLock;

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTOR_SET).expect("the schema was compiled by this project"));

/// The schema itself.
#[must_use]
pub fn schema() -> &'static DescriptorPool {
    &POOL
}

/// A message of this full name in which every field is set: to its example if the schema has one, else to a value made from its number.
/// Of a oneof the first field is set.
///
/// # Panics
/// If the schema has no such message.
#[must_use]
pub fn sample(name: &str) -> DynamicMessage {
    let descriptor = POOL
        .get_message_by_name(name)
        .unwrap_or_else(|| panic!("the schema has no message {name}"));
    fill(&descriptor)
}

/// For each field of a oneof a message with that field set, beside all fields that are in no oneof.
///
/// # Panics
/// If the schema has no such message, or it has no such oneof.
#[must_use]
pub fn samples_of_oneof(name: &str, oneof: &str) -> Vec<(String, DynamicMessage)> {
    let descriptor = POOL
        .get_message_by_name(name)
        .unwrap_or_else(|| panic!("the schema has no message {name}"));
    let oneof: OneofDescriptor = descriptor
        .oneofs()
        .find(|found| found.name() == oneof)
        .unwrap_or_else(|| panic!("{name} has no oneof {oneof}"));
    let one = |field: FieldDescriptor| {
        let mut message = fill(&descriptor);
        message.set_field(&field, value(&field));
        (field.name().to_owned(), message)
    };
    oneof.fields().map(one).collect()
}

fn fill(descriptor: &MessageDescriptor) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    match descriptor.full_name() {
        "google.protobuf.Timestamp" => {
            message.set_field_by_name("seconds", Value::I64(1_767_225_600));
            message.set_field_by_name("nanos", Value::I32(250_000_000));
            return message;
        }
        "google.protobuf.FieldMask" => {
            message.set_field_by_name("paths", Value::List(vec![Value::String("display_name".to_owned())]));
            return message;
        }
        _ => {}
    }
    for field in descriptor.fields() {
        let first = field
            .containing_oneof()
            .is_none_or(|oneof| oneof.fields().next().is_some_and(|first| first == field));
        if first {
            message.set_field(&field, value(&field));
        }
    }
    message
}

fn value(field: &FieldDescriptor) -> Value {
    if let Some(example) = example(field) {
        return example;
    }
    if field.is_map() {
        let entry = field.kind();
        let entry = entry.as_message().expect("a map's entry is a message");
        return Value::Map([(MapKey::String("key".to_owned()), scalar(&entry.map_entry_value_field()))].into());
    }
    let single = scalar(field);
    if field.is_list() {
        Value::List(vec![single])
    } else {
        single
    }
}

fn scalar(field: &FieldDescriptor) -> Value {
    let number = field.number();
    match field.kind() {
        Kind::Double => Value::F64(f64::from(number)),
        Kind::Float => Value::F32(number as f32),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(number.cast_signed()),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(number.into()),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(number),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(7_203_685_477_580_800_000 + u64::from(number)),
        Kind::Bool => Value::Bool(true),
        Kind::String => Value::String(field.name().to_owned()),
        Kind::Bytes => Value::Bytes((0..16).collect::<Vec<u8>>().into()),
        Kind::Message(message) => Value::Message(fill(&message)),
        Kind::Enum(kind) => Value::EnumNumber(
            kind.values()
                .map(|value| value.number())
                .find(|number| *number != 0)
                .unwrap_or(0),
        ),
    }
}

/// The example of the schema, read as ProtoJSON of the field.
fn example(field: &FieldDescriptor) -> Option<Value> {
    let option = POOL
        .get_extension_by_name("parlance.example")
        .expect("the schema declares the option");
    let options = field.options();
    let Value::String(text) = options.get_extension(&option).into_owned() else {
        return None;
    };
    if text.is_empty() {
        return None;
    }
    let parent = field.parent_message();
    let wrapped = format!("{{\"{}\": {text}}}", field.json_name());
    let mut json = serde_json::Deserializer::from_str(&wrapped);
    let message = DynamicMessage::deserialize(parent.clone(), &mut json)
        .unwrap_or_else(|error| panic!("example of {}: {error}", field.full_name()));
    Some(message.get_field(field).into_owned())
}

/// The bytes of a message in hexadecimal, 32 a line.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let line = |chunk: &[u8]| chunk.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    bytes.chunks(32).map(line).collect::<Vec<_>>().join("\n")
}

/// JSON with two blanks of indentation, for people to compare.
///
/// # Panics
/// If the text is no JSON.
#[must_use]
pub fn pretty(json: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(json).expect("the text is JSON");
    serde_json::to_string_pretty(&value).expect("a tree has a form in JSON")
}

/// What the schema says of a method.
///
/// # Panics
/// If the method is of another schema.
#[must_use]
pub fn descriptor(method: &Method) -> MethodDescriptor {
    let service = POOL
        .get_service_by_name(method.service)
        .expect("the schema has the service");
    let found = service.methods().find(|found| found.name() == method.name);
    found.expect("the schema has the method")
}

/// The messages that are payloads of log topics.
///
/// # Panics
/// If the schema does not declare the option.
#[must_use]
pub fn payloads() -> Vec<MessageDescriptor> {
    let topic = POOL
        .get_extension_by_name("parlance.topic")
        .expect("the schema declares the option");
    let is_payload = |message: &MessageDescriptor| message.options().has_extension(&topic);
    POOL.all_messages().filter(is_payload).collect()
}
