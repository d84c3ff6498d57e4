//! Writing a message, field by field.

use super::{form::Form, map::Dictionary};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use std::marker::PhantomData;

/// The object that a message becomes.
pub struct Fields<S: Serializer>(S::SerializeMap);

impl<S: Serializer> std::fmt::Debug for Fields<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fields")
    }
}

/// A value in the form `F`.
struct In<'a, T, F>(&'a T, PhantomData<F>);

impl<T, F: Form<T>> Serialize for In<'_, T, F> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        F::write(self.0, serializer)
    }
}

/// Values in the form `F`.
struct Each<'a, T, F>(&'a [T], PhantomData<F>);

impl<T, F: Form<T>> Serialize for Each<'_, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut items = serializer.serialize_seq(Some(self.0.len()))?;
        for item in self.0 {
            items.serialize_element(&In::<T, F>(item, PhantomData))?;
        }
        items.end()
    }
}

/// A map whose values have the form `F`.
struct Entries<'a, M, F>(&'a M, PhantomData<F>);

impl<M: Dictionary, F: Form<M::Value>> Serialize for Entries<'_, M, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use super::map::Key;
        let mut entries = serializer.serialize_map(None)?;
        for (key, value) in self.0.entries() {
            key.with_text(|key| entries.serialize_entry(key, &In::<M::Value, F>(value, PhantomData)))?;
        }
        entries.end()
    }
}

/// All methods fail only where the serializer does.
#[expect(clippy::missing_errors_doc, reason = "said once for all")]
impl<S: Serializer> Fields<S> {
    /// Opens the object.
    #[inline]
    pub fn begin(serializer: S) -> Result<Self, S::Error> {
        serializer.serialize_map(None).map(Self)
    }

    /// Closes it.
    #[inline]
    pub fn end(self) -> Result<S::Ok, S::Error> {
        self.0.end()
    }

    /// A field that is there.
    #[inline]
    pub fn value<F: Form<T>, T>(&mut self, name: &'static str, value: &T) -> Result<(), S::Error> {
        self.0.serialize_entry(name, &In::<T, F>(value, PhantomData))
    }

    /// A field that is left out while it has its zero value.
    #[inline]
    pub fn implicit<F: Form<T>, T>(&mut self, name: &'static str, value: &T) -> Result<(), S::Error> {
        if F::is_zero(value) {
            Ok(())
        } else {
            self.value::<F, T>(name, value)
        }
    }

    /// A field that is there or not.
    #[inline]
    pub fn optional<F: Form<T>, T>(&mut self, name: &'static str, value: &Option<T>) -> Result<(), S::Error> {
        value.as_ref().map_or(Ok(()), |value| self.value::<F, T>(name, value))
    }

    /// A repeated field, left out while it is empty.
    #[inline]
    pub fn repeated<F: Form<T>, T>(&mut self, name: &'static str, values: &[T]) -> Result<(), S::Error> {
        if values.is_empty() {
            Ok(())
        } else {
            self.0.serialize_entry(name, &Each::<T, F>(values, PhantomData))
        }
    }

    /// A map, left out while it is empty.
    #[inline]
    pub fn map<F: Form<M::Value>, M: Dictionary>(&mut self, name: &'static str, map: &M) -> Result<(), S::Error> {
        if map.entries().next().is_none() {
            Ok(())
        } else {
            self.0.serialize_entry(name, &Entries::<M, F>(map, PhantomData))
        }
    }
}
