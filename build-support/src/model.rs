//! The model: everything that the emitters know of the schema. Made once by [`crate::load()`], read by every emitter; no emitter looks
//! at descriptors itself. Everything in it has been checked: an annotation that makes no sense stopped the build before.

mod find;
mod without;

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

/// A service.
#[derive(Debug, Clone)]
pub struct Service {
    /// Full name, e.g. `parlance.v1.MessageService`.
    pub full_name: String,
    /// Last part of the name.
    pub name: String,
    /// Package.
    pub package: String,
    /// File in which it stands.
    pub file: String,
    /// The comment before it.
    pub comment: String,
    /// Methods in order of declaration.
    pub methods: Vec<Method>,
}

/// A method; streaming ones stop the build.
#[derive(Debug, Clone)]
pub struct Method {
    /// Name, e.g. `SendMessage`.
    pub name: String,
    /// Name in Rust, e.g. `send_message`.
    pub rust: String,
    /// The comment before it.
    pub comment: String,
    /// Full name of the request.
    pub request: String,
    /// Full name of the response.
    pub response: String,
    /// Who may call.
    pub access: Access,
    /// How often.
    pub rate: Rate,
    /// Reasons that the handler may give, by name, in order of numbers.
    pub reasons: Vec<String>,
    /// What a repetition does, and how patient clients are.
    pub call: Call,
    /// How it is read in pages, if it is a list.
    pub page: Option<Page>,
    /// Ways to it over HTTP, the additional ones last; empty for methods that REST does not have.
    pub routes: Vec<Route>,
}

/// What a repetition of a call does, and how patient clients are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// What a repetition does.
    pub effect: Effect,
    /// How long a client waits for one attempt, in milliseconds; above 0.
    pub timeout_ms: u64,
    /// How often a client tries in all; 1 for never again.
    pub attempts: u32,
}

/// What the same request does when it comes twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it only reads.
    Read,
    /// It leaves what once leaves.
    Repeatable,
    /// Something else, unless both have the same idempotency key.
    Keyed,
}

/// How a list is read in pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Field of the request with the number of items wanted, a plain uint32.
    pub size: String,
    /// Field of the request with the cursor: a plain string or uint64.
    pub cursor: String,
    /// Field of the response with the next page's cursor, of the same type; its zero value on the last page.
    pub next: String,
    /// Field of the response with the items: repeated messages.
    pub items: String,
    /// How many items for a size of 0; at least 1 and at most `max_size`.
    pub default_size: u32,
    /// How many items at most.
    pub max_size: u32,
    /// Whether the cursor is a string: an opaque token, signed and bound to the request.
    pub signed: bool,
    /// Full name of the message inside a signed cursor; a uint64 if none.
    pub position: Option<String>,
}

/// Who may call a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// A user.
    User,
    /// A user whose token says admin.
    Admin,
    /// Another service.
    Internal,
}

/// Rate classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// Attempts to get in.
    Credentials,
    /// Reading.
    Read,
    /// Changing.
    Write,
    /// Sending messages.
    Send,
    /// Not limited.
    Unlimited,
}

/// A way to a method over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The verb.
    pub verb: Verb,
    /// The path as in the schema, e.g. `/v1/users/{user_id}`; axum takes it as it is.
    pub path: String,
    /// Fields that the path binds, as paths of field names (`conversation_id`, `profile.name`), in order.
    pub parameters: Vec<String>,
    /// What the body is.
    pub body: Body,
    /// Fields that the query may bind, as paths of field names: all scalar, enum, well-known and repeated-scalar leaves that neither path nor body bind.
    pub query: Vec<String>,
}

/// HTTP verbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of HTTP")]
pub enum Verb {
    Get,
    Put,
    Post,
    Delete,
    Patch,
}

/// What the body of a request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// There is none.
    None,
    /// The request, without the fields that the path binds.
    Whole,
    /// One field of the request, by name.
    Field(String),
}

/// A log topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name, or the prefix of its names.
    pub name: String,
    /// The field by whose value records are spread (an unsigned 64-bit one), if any.
    pub key: Option<String>,
    /// How many partitions, at least 1.
    pub partitions: u32,
    /// How long records are kept at least, in milliseconds.
    pub retention_ms: u64,
    /// Name of the topic for records that cannot be processed.
    pub dead_letter: Option<String>,
    /// Whether an append waits for the disk.
    pub durable: bool,
    /// Whether each instance has a topic of its own.
    pub per_instance: bool,
}

/// A WebSocket frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Full name of the method that handles it, e.g. `parlance.v1.MessageService.MarkRead`.
    pub rpc: Option<String>,
    /// The field of `ServerFrame` that answers it.
    pub reply: Option<String>,
    /// What brings it, if it comes from the server and is the reply of none.
    pub cause: Option<Cause>,
}

/// What makes the server send a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A connection begins.
    Connected,
    /// The server is told to end.
    Stopping,
    /// A frame of a client.
    Frame(FrameCause),
}

/// A frame of a client that brings a frame of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameCause {
    /// The field of `ClientFrame`.
    pub frame: String,
    /// Members of its request that differ from the example.
    pub with: serde_json::Map<String, serde_json::Value>,
    /// Whether another user sends it than the one who gets what it brings.
    pub by_another: bool,
    /// Whether its request id is repeated.
    pub answers: bool,
    /// Members of what it brings that differ from the example.
    pub gives: serde_json::Map<String, serde_json::Value>,
}

/// A WebSocket that carries frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// Where it is opened, e.g. `/v1/ws`.
    pub path: String,
    /// Subprotocol with ProtoJSON in text messages, one frame a line.
    pub text: String,
    /// Subprotocol with protobuf in binary messages, each frame after its length.
    pub binary: String,
}
