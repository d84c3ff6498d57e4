//! How a value of a protobuf type looks in JSON.

use super::{
    fault::refuse,
    number::{Integer, is_number, read_integer},
};
use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    display::Base64Display,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    prelude::BASE64_STANDARD,
};
use bytes::Bytes;
use serde::{
    Serialize,
    de::{Deserialize, Deserializer, Error, Visitor},
    ser::Serializer,
};
use std::{borrow::Cow, fmt, marker::PhantomData};

/// The JSON form of a protobuf type whose Rust type is `T`: one Rust type may have several (an `i32` is a number or an enum).
pub trait Form<T> {
    /// Writes a value.
    ///
    /// # Errors
    /// Those of the serializer.
    fn write<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error>;

    /// Reads a value; `None` for one that is to be ignored.
    ///
    /// # Errors
    /// What is not of this form.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error>;

    /// Whether a field that tracks no presence leaves it out.
    fn is_zero(value: &T) -> bool;
}

/// 32-bit integers: numbers.
#[derive(Debug)]
pub struct Int;

/// 64-bit integers: strings.
#[derive(Debug)]
pub struct Long;

/// Floats: numbers, or the strings `NaN`, `Infinity`, `-Infinity`.
#[derive(Debug)]
pub struct Real;

/// Booleans.
#[derive(Debug)]
pub struct Bool;

/// Strings.
#[derive(Debug)]
pub struct Text;

/// Bytes: base64, written in the standard alphabet with padding, read in either alphabet with or without.
#[derive(Debug)]
pub struct Base64;

/// Messages and well-known types: as their own `Serialize` and `Deserialize` say.
#[derive(Debug)]
pub struct Object;

impl<T: Integer + Serialize> Form<T> for Int {
    #[inline]
    fn write<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        read_integer(deserializer).map(Some)
    }

    #[inline]
    fn is_zero(value: &T) -> bool {
        value.is_zero()
    }
}

impl<T: Integer> Form<T> for Long {
    #[inline]
    fn write<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(itoa::Buffer::new().format(*value))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        read_integer(deserializer).map(Some)
    }

    #[inline]
    fn is_zero(value: &T) -> bool {
        value.is_zero()
    }
}

impl Form<bool> for Bool {
    #[inline]
    fn write<S: Serializer>(value: &bool, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*value)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
        bool::deserialize(deserializer).map(Some)
    }

    #[inline]
    fn is_zero(value: &bool) -> bool {
        !value
    }
}

impl Form<String> for Text {
    #[inline]
    fn write<S: Serializer>(value: &String, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(value)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
        String::deserialize(deserializer).map(Some)
    }

    #[inline]
    fn is_zero(value: &String) -> bool {
        value.is_empty()
    }
}

impl<T: Serialize + for<'a> Deserialize<'a>> Form<T> for Object {
    #[inline]
    fn write<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        T::deserialize(deserializer).map(Some)
    }

    #[inline]
    fn is_zero(_value: &T) -> bool {
        false
    }
}

const READ_CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::RequireNone)
    .with_decode_allow_trailing_bits(true);
const READ_STANDARD: GeneralPurpose = GeneralPurpose::new(&STANDARD, READ_CONFIG);
const READ_URL_SAFE: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, READ_CONFIG);

impl Form<Bytes> for Base64 {
    #[inline]
    fn write<S: Serializer>(value: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(value, &BASE64_STANDARD))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
        let text = deserializer.deserialize_str(TextVisitor("a base64 string"))?;
        let engine = if text.contains(['-', '_']) {
            &READ_URL_SAFE
        } else {
            &READ_STANDARD
        };
        let unpadded = text.trim_end_matches('=');
        let padding = text.len() - unpadded.len();
        if padding > 2 || (padding > 0 && !text.len().is_multiple_of(4)) {
            return Err(refuse("format", "must be base64"));
        }
        let bytes = engine
            .decode(unpadded.as_bytes())
            .map_err(|_| refuse("format", "must be base64"))?;
        Ok(Some(Bytes::from(bytes)))
    }

    #[inline]
    fn is_zero(value: &Bytes) -> bool {
        value.is_empty()
    }
}

/// Reads a string without copying it where that is possible.
pub(crate) struct TextVisitor(pub(crate) &'static str);

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text))
    }
}

/// The float types of protobuf.
pub trait Float: Copy + Serialize {
    /// The nearest value, infinite for one that is too large.
    fn nearest(value: f64) -> Self;
    /// As a 64-bit float.
    fn wide(self) -> f64;
}

impl Float for f64 {
    fn nearest(value: f64) -> Self {
        value
    }

    fn wide(self) -> f64 {
        self
    }
}

impl Float for f32 {
    fn nearest(value: f64) -> Self {
        value as f32
    }

    fn wide(self) -> f64 {
        f64::from(self)
    }
}

impl<T: Float> Form<T> for Real {
    fn write<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        let wide = value.wide();
        if wide.is_finite() {
            value.serialize(serializer)
        } else if wide.is_nan() {
            serializer.serialize_str("NaN")
        } else {
            serializer.serialize_str(if wide > 0.0 { "Infinity" } else { "-Infinity" })
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_any(RealVisitor(PhantomData)).map(Some)
    }

    fn is_zero(value: &T) -> bool {
        value.wide().to_bits() == 0
    }
}

struct RealVisitor<T>(PhantomData<T>);

impl<T: Float> Visitor<'_> for RealVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<T, E> {
        let nearest = T::nearest(value);
        if nearest.wide().is_finite() {
            Ok(nearest)
        } else {
            Err(refuse("range", "is too large for the type"))
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        self.visit_f64(value as f64)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        self.visit_f64(value as f64)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let infinite = match text {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        };
        match infinite {
            Some(value) => Ok(T::nearest(value)),
            None if is_number(text) => match text.parse() {
                Ok(value) => self.visit_f64(value),
                Err(_) => Err(refuse("type", "must be a number")),
            },
            None => Err(refuse("type", "must be a number")),
        }
    }
}
