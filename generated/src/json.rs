//! JSON as protobuf defines it (ProtoJSON): how messages of the schema are written and read.
//!
//! Writing never fails and never builds a tree: names are literals, integers are printed on the stack, fields with their zero value are left out.
//! Reading takes all that ProtoJSON takes; [`from_slice`] refuses what the schema does not know (for requests), [`from_slice_lenient`] ignores it
//! (for events, which may come from a newer peer). What is wrong is named with its path, e.g. `content.text.body`.
//!
//! The traits and functions of the submodules are what the generated impls are made of.

mod depth;
mod enums;
mod fault;
mod form;
mod map;
mod number;
mod read;
mod write;

pub use enums::{Enum, Open, read_enum, write_enum};
pub use fault::conceal;
pub use form::{Base64, Bool, Form, Int, Long, Object, Real, Text};
pub use map::{Dictionary, Key, dictionary};
pub use number::{Integer, parse_integer};
pub use read::{Message, ignore, implicit, member, message, optional, repeated};
pub use write::Fields;

pub(crate) use fault::refuse;
pub(crate) use form::TextVisitor;

use crate::failure::Failure;
use fault::Mode;
use serde::{Serialize, de::DeserializeOwned};
use std::io;

/// A value as JSON.
///
/// # Panics
/// Never for messages of the schema: only an own `Serialize` that fails could.
#[must_use]
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("messages of the schema always have a form in JSON")
}

/// A value as JSON text.
///
/// # Panics
/// Never for messages of the schema: only an own `Serialize` that fails could.
#[must_use]
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("messages of the schema always have a form in JSON")
}

/// Writes a value as JSON. A `&mut Vec<u8>` is a writer that takes everything, and reused it costs no allocation.
///
/// # Errors
/// Those of the writer.
pub fn to_writer<W: io::Write, T: Serialize + ?Sized>(writer: W, value: &T) -> io::Result<()> {
    serde_json::to_writer(writer, value).map_err(io::Error::from)
}

/// Reads a value, strictly: a field or enum value that the schema does not know is refused.
///
/// # Errors
/// `MALFORMED` with line and column for what is not JSON; `INVALID_ARGUMENT` with one violation, whose field is the path to the first
/// value that does not fit and whose rule is one of `type`, `range`, `format`, `enum`, `oneof`, `unknown_field`, `duplicate_field`, `depth`.
pub fn from_slice<T: DeserializeOwned>(json: &[u8]) -> Result<T, Failure> {
    read_whole(json, Mode::Strict)
}

/// Reads a value, leniently: fields and names of enum values that the schema does not know are ignored.
///
/// # Errors
/// As [`from_slice`], without the rule `unknown_field`.
pub fn from_slice_lenient<T: DeserializeOwned>(json: &[u8]) -> Result<T, Failure> {
    read_whole(json, Mode::Lenient)
}

fn read_whole<T: DeserializeOwned>(json: &[u8], mode: Mode) -> Result<T, Failure> {
    let reading = fault::Reading::start(mode);
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    T::deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| reading.failure(&error))
}
