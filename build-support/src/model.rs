//! The model: everything that the emitters know of the schema. Made once by [`crate::load()`], read by every emitter; no emitter looks
//! at descriptors itself. Everything in it has been checked: an annotation that makes no sense stopped the build before.

mod find;
mod services;
mod surfaces;
mod without;

pub use services::*;
pub use surfaces::*;

use std::{collections::BTreeMap, ops::RangeInclusive};

/// The whole schema.
#[derive(Debug, Clone)]
pub struct Schema {
    /// The serialised `FileDescriptorSet`, custom options and comments included.
    pub descriptor_set: Vec<u8>,
    /// Files of this project (not the well-known ones), in order of their names.
    pub files: Vec<String>,
    /// Messages by full name, nested ones included, map entries excluded; of this project's packages only.
    pub messages: BTreeMap<String, Message>,
    /// Enums by full name, nested ones included.
    pub enums: BTreeMap<String, Enum>,
    /// Services in order of file and declaration.
    pub services: Vec<Service>,
    /// The error catalogue, in order of numbers, without the zero value.
    pub reasons: Vec<Reason>,
    /// Breaking changes that are meant, in order of file and declaration.
    pub waivers: Vec<Waiver>,
}

/// Says that a breaking change is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// File in which it stands.
    pub file: String,
    /// Full name of what changed; it may be gone.
    pub element: String,
    /// Code of the finding that is waived.
    pub change: String,
    /// Why.
    pub reason: String,
}

/// A message.
#[derive(Debug, Clone)]
pub struct Message {
    /// Full name, e.g. `parlance.v1.SendMessageRequest`.
    pub full_name: String,
    /// Last part of the name.
    pub name: String,
    /// Package, e.g. `parlance.v1`.
    pub package: String,
    /// Path of the generated Rust type, e.g. `crate::parlance::v1::SendMessageRequest`.
    pub rust: String,
    /// File in which it stands.
    pub file: String,
    /// The comment before it, without leading blanks.
    pub comment: String,
    /// Fields in order of declaration, those of oneofs included.
    pub fields: Vec<Field>,
    /// Oneofs (synthetic ones excluded) in order of declaration.
    pub oneofs: Vec<Oneof>,
    /// What its fields may not use.
    pub reserved: Reserved,
    /// The topic whose payload it is.
    pub topic: Option<Topic>,
    /// Where its frames are sent.
    pub socket: Option<Socket>,
}

/// Numbers and names that were in use once and must not come back with another meaning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reserved {
    /// Ranges of numbers.
    pub numbers: Vec<RangeInclusive<i64>>,
    /// Names.
    pub names: Vec<String>,
}

/// A oneof.
#[derive(Debug, Clone)]
pub struct Oneof {
    /// Name in the schema, e.g. `kind`.
    pub name: String,
    /// Path of the generated Rust enum, e.g. `crate::parlance::v1::content::Kind`.
    pub rust: String,
    /// The comment before it.
    pub comment: String,
    /// `(buf.validate.oneof).required`.
    pub required: bool,
}

/// A field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Name in the schema, e.g. `client_message_id`.
    pub name: String,
    /// Name in JSON, e.g. `clientMessageId`.
    pub json_name: String,
    /// Name of the Rust field (a raw identifier where Rust needs one).
    pub rust: String,
    /// For fields of a oneof: name of the variant, e.g. `Text`.
    pub variant: String,
    /// Its number.
    pub number: u32,
    /// The comment before it.
    pub comment: String,
    /// Type of one value.
    pub kind: Kind,
    /// How many values.
    pub cardinality: Cardinality,
    /// Index in [`Message::oneofs`] for a field of a oneof.
    pub oneof: Option<usize>,
    /// The newtype of an id.
    pub id: Option<String>,
    /// The rules for it.
    pub rules: Rules,
    /// An example in ProtoJSON.
    pub example: Option<serde_json::Value>,
    /// Never logged.
    pub sensitive: bool,
    /// Only the server sets it.
    pub output_only: bool,
    /// Set when its message is made, and never changed.
    pub immutable: bool,
    /// The release in which it arrived, e.g. `0.2`; none if it was always there.
    pub since: Option<String>,
    /// For fields of a frame's oneof.
    pub frame: Option<Frame>,
    /// For the field mask of an update: the field beside it that holds the message whose fields it names.
    pub masks: Option<String>,
}

