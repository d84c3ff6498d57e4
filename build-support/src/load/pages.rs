//! Lists in pages.

use super::options::Fields;
use crate::{
    SchemaError,
    model::{Cardinality, Effect, Field, Kind, Message, Method, Page, Scalar, Schema},
};
use prost_reflect::DynamicMessage;
use std::collections::BTreeMap;

const SIZE: &str = "page_size";
const CURSOR: &str = "page_token";
const NEXT: &str = "next_page_token";
/// What the generated client adds to a list's name for the function that reads all its pages.
pub(crate) const ITEMS: &str = "_items";

/// The option `(parlance.page)` of a method, checked against its request and response.
pub(super) fn load(schema: &Schema, method: &Method, said: Option<&DynamicMessage>) -> Result<Option<Page>, String> {
    let (request, response) = (&schema.messages[&method.request], &schema.messages[&method.response]);
    let Some(said) = said else {
        return match (field(request, CURSOR), field(response, NEXT)) {
            (Err(_), Err(_)) => Ok(None),
            _ => Err(format!(
                "a method with `{CURSOR}` or `{NEXT}` needs the option (parlance.page)"
            )),
        };
    };
    if method.call.effect != Effect::Read {
        return Err("a list in pages has the effect READ".into());
    }
    let or = |name: &str, default: &str| match said.string(name) {
        empty if empty.is_empty() => default.to_owned(),
        name => name,
    };
    let (size, cursor, next) = (or("size", SIZE), or("cursor", CURSOR), or("next", NEXT));
    if plain(field(request, &size)?) != Some(Scalar::Uint32) {
        return Err(format!("the page's size `{size}` has to be a plain uint32"));
    }
    if field(request, &size)?.rules.below.is_some() {
        return Err(format!(
            "too large a `{size}` counts as max_size, so no rule may refuse it"
        ));
    }
    let signed = match plain(field(request, &cursor)?) {
        Some(Scalar::String) => true,
        Some(Scalar::Uint64) => false,
        _ => {
            return Err(format!(
                "the page's cursor `{cursor}` has to be a plain string or uint64"
            ));
        }
    };
    if plain(field(response, &next)?) != plain(field(request, &cursor)?) {
        return Err(format!(
            "the page's `{next}` has to be of the type of its cursor `{cursor}`"
        ));
    }
    let items = items(response, &said.string("items"))?;
    let (default_size, max_size) = (said.uint32("default_size"), said.uint32("max_size"));
    if default_size == 0 || default_size > max_size {
        return Err("the page's default_size has to be above 0 and at most its max_size".into());
    }
    let position = Some(said.string("position")).filter(|name| !name.is_empty());
    match &position {
        Some(_) if !signed => return Err("the page's position is for a cursor of type string".into()),
        Some(name) if !schema.messages.contains_key(name) => {
            return Err(format!("the page's position `{name}` is no message of this schema"));
        }
        _ => {}
    }
    Ok(Some(Page {
        size,
        cursor,
        next,
        items,
        default_size,
        max_size,
        signed,
        position,
    }))
}

/// What concerns several methods: a request tells which list it is for, and the function that reads all pages has a name of its own.
pub(super) fn check(schema: &Schema) -> Result<(), SchemaError> {
    let mut requests = BTreeMap::new();
    for service in &schema.services {
        for method in service.methods.iter().filter(|method| method.page.is_some()) {
            let element = format!("{}.{}", service.full_name, method.name);
            let wrong = |why: String| SchemaError::new(&service.file, &element, why);
            if let Some(other) = requests.insert(&method.request, element.clone()) {
                return Err(wrong(format!(
                    "{} is the request of the list {other} already",
                    method.request
                )));
            }
            let items = format!("{}{ITEMS}", method.rust);
            if service.methods.iter().any(|other| other.rust == items) {
                return Err(wrong(format!(
                    "the generated client needs the name `{items}` for all of its pages"
                )));
            }
        }
    }
    Ok(())
}

fn field<'a>(message: &'a Message, name: &str) -> Result<&'a Field, String> {
    let found = message.fields.iter().find(|field| field.name == name);
    found.ok_or_else(|| format!("{} has no field `{name}` for the page", message.full_name))
}

/// The type of a field that has one scalar value and no presence.
fn plain(field: &Field) -> Option<Scalar> {
    match (&field.kind, field.cardinality) {
        (Kind::Scalar(scalar), Cardinality::Implicit) => Some(*scalar),
        _ => None,
    }
}

fn items(response: &Message, said: &str) -> Result<String, String> {
    let is_list = |field: &&Field| field.cardinality == Cardinality::Repeated && matches!(field.kind, Kind::Message(_));
    if !said.is_empty() {
        return match Some(field(response, said)?).filter(is_list) {
            Some(field) => Ok(field.name.clone()),
            None => Err(format!("the page's items `{said}` are no repeated messages")),
        };
    }
    let mut lists = response.fields.iter().filter(is_list);
    match (lists.next(), lists.next()) {
        (Some(only), None) => Ok(only.name.clone()),
        _ => Err(format!(
            "{} has not exactly one repeated message field, so the page has to name its items",
            response.full_name
        )),
    }
}
