//! Taste that a machine can check: what a schema of this house looks like.
//!
//! The loader refuses what makes no sense; these rules refuse what makes sense and would still surprise whoever reads the schema or uses
//! what is made of it. Each one has a name, and a reason that is printed with every offence. Names of files and elements that are
//! generated for others follow them, so there is no way to switch a rule off for one element.
//!
//! Most rules hold in packages with a version, like `parlance.v1`: what has none is the language of the schema itself, its options.

mod comments;
mod fields;
mod files;
mod lists;
mod methods;
mod names;
mod routes;
mod topics;
mod values;

use crate::model::{Access, Message, Method, Schema, Service};
use prost::Message as _;
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use std::fmt;

/// A rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its name, e.g. `file-in-folder`.
    pub name: &'static str,
    /// Why it is there.
    pub reason: &'static str,
    check: fn(&House<'_>, &mut Offences),
}

/// A place where the schema breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offence {
    /// Name of the rule.
    pub rule: &'static str,
    /// The rule's reason.
    pub reason: &'static str,
    /// File in which it stands.
    pub file: String,
    /// Full name of the element; empty for the whole file.
    pub element: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rule,
            reason,
            file,
            element,
            what,
        } = self;
        let colon = if element.is_empty() { "" } else { ": " };
        write!(f, "{file}: {element}{colon}{what}\n    {rule}: {reason}")
    }
}

/// All rules, in order of subjects.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    [
        files::RULES,
        comments::RULES,
        names::RULES,
        values::RULES,
        fields::RULES,
        routes::RULES,
        methods::RULES,
        lists::RULES,
        topics::RULES,
    ]
    .into_iter()
    .flatten()
}

/// Every place where the schema breaks a rule, in order of rules.
///
/// # Panics
/// If the schema's descriptor set is none, which the loader excludes.
#[must_use]
pub fn lint(schema: &Schema) -> Vec<Offence> {
    let set = FileDescriptorSet::decode(schema.descriptor_set.as_slice()).expect("the loader read it");
    let house = House {
        schema,
        files: set
            .file
            .into_iter()
            .filter(|file| schema.files.iter().any(|own| own == file.name()))
            .collect(),
    };
    let mut offences = Vec::new();
    for rule in rules() {
        let mut found = Offences(Vec::new());
        (rule.check)(&house, &mut found);
        offences.extend(found.0.into_iter().map(|(file, element, what)| Offence {
            rule: rule.name,
            reason: rule.reason,
            file,
            element,
            what,
        }));
    }
    offences
}

/// The schema, as the rules look at it.
struct House<'a> {
    schema: &'a Schema,
    /// Files of this project, for what the model does not hold: imports and order.
    files: Vec<FileDescriptorProto>,
}

impl House<'_> {
    /// Messages of packages with a version.
    fn messages(&self) -> impl Iterator<Item = &Message> {
        self.schema
            .messages
            .values()
            .filter(|message| is_versioned(&message.package))
    }

    /// Services of packages with a version.
    fn services(&self) -> impl Iterator<Item = &Service> {
        self.schema
            .services
            .iter()
            .filter(|service| is_versioned(&service.package))
    }

    /// All methods of such services with their full names.
    fn methods(&self) -> impl Iterator<Item = (&Service, &Method, String)> {
        self.services().flat_map(|service| {
            let named = |method: &Method| format!("{}.{}", service.full_name, method.name);
            service
                .methods
                .iter()
                .map(move |method| (service, method, named(method)))
        })
    }

    /// Those that clients may call.
    fn public_methods(&self) -> impl Iterator<Item = (&Service, &Method, String)> {
        self.methods()
            .filter(|(_, method, _)| method.access != Access::Internal)
    }

    fn message(&self, name: &str) -> &Message {
        &self.schema.messages[name]
    }
}

/// Where a rule writes down what it finds: file, element, what is wrong.
struct Offences(Vec<(String, String, String)>);

impl Offences {
    fn add(&mut self, file: &str, element: &str, what: impl Into<String>) {
        self.0.push((file.to_owned(), element.to_owned(), what.into()));
    }
}

/// Whether the last part of a package's name is a version.
fn is_versioned(package: &str) -> bool {
    version(package).is_some()
}

/// The version at the end of a package's name, e.g. `v1`.
fn version(package: &str) -> Option<&str> {
    let last = package.rsplit('.').next()?;
    let digits = last.strip_prefix('v')?;
    (!digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())).then_some(last)
}
