//! Maps: objects, whatever the type of their keys.

use super::{
    depth::Level,
    fault::{in_key, refuse},
    form::{Form, TextVisitor},
    number::parse_integer,
    read::{Maybe, Seed},
};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    fmt,
    hash::{BuildHasher, Hash},
    marker::PhantomData,
};

/// A type of keys.
pub trait Key: Sized {
    /// Hands the key as text to `then`.
    fn with_text<R>(&self, then: impl FnOnce(&str) -> R) -> R;
    /// The key that `text` is, if it is one.
    fn parse(text: Cow<'_, str>) -> Option<Self>;
}

impl Key for String {
    fn with_text<R>(&self, then: impl FnOnce(&str) -> R) -> R {
        then(self)
    }

    fn parse(text: Cow<'_, str>) -> Option<Self> {
        Some(text.into_owned())
    }
}

impl Key for bool {
    fn with_text<R>(&self, then: impl FnOnce(&str) -> R) -> R {
        then(if *self { "true" } else { "false" })
    }

    fn parse(text: Cow<'_, str>) -> Option<Self> {
        text.parse().ok()
    }
}

macro_rules! integer_keys {
    ($($type:ty)*) => {$(
        impl Key for $type {
            fn with_text<R>(&self, then: impl FnOnce(&str) -> R) -> R {
                then(itoa::Buffer::new().format(*self))
            }

            fn parse(text: Cow<'_, str>) -> Option<Self> {
                parse_integer(&text)
            }
        }
    )*};
}
integer_keys!(i32 i64 u32 u64);

/// A map of any kind.
pub trait Dictionary: Default {
    /// Its keys.
    type Key: Key;
    /// Its values.
    type Value;
    /// All entries, in the map's order.
    fn entries(&self) -> impl Iterator<Item = (&Self::Key, &Self::Value)>;
    /// Puts an entry in; true if there was none with that key.
    fn put(&mut self, key: Self::Key, value: Self::Value) -> bool;
}

impl<K: Key + Eq + Hash, V, S: BuildHasher + Default> Dictionary for HashMap<K, V, S> {
    type Key = K;
    type Value = V;

    fn entries(&self) -> impl Iterator<Item = (&K, &V)> {
        self.iter()
    }

    fn put(&mut self, key: K, value: V) -> bool {
        self.insert(key, value).is_none()
    }
}

impl<K: Key + Ord, V> Dictionary for BTreeMap<K, V> {
    type Key = K;
    type Value = V;

    fn entries(&self) -> impl Iterator<Item = (&K, &V)> {
        self.iter()
    }

    fn put(&mut self, key: K, value: V) -> bool {
        self.insert(key, value).is_none()
    }
}

/// Reads the value of a map field.
///
/// # Errors
/// What is no such map; a key that stands there twice.
pub fn dictionary<'de, F: Form<M::Value>, M: Dictionary, A: MapAccess<'de>>(
    access: &mut A,
    into: &mut M,
) -> Result<(), A::Error> {
    if let Some(map) = access.next_value_seed(Maybe(EntriesSeed::<M, F>(PhantomData)))? {
        *into = map;
    }
    Ok(())
}

struct EntriesSeed<M, F>(PhantomData<(M, F)>);

impl<'de, M: Dictionary, F: Form<M::Value>> DeserializeSeed<'de> for EntriesSeed<M, F> {
    type Value = Option<M>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self).map(Some)
    }
}

impl<'de, M: Dictionary, F: Form<M::Value>> Visitor<'de> for EntriesSeed<M, F> {
    type Value = M;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<M, A::Error> {
        let _level = Level::enter()?;
        let mut map = M::default();
        while let Some(text) = access.next_key_seed(KeySeed)? {
            let value = access
                .next_value_seed(Seed::<M::Value, F>(PhantomData))
                .map_err(|error| in_key(error, &text))?;
            let Some(key) = M::Key::parse(Cow::Borrowed(&text)) else {
                return Err(in_key(refuse("type", "is no key of this map"), &text));
            };
            if let Some(value) = value
                && !map.put(key, value)
            {
                return Err(in_key(refuse("duplicate_field", "stands there twice"), &text));
            }
        }
        Ok(map)
    }
}

struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(TextVisitor("a key"))
    }
}
