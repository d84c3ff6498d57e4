//! What samples name, made on a platform. The table in the reference says what there has to be.

use super::pages::REFERENCE;
use im_schema::ids::ConversationId;
use im_testkit::{PASSWORD, Town, User, message};
use serde_json::Value;
use std::fs;

/// Values of samples, and what is put in their place; the users who can send them.
pub(super) struct StandIns {
    values: Vec<(String, String)>,
    pub(super) ada: User,
    pub(super) bob: User,
}

impl StandIns {
    /// Makes everything anew, under names with this number: samples change things, and must not get into each other's way.
    pub(super) async fn make(town: &Town, number: usize) -> Self {
        let mut ada = town.user(&format!("ada{number}")).await;
        let mut bob = town.user(&format!("bob{number}")).await;
        let cleo = town.user(&format!("cleo{number}")).await;
        let own = ada.creates_group("Engine room", &[bob.id]).await;
        bob.sends("hello").into(own).await;
        let others = bob.creates_group("Boiler room", &[ada.id]).await;
        let mut values: Vec<(String, String)> = table()
            .into_iter()
            .map(|(value, meaning)| {
                let made = match meaning.as_str() {
                    "the id of Ada, who calls" => ada.id.to_string(),
                    "the id of Bob" => bob.id.to_string(),
                    "the id of Cleo" => cleo.id.to_string(),
                    "a group that Ada owns and Bob is in, who has said something there" => own.to_string(),
                    "a group that Bob owns and Ada is in" => others.to_string(),
                    "a version 7 UUID of now, another one for each sample" => {
                        message(ConversationId(0), "").client_message_id
                    }
                    "Ada's name" => ada.name.clone(),
                    "a name that nobody has" => format!("dora{number}"),
                    "Ada's password" => PASSWORD.to_owned(),
                    "an access token of Ada's" => ada.tokens.access_token.clone(),
                    "a refresh token of Ada's that was not used yet" => ada.tokens.refresh_token.clone(),
                    other => panic!("the table of the reference speaks of `{other}`, for which there is nothing here"),
                };
                (value, made)
            })
            .collect();
        values.push((
            "Bearer $TOKEN".to_owned(),
            format!("Bearer {}", ada.tokens.access_token),
        ));
        Self { values, ada, bob }
    }

    /// A value that is just what stands for something else.
    pub(super) fn text(&self, text: &str) -> String {
        let found = self.values.iter().find(|(value, _)| value == text);
        found.map_or_else(|| text.to_owned(), |(_, made)| made.clone())
    }

    /// All strings in a tree.
    pub(super) fn json(&self, tree: Value) -> Value {
        match tree {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.json(item)).collect(),
            Value::Object(members) => members
                .into_iter()
                .map(|(name, value)| (name, self.json(value)))
                .collect(),
            other => other,
        }
    }

    /// The parts of a path and the parameters of its query.
    pub(super) fn target(&self, target: &str) -> String {
        let (path, query) = target
            .split_once('?')
            .map_or((target, None), |(path, query)| (path, Some(query)));
        let path = path
            .split('/')
            .map(|part| self.text(part))
            .collect::<Vec<_>>()
            .join("/");
        let Some(query) = query else { return path };
        let pairs = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, value)) => format!("{name}={}", self.text(value)),
            None => pair.to_owned(),
        });
        format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
    }
}

/// Values and what they stand for, as the reference says.
fn table() -> Vec<(String, String)> {
    let readme = fs::read_to_string(format!("{REFERENCE}/README.md")).expect("the reference has an index");
    let (_, section) = readme
        .split_once("## What samples stand for")
        .expect("the index explains the samples");
    let rows = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |")?.split_once("` | "));
    let rows: Vec<_> = rows
        .map(|(value, meaning)| (value.to_owned(), meaning.to_owned()))
        .collect();
    assert!(!rows.is_empty(), "the table has rows");
    rows
}
