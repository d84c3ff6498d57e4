//! Every message by its name, for whoever does not know at compile time which one it is.

use crate::{failure::Failure, json};
use bytes::Bytes;
use prost::Message;
use serde::{Serialize, de::DeserializeOwned};

include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

/// One message type.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Full name, e.g. `parlance.v1.User`.
    pub name: &'static str,
    to_json: fn(&[u8]) -> Result<String, prost::DecodeError>,
    from_json: fn(&[u8]) -> Result<Vec<u8>, Failure>,
    anew: fn(&[u8]) -> Result<Vec<u8>, prost::DecodeError>,
}

impl Entry {
    /// The entry of a message type.
    #[must_use]
    pub const fn of<M: Message + Default + Serialize + DeserializeOwned>(name: &'static str) -> Self {
        Self {
            name,
            to_json: to_json::<M>,
            from_json: from_json::<M>,
            anew: anew::<M>,
        }
    }

    /// The message of this name, if the schema has it.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        MESSAGES.iter().find(|entry| entry.name == name)
    }

    /// The ProtoJSON of a message in protobuf.
    ///
    /// # Errors
    /// The bytes are no such message.
    pub fn to_json(&self, bytes: &[u8]) -> Result<String, prost::DecodeError> {
        (self.to_json)(bytes)
    }

    /// As [`Entry::to_json`], with `"…"` in place of what sensitive fields hold.
    ///
    /// # Errors
    /// As [`Entry::to_json`].
    pub fn to_json_concealed(&self, bytes: &[u8]) -> Result<serde_json::Value, prost::DecodeError> {
        let text = self.to_json(bytes)?;
        let mut json = serde_json::from_str(&text).expect("what was just written is JSON");
        conceal(self.name, &mut json);
        Ok(json)
    }

    /// The protobuf of a message in ProtoJSON; unknown fields are refused.
    ///
    /// # Errors
    /// The text is no such message.
    pub fn from_json(&self, text: &[u8]) -> Result<Vec<u8>, Failure> {
        (self.from_json)(text)
    }

    /// What this code writes after it has read a message in protobuf: without what it does not know.
    ///
    /// # Errors
    /// The bytes are no such message.
    pub fn anew(&self, bytes: &[u8]) -> Result<Vec<u8>, prost::DecodeError> {
        (self.anew)(bytes)
    }
}

/// What a field of a message leads to.
#[derive(Debug, Clone, Copy)]
enum Inside {
    /// It must not be shown.
    Sensitive,
    /// A message, or many.
    Message {
        /// Its full name.
        name: &'static str,
        /// Whether it is a map of them.
        by_key: bool,
    },
}

/// Takes the values of sensitive fields out of a message in ProtoJSON.
fn conceal(name: &str, json: &mut serde_json::Value) {
    let Ok(at) = INSIDES.binary_search_by_key(&name, |(name, _)| name) else {
        return;
    };
    for (field, inside) in INSIDES[at].1 {
        let Some(value) = json.get_mut(field) else { continue };
        match (inside, value) {
            (Inside::Sensitive, value) => *value = "…".into(),
            (Inside::Message { name, .. }, serde_json::Value::Array(items)) => {
                items.iter_mut().for_each(|item| conceal(name, item));
            }
            (Inside::Message { name, by_key: true }, serde_json::Value::Object(map)) => {
                map.values_mut().for_each(|value| conceal(name, value));
            }
            (Inside::Message { name, .. }, value) => conceal(name, value),
        }
    }
}

fn to_json<M: Message + Default + Serialize>(bytes: &[u8]) -> Result<String, prost::DecodeError> {
    Ok(json::to_string(&M::decode(Bytes::copy_from_slice(bytes))?))
}

fn from_json<M: Message + DeserializeOwned>(text: &[u8]) -> Result<Vec<u8>, Failure> {
    Ok(json::from_slice::<M>(text)?.encode_to_vec())
}

fn anew<M: Message + Default>(bytes: &[u8]) -> Result<Vec<u8>, prost::DecodeError> {
    Ok(M::decode(Bytes::copy_from_slice(bytes))?.encode_to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        internal::v1::{Fanout, Upstream},
        v1::{Content, Text, content::Kind},
    };

    #[test]
    fn what_a_message_says_is_concealed_wherever_it_stands_and_the_rest_is_shown() {
        let text = Text {
            body: "a secret".into(),
            ..Default::default()
        };
        let content = Content {
            kind: Some(Kind::Text(text)),
            ..Default::default()
        };
        let upstream = Upstream {
            conversation_id: 7,
            content: Some(content.clone()),
            ..Default::default()
        };
        let entry = Entry::named("parlance.internal.v1.Upstream").expect("the schema has it");
        let shown = entry.to_json_concealed(&upstream.encode_to_vec()).expect("it is one");
        assert_eq!(shown["conversationId"], "7");
        assert!(!shown.to_string().contains("a secret"), "{shown}");

        let json =
            r#"{"conversationId":"7","deliveries":{"items":[{"message":{"content":{"text":{"body":"a secret"}}}}]}}"#;
        let fanout: Fanout = json::from_slice(json.as_bytes()).expect("it is one");
        let entry = Entry::named("parlance.internal.v1.Fanout").expect("the schema has it");
        let bytes = fanout.encode_to_vec();
        assert!(entry.to_json(&bytes).expect("it is one").contains("a secret"));
        let shown = entry.to_json_concealed(&bytes).expect("it is one");
        assert!(shown["deliveries"]["items"][0]["message"].is_object(), "{shown}");
        assert!(!shown.to_string().contains("a secret"), "{shown}");
    }
}
