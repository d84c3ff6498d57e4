//! The well-known types that have a form of their own in JSON: wire compatible with `google.protobuf`, written as ProtoJSON says.

mod duration;
mod field_mask;
mod timestamp;

pub use duration::Duration;
pub use field_mask::FieldMask;
pub use timestamp::Timestamp;

use std::fmt;

/// A text is not of the form that a well-known type has in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormError(&'static str);

impl FormError {
    /// What the text must be, e.g. `must be a time like 2026-01-31T12:00:00Z`.
    #[must_use]
    pub fn message(&self) -> &'static str {
        self.0
    }
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for FormError {}

/// `Serialize` through `Display`, `Deserialize` through `FromStr`.
macro_rules! as_text {
    ($type:ty, $expected:literal) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = deserializer.deserialize_str(crate::json::TextVisitor($expected))?;
                text.parse()
                    .map_err(|error: crate::wkt::FormError| crate::json::refuse("format", error.message()))
            }
        }
    };
}
use as_text;

/// The digits after the point: none, 3, 6 or 9 of them, with the point.
fn write_fraction(f: &mut fmt::Formatter<'_>, nanos: u32) -> fmt::Result {
    match nanos {
        0 => Ok(()),
        _ if nanos.is_multiple_of(1_000_000) => write!(f, ".{:03}", nanos / 1_000_000),
        _ if nanos.is_multiple_of(1_000) => write!(f, ".{:06}", nanos / 1_000),
        _ => write!(f, ".{nanos:09}"),
    }
}

/// Nanoseconds of the digits after a point: 1 to 9 of them.
fn parse_fraction(digits: &str) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: u32 = digits.parse().ok()?;
    Some(value * 10_u32.pow(9 - digits.len() as u32))
}
