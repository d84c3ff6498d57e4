//! What clients can reach, and what it is called in the document.

use crate::emit::way::leaf;
use crate::model::{Body, Cardinality, Field, Kind, Message, Method, Route, Rules, Schema as Model};
use std::collections::{BTreeMap, BTreeSet};

/// Messages and enums that requests and answers are made of, with the names of their components.
pub(super) struct Names {
    names: BTreeMap<String, String>,
    sent: BTreeSet<String>,
    received: BTreeSet<String>,
}

impl Names {
    /// Follows every route of the model, and the answer to errors.
    pub(super) fn of_model(model: &Model) -> Self {
        let (mut sent, mut received) = (BTreeSet::new(), BTreeSet::new());
        for method in model.services.iter().flat_map(|service| &service.methods) {
            for route in &method.routes {
                if route.body == Body::Whole && !is_partial(route) {
                    reach_message(model, &method.request, &mut sent);
                }
                for field in sent_fields(model, method, route) {
                    reach(model, field, &mut sent);
                }
            }
            if !method.routes.is_empty() {
                reach_message(model, &method.response, &mut received);
            }
        }
        if let Some(problem) = problem(model) {
            reach_message(model, &problem.full_name, &mut received);
        }
        let all: BTreeSet<_> = sent.union(&received).cloned().collect();
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
            sent,
            received,
        }
    }

    /// The component of a message or enum.
    ///
    /// # Panics
    /// If it cannot be reached: everything that the document describes can be.
    pub(super) fn of(&self, full_name: &str) -> &str {
        self.names
            .get(full_name)
            .unwrap_or_else(|| panic!("{full_name} is described, therefore it has been reached"))
    }

    /// Full names of all components, by name of the component.
    pub(super) fn components(&self) -> BTreeMap<&str, &str> {
        self.names
            .iter()
            .map(|(full_name, name)| (name.as_str(), full_name.as_str()))
            .collect()
    }

    /// Whether clients send it and never receive it: then unknown fields are refused, and saying so does no harm to newer answers.
    pub(super) fn only_sent(&self, full_name: &str) -> bool {
        self.sent.contains(full_name) && !self.received.contains(full_name)
    }
}

/// The message in which errors are told.
pub(super) fn problem(model: &Model) -> Option<&Message> {
    model.messages.values().find(|message| message.name == "Problem")
}

/// Whether the body of a route is a component of its own: the request without what the path binds.
pub(super) fn is_partial(route: &Route) -> bool {
    route.body == Body::Whole && !route.parameters.is_empty()
}

/// Fields of a request that must be described so that the parameters and the body of a route can be.
fn sent_fields<'a>(model: &'a Model, method: &'a Method, route: &Route) -> Vec<&'a Field> {
    let request = &model.messages[&method.request];
    let in_body = request.fields.iter().filter(|field| match &route.body {
        Body::None => false,
        Body::Whole => !route.parameters.contains(&field.name),
        Body::Field(name) => *name == field.name,
    });
    let parameters = route.parameters.iter().chain(&route.query);
    in_body
        .chain(parameters.map(|path| leaf(model, request, path)))
        .collect()
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
pub(super) fn closes(rules: &Rules) -> bool {
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
