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

fn to_json<M: Message + Default + Serialize>(bytes: &[u8]) -> Result<String, prost::DecodeError> {
    Ok(json::to_string(&M::decode(Bytes::copy_from_slice(bytes))?))
}

fn from_json<M: Message + DeserializeOwned>(text: &[u8]) -> Result<Vec<u8>, Failure> {
    Ok(json::from_slice::<M>(text)?.encode_to_vec())
}

fn anew<M: Message + Default>(bytes: &[u8]) -> Result<Vec<u8>, prost::DecodeError> {
    Ok(M::decode(Bytes::copy_from_slice(bytes))?.encode_to_vec())
}