/// How many values a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cardinality {
    /// One, the zero value if absent.
    Implicit,
    /// None or one (`optional`, messages, fields of oneofs).
    Optional,
    /// Any number.
    Repeated,
    /// A map; [`Field::kind`] is the value's.
    Map(Scalar),
}

/// Type of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A scalar.
    Scalar(Scalar),
    /// An enum of this schema, by full name.
    Enum(String),
    /// A message of this schema, by full name.
    Message(String),
    /// A well-known type.
    WellKnown(WellKnown),
}

/// Scalar types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of protobuf")]
pub enum Scalar {
    Double,
    Float,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Bool,
    String,
    Bytes,
}

/// Well-known types that have a form of their own in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WellKnown {
    /// `google.protobuf.Timestamp`, `crate::wkt::Timestamp` in Rust.
    Timestamp,
    /// `google.protobuf.Duration`, `crate::wkt::Duration` in Rust.
    Duration,
    /// `google.protobuf.FieldMask`, `crate::wkt::FieldMask` in Rust.
    FieldMask,
}

/// Rules of `buf.validate` for a field; what is not set is not demanded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    /// Must be set.
    pub required: bool,
    /// For numbers: lower bound.
    pub above: Option<Bound>,
    /// For numbers: upper bound.
    pub below: Option<Bound>,
    /// For strings: exact number of characters.
    pub len: Option<u64>,
    /// For strings: characters at least.
    pub min_len: Option<u64>,
    /// For strings: characters at most.
    pub max_len: Option<u64>,
    /// For strings and bytes: bytes at least.
    pub min_bytes: Option<u64>,
    /// For strings and bytes: bytes at most.
    pub max_bytes: Option<u64>,
    /// For bytes: exact length.
    pub len_bytes: Option<u64>,
    /// For strings: a regular expression, known to compile.
    pub pattern: Option<String>,
    /// For strings: what it begins with.
    pub prefix: Option<String>,
    /// For strings: the allowed values.
    pub one_of: Vec<String>,
    /// For strings: a UUID in canonical form.
    pub uuid: bool,
    /// For enums: only defined numbers.
    pub defined_only: bool,
    /// For enums: allowed numbers.
    pub enum_in: Vec<i32>,
    /// For enums: forbidden numbers.
    pub enum_not_in: Vec<i32>,
    /// For repeated fields: items at least.
    pub min_items: Option<u64>,
    /// For repeated fields: items at most.
    pub max_items: Option<u64>,
    /// For repeated fields of scalars: no two equal.
    pub unique: bool,
    /// For repeated fields: rules for each item.
    pub items: Option<Box<Rules>>,
}

/// A bound of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// The number; wide enough for all integer types.
    pub value: i128,
    /// Whether the number itself is within.
    pub inclusive: bool,
}

/// An enum.
#[derive(Debug, Clone)]
pub struct Enum {
    /// Full name.
    pub full_name: String,
    /// Last part of the name.
    pub name: String,
    /// Path of the generated Rust type.
    pub rust: String,
    /// File in which it stands.
    pub file: String,
    /// The comment before it.
    pub comment: String,
    /// Values in order of declaration.
    pub values: Vec<EnumValue>,
    /// What its values may not use.
    pub reserved: Reserved,
}

/// A value of an enum.
#[derive(Debug, Clone)]
pub struct EnumValue {
    /// Name in the schema and in JSON.
    pub name: String,
    /// Name of the Rust variant as prost makes it.
    pub variant: String,
    /// Its number.
    pub number: i32,
    /// The comment before it.
    pub comment: String,
}

/// A reason of the error catalogue.
#[derive(Debug, Clone)]
pub struct Reason {
    /// Name, e.g. `NOT_A_MEMBER`.
    pub name: String,
    /// Variant of `crate::parlance::Reason`, e.g. `NotAMember`.
    pub variant: String,
    /// Its number.
    pub number: i32,
    /// The comment before it.
    pub comment: String,
    /// gRPC status code's number.
    pub code: i32,
    /// gRPC status code's name, e.g. `PERMISSION_DENIED`.
    pub code_name: String,
    /// HTTP status, 400 to 599.
    pub http: u16,
    /// WebSocket close code, or 0.
    pub close: u16,
    /// Whether the very same request may succeed later.
    pub retryable: bool,
    /// What the client should do.
    pub advice: String,
}
