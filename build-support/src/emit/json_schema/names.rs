//! What can be reached from what a document describes, and what it is called there.

use crate::model::{Cardinality, Field, Kind, Message, Rules, Schema as Model};
use std::collections::{BTreeMap, BTreeSet};

/// Messages and enums that can be reached from what a document describes.
#[derive(Default)]
pub(in crate::emit) struct Reached {
    sent: BTreeSet<String>,
    received: BTreeSet<String>,
}

impl Reached {
    /// Clients send this message, and all that is in it.
    pub(in crate::emit) fn send(&mut self, model: &Model, full_name: &str) {
        reach_message(model, full_name, &mut self.sent);
    }

    /// Clients send what is in this field.
    pub(in crate::emit) fn send_field(&mut self, model: &Model, field: &Field) {
        reach(model, field, &mut self.sent);
    }

    /// Clients receive this message, and all that is in it.
    pub(in crate::emit) fn receive(&mut self, model: &Model, full_name: &str) {
        reach_message(model, full_name, &mut self.received);
    }

    /// Clients receive what is in this field.
    pub(in crate::emit) fn receive_field(&mut self, model: &Model, field: &Field) {
        reach(model, field, &mut self.received);
    }
}

/// The JSON Schema that a document speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emit) enum Dialect {
    /// A reference may have words beside it (OpenAPI 3.1).
    Draft2020,
    /// What stands beside a reference is ignored (AsyncAPI).
    Draft07,
}

/// Messages and enums that a document describes, with the names of their components.
pub(in crate::emit) struct Names {
    names: BTreeMap<String, String>,
    reached: Reached,
    pub(super) dialect: Dialect,
}

impl Names {
    /// Names everything that has been reached: by its short name if no other has it, else by its full one.
    pub(in crate::emit) fn new(model: &Model, reached: Reached, dialect: Dialect) -> Self {
        let all: BTreeSet<_> = reached.sent.union(&reached.received).cloned().collect();
        let short = all
            .iter()
            .map(|full_name| short(model, full_name))
            .fold(BTreeMap::new(), |mut seen, name| {
                *seen.entry(name).or_insert(0) += 1;
                seen
            });
        let names = all.into_iter().map(|full_name| {
            let name = short_unless_taken(model, &full_name, &short);
            (full_name, name)
        });
        Self {
            names: names.collect(),
            reached,
            dialect,
        }
    }

    /// The component of a message or enum.
    ///
    /// # Panics
    /// If it cannot be reached: everything that the document describes can be.
    pub(in crate::emit) fn of(&self, full_name: &str) -> &str {
        self.names
            .get(full_name)
            .unwrap_or_else(|| panic!("{full_name} is described, therefore it has been reached"))
    }

    /// Full names of all components, by name of the component.
    pub(in crate::emit) fn components(&self) -> BTreeMap<&str, &str> {
        self.names
            .iter()
            .map(|(full_name, name)| (name.as_str(), full_name.as_str()))
            .collect()
    }

    /// Whether clients send it and never receive it: then unknown fields are refused, and saying so does no harm to newer answers.
    pub(in crate::emit) fn only_sent(&self, full_name: &str) -> bool {
        self.reached.sent.contains(full_name) && !self.reached.received.contains(full_name)
    }
}

/// The message in which errors are told.
pub(in crate::emit) fn problem(model: &Model) -> Option<&Message> {
    model.messages.values().find(|message| message.name == "Problem")
}

fn reach_message(model: &Model, full_name: &str, reached: &mut BTreeSet<String>) {
    if reached.insert(full_name.to_owned()) {
        for field in &model.messages[full_name].fields {
            reach(model, field, reached);
        }
    }
}

fn reach(model: &Model, field: &Field, reached: &mut BTreeSet<String>) {
    let rules = if field.cardinality == Cardinality::Repeated {
        field.rules.items.as_deref()
    } else {
        Some(&field.rules)
    };
    match &field.kind {
        Kind::Message(name) => reach_message(model, name, reached),
        Kind::Enum(name) if !rules.is_some_and(closes) => _ = reached.insert(name.clone()),
        Kind::Enum(_) | Kind::Scalar(_) | Kind::WellKnown(_) => {}
    }
}

/// Whether rules close an enum: then its field lists the values that are allowed and needs no component.
pub(in crate::emit) fn closes(rules: &Rules) -> bool {
    rules.defined_only || !rules.enum_in.is_empty()
}

/// The name within its package, e.g. `OuterInner`.
fn short(model: &Model, full_name: &str) -> String {
    let package = model.messages.values().map(|message| message.package.as_str());
    let package = package
        .filter(|package| {
            full_name
                .strip_prefix(package)
                .is_some_and(|rest| rest.starts_with('.'))
        })
        .max_by_key(|package| package.len());
    full_name[package.map_or(0, |package| package.len() + 1)..].replace('.', "")
}

fn short_unless_taken(model: &Model, full_name: &str, seen: &BTreeMap<String, usize>) -> String {
    let name = short(model, full_name);
    if seen[&name] == 1 {
        name
    } else {
        full_name.replace('.', "_")
    }
}
