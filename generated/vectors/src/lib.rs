#![doc = include_str!("../README.md")]

use im_schema::{
    failure::{Failure, Violation},
    json,
    rpc::Validate,
};
use serde_json::Value;

/// A schema with what has been made of it.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// Its name: `real` or `corpus`.
    pub name: &'static str,
    /// Its vectors, as `build_support::vectors::to_json` writes them.
    pub vectors: &'static str,
    /// Its OpenAPI document.
    pub openapi: &'static str,
    /// Its AsyncAPI document.
    pub asyncapi: &'static str,
    /// Names of schemas by full names of messages: an object for each document.
    pub components: &'static str,
    /// Its serialised descriptor set.
    pub descriptor_set: &'static [u8],
}

macro_rules! source {
    ($name:literal) => {
        Source {
            name: $name,
            vectors: include_str!(concat!(env!("OUT_DIR"), "/", $name, ".vectors.json")),
            openapi: include_str!(concat!(env!("OUT_DIR"), "/", $name, ".openapi.json")),
            asyncapi: include_str!(concat!(env!("OUT_DIR"), "/", $name, ".asyncapi.json")),
            components: include_str!(concat!(env!("OUT_DIR"), "/", $name, ".components.json")),
            descriptor_set: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".descriptor.bin")),
        }
    };
}

/// The schema of the platform, and the one that has every rule.
pub const SOURCES: [Source; 2] = [source!("real"), source!("corpus")];

/// A message, and what is wrong with it.
#[derive(Debug, Clone)]
pub struct Vector {
    /// Full name of the message.
    pub message: String,
    /// Name of the field in question.
    pub field: String,
    /// What its value is, for people.
    pub case: String,
    /// The message.
    pub json: Value,
    /// Paths and rules that are broken, in order of their names.
    pub broken: Vec<(String, String)>,
}

impl Source {
    /// Its vectors.
    ///
    /// # Panics
    /// Never: the build script wrote them in this form.
    #[must_use]
    pub fn vectors(&self) -> Vec<Vector> {
        let text = |value: &Value| value.as_str().expect("the build script writes strings").to_owned();
        let all: Vec<Value> = serde_json::from_str(self.vectors).expect("the build script writes JSON");
        let vectors = all.iter().map(|vector| {
            let broken = vector["broken"].as_array().expect("the build script writes lists");
            let mut broken: Vec<_> = broken
                .iter()
                .map(|it| (text(&it["field"]), text(&it["rule"])))
                .collect();
            broken.sort();
            Vector {
                message: text(&vector["message"]),
                field: text(&vector["field"]),
                case: text(&vector["case"]),
                json: vector["json"].clone(),
                broken,
            }
        });
        vectors.collect()
    }
}

impl Vector {
    /// Which one it is, in one line.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}.{}: {}", self.message, self.field, self.case)
    }
}

/// What the generated code says of `json`, a message of this full name: the rules that it breaks, or why it cannot be read. `None` if there
/// is no such message.
#[must_use]
pub fn check(message: &str, json: &[u8]) -> Option<Result<Vec<Violation>, Failure>> {
    include!(concat!(env!("OUT_DIR"), "/messages.rs"))
}

#[expect(clippy::unnecessary_wraps, reason = "the arms of a table whose last one is `None`")]
fn checked<M: json::Message + serde::de::DeserializeOwned + Validate>(
    json: &[u8],
) -> Option<Result<Vec<Violation>, Failure>> {
    Some(json::from_slice::<M>(json).map(|message| {
        let mut broken = Vec::new();
        message.check(&mut broken);
        broken
    }))
}
