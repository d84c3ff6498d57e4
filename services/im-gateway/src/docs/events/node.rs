//! JSON whose members stay in the order of the document: that of the schema, which the map of `serde_json` would sort.

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;
use std::{fmt, ops::Index};

/// A value of the document.
pub(super) enum Node {
    Object(Vec<(String, Node)>),
    Array(Vec<Node>),
    Plain(Value),
}

static NOTHING: Node = Node::Plain(Value::Null);

impl Node {
    /// The text of a string, else nothing.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Plain(Value::String(text)) => text,
            _ => "",
        }
    }

    pub(super) fn number(&self) -> Option<u64> {
        match self {
            Self::Plain(value) => value.as_u64(),
            _ => None,
        }
    }

    /// The items of a list; of anything else none.
    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }

    /// The members of an object; of anything else none.
    pub(super) fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    pub(super) fn is_there(&self) -> bool {
        !matches!(self, Self::Plain(Value::Null))
    }

    /// As JSON, indented.
    pub(super) fn pretty(&self) -> String {
        let mut out = String::new();
        self.write(0, &mut out);
        out
    }

    fn write(&self, depth: usize, out: &mut String) {
        let (open, close, parts): (_, _, Vec<(String, &Self)>) = match self {
            Self::Object(members) => {
                let parts = members
                    .iter()
                    .map(|(name, value)| (format!("{}: ", Value::from(name.as_str())), value));
                ('{', '}', parts.collect())
            }
            Self::Array(items) => ('[', ']', items.iter().map(|item| (String::new(), item)).collect()),
            Self::Plain(value) => return out.push_str(&value.to_string()),
        };
        out.push(open);
        let last = parts.len().saturating_sub(1);
        for (index, (name, value)) in parts.iter().enumerate() {
            out.push_str(&format!("\n{}{name}", "  ".repeat(depth + 1)));
            value.write(depth + 1, out);
            out.push_str(if index == last { "\n" } else { "," });
        }
        if !parts.is_empty() {
            out.push_str(&"  ".repeat(depth));
        }
        out.push(close);
    }
}

/// A member; nothing if there is none.
impl Index<&str> for Node {
    type Output = Self;

    fn index(&self, name: &str) -> &Self {
        let mut members = self.members().iter();
        members
            .find(|(found, _)| found == name)
            .map_or(&NOTHING, |(_, value)| value)
    }
}

/// An item; nothing if there is none.
impl Index<usize> for Node {
    type Output = Self;

    fn index(&self, at: usize) -> &Self {
        self.items().get(at).unwrap_or(&NOTHING)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Node::Object(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::Array(items))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Plain(text.into()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Plain(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Plain(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Plain(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Plain(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Plain(Value::Null))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_in_the_same_order() {
        let text = "{\n  \"b\": [\n    1,\n    -2,\n    {\n      \"z\": null,\n      \"a\": \"\\\"\"\n    }\n  ],\n  \"a\": true\n}";
        let node: Node = serde_json::from_str(text).unwrap();
        assert_eq!(node.pretty(), text);
        assert_eq!(node["b"][2]["a"].text(), "\"");
        assert!(!node["c"]["d"][3].is_there());
    }
}
