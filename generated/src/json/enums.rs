//! Enums: names, and numbers where there is no name.

use super::{
    fault::{lenient, refuse},
    form::Form,
};
use serde::{
    de::{Deserializer, Error, Visitor},
    ser::Serializer,
};
use std::{fmt, marker::PhantomData};

/// An enum of the schema.
pub trait Enum: TryFrom<i32> + Into<i32> + Copy {
    /// Name in the schema, e.g. `MemberRole`.
    const NAME: &'static str;

    /// The name of a number, if it has one.
    fn name(number: i32) -> Option<&'static str>;

    /// The number of a name, if it has one.
    fn number(name: &str) -> Option<i32>;
}

/// A field of the enum `E`: any number survives, known or not.
#[derive(Debug)]
pub struct Open<E>(PhantomData<E>);

impl<E: Enum> Form<i32> for Open<E> {
    #[inline]
    fn write<S: Serializer>(value: &i32, serializer: S) -> Result<S::Ok, S::Error> {
        match E::name(*value) {
            Some(name) => serializer.serialize_str(name),
            None => serializer.serialize_i32(*value),
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i32>, D::Error> {
        deserializer.deserialize_any(EnumVisitor::<E>(PhantomData))
    }

    #[inline]
    fn is_zero(value: &i32) -> bool {
        *value == 0
    }
}

/// Writes a value of an enum that is no field.
///
/// # Errors
/// Those of the serializer.
pub fn write_enum<E: Enum, S: Serializer>(value: E, serializer: S) -> Result<S::Ok, S::Error> {
    Open::<E>::write(&value.into(), serializer)
}

/// Reads a value of an enum that is no field, so that only known ones are possible.
///
/// # Errors
/// What is neither name nor number of a value.
pub fn read_enum<'de, E: Enum, D: Deserializer<'de>>(deserializer: D) -> Result<E, D::Error> {
    let number = Open::<E>::read(deserializer)?;
    number
        .and_then(|number| E::try_from(number).ok())
        .ok_or_else(unknown::<E, _>)
}

#[cold]
fn unknown<T: Enum, E: Error>() -> E {
    refuse(
        "enum",
        format!("must be the name or the number of a value of {}", T::NAME),
    )
}

struct EnumVisitor<T>(PhantomData<T>);

impl<T: Enum> Visitor<'_> for EnumVisitor<T> {
    type Value = Option<i32>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name or the number of a value of {}", T::NAME)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        match T::number(name) {
            None if lenient() => Ok(None),
            None => Err(unknown::<T, _>()),
            known => Ok(known),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        i32::try_from(number)
            .map(Some)
            .map_err(|_| refuse("range", "must be a 32-bit integer"))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        i32::try_from(number)
            .map(Some)
            .map_err(|_| refuse("range", "must be a 32-bit integer"))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        if number.fract() != 0.0 {
            return Err(unknown::<T, _>());
        }
        if !(f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number) {
            return Err(refuse("range", "must be a 32-bit integer"));
        }
        Ok(Some(number as i32))
    }
}
