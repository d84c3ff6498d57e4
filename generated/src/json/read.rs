//! Reading a message, field by field.

use super::{
    depth::Level,
    fault::{in_field, in_item, in_unknown, lenient, refuse},
    form::Form,
};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::{fmt, marker::PhantomData};

/// What the generated code says of a message: its fields by position, and how to read each.
pub trait Message: Default {
    /// Names in JSON, by position.
    const FIELDS: &'static [&'static str];

    /// The position of a field, by its name in JSON or in the schema.
    fn position(name: &str) -> Option<usize>;

    /// Reads the value of the field at `position`.
    ///
    /// # Errors
    /// What does not fit the field; a second field of a oneof.
    fn read<'de, A: MapAccess<'de>>(&mut self, position: usize, access: &mut A) -> Result<(), A::Error>;
}

/// Reads a message.
///
/// # Errors
/// What does not fit; a field that stands there twice; one that is unknown, unless those are ignored.
pub fn message<'de, M: Message, D: Deserializer<'de>>(deserializer: D) -> Result<M, D::Error> {
    deserializer.deserialize_map(MessageVisitor(PhantomData))
}

struct MessageVisitor<M>(PhantomData<M>);

impl<'de, M: Message> Visitor<'de> for MessageVisitor<M> {
    type Value = M;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<M, A::Error> {
        let _level = Level::enter()?;
        let mut message = M::default();
        let mut seen = Seen::default();
        while let Some(position) = access.next_key_seed(PositionSeed::<M>(PhantomData))? {
            let Some(position) = position else {
                access.next_value::<IgnoredAny>()?;
                continue;
            };
            if !seen.first_time(position) {
                return Err(in_field(
                    refuse("duplicate_field", "stands there twice"),
                    M::FIELDS[position],
                ));
            }
            message
                .read(position, &mut access)
                .map_err(|error| in_field(error, M::FIELDS[position]))?;
        }
        Ok(message)
    }
}

/// Which fields have been read.
#[derive(Default)]
struct Seen {
    low: u64,
    high: Vec<usize>,
}

impl Seen {
    #[inline]
    fn first_time(&mut self, position: usize) -> bool {
        if position < 64 {
            let bit = 1 << position;
            let first = self.low & bit == 0;
            self.low |= bit;
            return first;
        }
        let first = !self.high.contains(&position);
        if first {
            self.high.push(position);
        }
        first
    }
}

struct PositionSeed<M>(PhantomData<M>);

impl<'de, M: Message> DeserializeSeed<'de> for PositionSeed<M> {
    type Value = Option<usize>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<M: Message> Visitor<'_> for PositionSeed<M> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field")
    }

    #[inline]
    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        match M::position(name) {
            None if !lenient() => Err(in_unknown(
                refuse("unknown_field", "is not a field of this message"),
                name,
            )),
            position => Ok(position),
        }
    }
}

/// One value in the form `F`.
pub(super) struct Seed<T, F>(pub(super) PhantomData<(T, F)>);

impl<'de, T, F: Form<T>> DeserializeSeed<'de> for Seed<T, F> {
    type Value = Option<T>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        F::read(deserializer)
    }
}

/// What the seed reads, or `None` for `null`.
pub(super) struct Maybe<S>(pub(super) S);

impl<'de, T, S: DeserializeSeed<'de, Value = Option<T>>> DeserializeSeed<'de> for Maybe<S> {
    type Value = Option<T>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, T, S: DeserializeSeed<'de, Value = Option<T>>> Visitor<'de> for Maybe<S> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    #[inline]
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(deserializer)
    }
}

/// All values of a repeated field.
struct ItemsSeed<T, F>(PhantomData<(T, F)>);

impl<'de, T, F: Form<T>> DeserializeSeed<'de> for ItemsSeed<T, F> {
    type Value = Option<Vec<T>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self).map(Some)
    }
}

impl<'de, T, F: Form<T>> Visitor<'de> for ItemsSeed<T, F> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        let mut index = 0;
        while let Some(item) = access
            .next_element_seed(Seed::<T, F>(PhantomData))
            .map_err(|error| in_item(error, index))?
        {
            items.extend(item);
            index += 1;
        }
        Ok(items)
    }
}

/// Reads a field that tracks no presence.
///
/// # Errors
/// What is not of the form.
pub fn implicit<'de, F: Form<T>, T, A: MapAccess<'de>>(access: &mut A, into: &mut T) -> Result<(), A::Error> {
    if let Some(value) = access.next_value_seed(Maybe(Seed::<T, F>(PhantomData)))? {
        *into = value;
    }
    Ok(())
}

/// Reads a field that tracks presence.
///
/// # Errors
/// What is not of the form.
pub fn optional<'de, F: Form<T>, T, A: MapAccess<'de>>(access: &mut A, into: &mut Option<T>) -> Result<(), A::Error> {
    *into = access.next_value_seed(Maybe(Seed::<T, F>(PhantomData)))?;
    Ok(())
}

/// Reads a repeated field.
///
/// # Errors
/// What is no array of the form; `null` as an item.
pub fn repeated<'de, F: Form<T>, T, A: MapAccess<'de>>(access: &mut A, into: &mut Vec<T>) -> Result<(), A::Error> {
    if let Some(values) = access.next_value_seed(Maybe(ItemsSeed::<T, F>(PhantomData)))? {
        *into = values;
    }
    Ok(())
}

/// Reads a field of a oneof.
///
/// # Errors
/// What is not of the form; a second field of the oneof.
pub fn member<'de, F: Form<T>, T, O, A: MapAccess<'de>>(
    access: &mut A,
    into: &mut Option<O>,
    variant: fn(T) -> O,
) -> Result<(), A::Error> {
    let Some(value) = access.next_value_seed(Maybe(Seed::<T, F>(PhantomData)))? else {
        return Ok(());
    };
    if into.is_some() {
        return Err(refuse("oneof", "excludes a field that stands before it"));
    }
    *into = Some(variant(value));
    Ok(())
}

/// Reads over a value.
///
/// # Errors
/// What is not JSON.
pub fn ignore<'de, A: MapAccess<'de>>(access: &mut A) -> Result<(), A::Error> {
    access.next_value::<IgnoredAny>().map(|_| ())
}
