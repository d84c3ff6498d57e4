//! JSON whose members stay in the order in which they were put: the map of `serde_json` sorts them, and a document for people begins with
//! what matters.

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};

/// A value of the document.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Node {
    Value(Value),
    Schema(Box<RefOr<Schema>>),
    Object(Object),
    List(Vec<Node>),
}

/// An object whose members are in order.
#[derive(Default)]
pub(super) struct Object(Vec<(String, Node)>);

impl Object {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a member.
    pub(super) fn with(mut self, name: impl Into<String>, value: impl Into<Node>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    /// Adds a member if there is a value for it that is not empty.
    pub(super) fn maybe(self, name: &str, value: Option<impl Into<Node>>) -> Self {
        match value.map(Into::into) {
            None => self,
            Some(Node::Value(Value::String(text))) if text.is_empty() => self,
            Some(Node::Object(object)) if object.0.is_empty() => self,
            Some(Node::List(list)) if list.is_empty() => self,
            Some(value) => self.with(name, value),
        }
    }
}

/// `{"$ref": …}`.
pub(super) fn reference(to: impl std::fmt::Display) -> Object {
    Object::new().with("$ref", format!("#/{to}"))
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl FromIterator<(String, Object)> for Object {
    fn from_iter<I: IntoIterator<Item = (String, Object)>>(members: I) -> Self {
        Self(
            members
                .into_iter()
                .map(|(name, object)| (name, Node::Object(object)))
                .collect(),
        )
    }
}

impl From<Object> for Node {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl From<RefOr<Schema>> for Node {
    fn from(schema: RefOr<Schema>) -> Self {
        Self::Schema(Box::new(schema))
    }
}

impl<T: Into<Node>> From<Vec<T>> for Node {
    fn from(list: Vec<T>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

macro_rules! plain {
    ($($kind:ty),*) => {
        $(impl From<$kind> for Node {
            fn from(value: $kind) -> Self {
                Self::Value(value.into())
            }
        })*
    };
}

plain!(Value, &str, String, u16, u32, u64, bool);
