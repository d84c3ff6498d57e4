//! From values to messages: a valid one, in which one field after the other is replaced.

use super::{Broken, Vector, candidates, judge, samples};
use crate::{
    SchemaError,
    model::{Cardinality, Field, Kind, Message, Rules, Scalar, Schema},
};
use heck::ToLowerCamelCase;
use serde_json::{Map, Value, json};

type Object = Map<String, Value>;

/// The key under which a map's entry is tried.
const KEY: &str = "1";

/// A valid message with as little in it as is possible.
///
/// # Errors
/// A field for whose rules there is no value.
pub(super) fn base(schema: &Schema, message: &Message) -> Result<Object, SchemaError> {
    let mut object = Object::new();
    for field in message
        .fields
        .iter()
        .filter(|field| field.oneof.is_none() && is_needed(schema, field))
    {
        object.insert(field.json_name.clone(), filled(schema, message, field)?);
    }
    for (index, _) in message.oneofs.iter().enumerate().filter(|(_, oneof)| oneof.required) {
        if let Some(member) = message.fields.iter().find(|field| field.oneof == Some(index)) {
            object.insert(member.json_name.clone(), filled(schema, message, member)?);
        }
    }
    Ok(object)
}

/// Whether a message without the field breaks a rule.
fn is_needed(schema: &Schema, field: &Field) -> bool {
    let rules = &field.rules;
    let zero_breaks = || !judge::judge(schema, &field.kind, rules, &judge::zero(schema, &field.kind)).is_empty();
    rules.required
        || match field.cardinality {
            Cardinality::Implicit => zero_breaks(),
            Cardinality::Repeated => rules.min_items.is_some_and(|least| least > 0),
            Cardinality::Optional | Cardinality::Map(_) => false,
        }
}

/// A valid value of a field, not empty.
fn filled(schema: &Schema, message: &Message, field: &Field) -> Result<Value, SchemaError> {
    match field.cardinality {
        Cardinality::Implicit | Cardinality::Optional => one(schema, message, field, &field.rules, 0),
        Cardinality::Repeated => list(
            schema,
            message,
            field,
            field.rules.min_items.unwrap_or(0).max(1) as usize,
        ),
        Cardinality::Map(key) => Ok(json!({ entry_key(key): one(schema, message, field, &Rules::default(), 0)? })),
    }
}

fn entry_key(key: Scalar) -> &'static str {
    if key == Scalar::Bool { "true" } else { KEY }
}

/// So many different items.
fn list(schema: &Schema, message: &Message, field: &Field, length: usize) -> Result<Value, SchemaError> {
    let rules = field.rules.items.as_deref().cloned().unwrap_or_default();
    let items = (0..length).map(|index| one(schema, message, field, &rules, index));
    items.collect::<Result<Vec<_>, _>>().map(Value::Array)
}

fn one(schema: &Schema, message: &Message, field: &Field, rules: &Rules, index: usize) -> Result<Value, SchemaError> {
    samples::sample(schema, &field.kind, rules, index)?.ok_or_else(|| {
        let element = format!("{}.{}", message.full_name, field.name);
        SchemaError::new(
            &message.file,
            element,
            format!("has rules for which value number {} cannot be made", index + 1),
        )
    })
}

/// All vectors of a message.
pub(super) fn of(schema: &Schema, message: &Message) -> Result<Vec<Vector>, SchemaError> {
    let mut all = Vec::new();
    for field in &message.fields {
        all.extend(own(schema, message, field)?);
        if let Kind::Message(inner) = &field.kind {
            let outermost = vec![message.full_name.as_str()];
            if let Some(broken) = a_broken(schema, inner, &outermost)? {
                all.push(around(schema, message, field, &broken)?);
            }
        }
    }
    for (index, oneof) in message.oneofs.iter().enumerate() {
        let members: Vec<_> = message
            .fields
            .iter()
            .filter(|field| field.oneof == Some(index))
            .collect();
        let vector = |case: &str, json: Object, rule: Option<&str>| Vector {
            message: message.full_name.clone(),
            field: oneof.name.clone(),
            case: case.to_owned(),
            json: Value::Object(json),
            broken: rule
                .map(|rule| broken(&oneof.name.to_lower_camel_case(), rule))
                .into_iter()
                .collect(),
        };
        let mut none = base(schema, message)?;
        members.iter().for_each(|member| _ = none.remove(&member.json_name));
        all.push(vector("no member", none.clone(), oneof.required.then_some("required")));
        for member in &members {
            let mut alone = none.clone();
            alone.insert(member.json_name.clone(), filled(schema, message, member)?);
            all.push(vector(&format!("only `{}`", member.name), alone.clone(), None));
            if let Some(other) = members.iter().find(|other| other.number != member.number) {
                alone.insert(other.json_name.clone(), filled(schema, message, other)?);
                all.push(vector(
                    &format!("`{}` and `{}`", member.name, other.name),
                    alone,
                    Some("oneof"),
                ));
            }
        }
    }
    Ok(all)
}

/// The vectors of a field's own rules.
fn own(schema: &Schema, message: &Message, field: &Field) -> Result<Vec<Vector>, SchemaError> {
    if field.rules == Rules::default() {
        return Ok(Vec::new());
    }
    let mut all = Vec::new();
    if field.oneof.is_none() {
        let absent = judge_field(schema, field, None);
        all.push(with(schema, message, field, "absent", None, absent)?);
        all.push(with(
            schema,
            message,
            field,
            "valid",
            Some(filled(schema, message, field)?),
            Vec::new(),
        )?);
    }
    match field.cardinality {
        Cardinality::Implicit | Cardinality::Optional => {
            for (case, value) in candidates::candidates(schema, &field.kind, &field.rules) {
                let broken = judge_field(schema, field, Some(&value));
                all.push(with(schema, message, field, &case, Some(value), broken)?);
            }
        }
        Cardinality::Repeated => {
            for (case, value) in lists(schema, message, field)? {
                let broken = judge_field(schema, field, Some(&value));
                all.push(with(schema, message, field, &case, Some(value), broken)?);
            }
        }
        Cardinality::Map(_) => {
            let broken = judge_field(schema, field, Some(&json!({})));
            all.push(with(schema, message, field, "an empty map", Some(json!({})), broken)?);
        }
    }
    Ok(all)
}

/// Lists at the boundaries of a repeated field's rules.
fn lists(schema: &Schema, message: &Message, field: &Field) -> Result<Vec<(String, Value)>, SchemaError> {
    let rules = &field.rules;
    let mut all = Vec::new();
    for length in candidates::lengths(rules) {
        all.push((format!("{length} items"), list(schema, message, field, length)?));
    }
    let some = filled(schema, message, field)?;
    let some = some.as_array().map_or(&[][..], Vec::as_slice);
    let longest = rules.max_items.unwrap_or(u64::MAX);
    if rules.unique && (some.len() as u64) < longest {
        all.push(("an item twice".to_owned(), json!([some, &some[..1]].concat())));
        let other = one(
            schema,
            message,
            field,
            &rules.items.as_deref().cloned().unwrap_or_default(),
            some.len(),
        )?;
        if some.len() as u64 + 1 < longest {
            all.push((
                "an item again at the end".to_owned(),
                json!([some, &[other], &some[..1]].concat()),
            ));
        }
    }
    if let Some(items) = rules.items.as_deref() {
        for (case, value) in candidates::candidates(schema, &field.kind, items) {
            let mut list = some.to_vec();
            list.pop();
            list.push(value);
            all.push((format!("an item: {case}"), list.into()));
        }
    }
    Ok(all)
}

/// What a field with this value breaks.
fn judge_field(schema: &Schema, field: &Field, value: Option<&Value>) -> Vec<Broken> {
    let (rules, name) = (&field.rules, field.json_name.as_str());
    let list = value.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let zero = judge::zero(schema, &field.kind);
    match field.cardinality {
        Cardinality::Optional => match value {
            None if rules.required => vec![broken(name, "required")],
            None => Vec::new(),
            Some(value) => judge_one(schema, field, rules, value, name),
        },
        Cardinality::Implicit => {
            let value = value.unwrap_or(&zero);
            if rules.required && judge::is_zero(schema, &field.kind, value) {
                return vec![broken(name, "required")];
            }
            judge_one(schema, field, rules, value, name)
        }
        Cardinality::Map(_) => {
            let is_empty = value.and_then(Value::as_object).is_none_or(Map::is_empty);
            (rules.required && is_empty)
                .then(|| broken(name, "required"))
                .into_iter()
                .collect()
        }
        Cardinality::Repeated => {
            let mut all = Vec::new();
            let length = list.len() as u64;
            all.extend((rules.required && length == 0).then(|| broken(name, "required")));
            all.extend(
                rules
                    .min_items
                    .is_some_and(|least| length < least)
                    .then(|| broken(name, "repeated.min_items")),
            );
            if rules.max_items.is_some_and(|most| length > most) {
                all.push(broken(name, "repeated.max_items"));
                return all;
            }
            let repeats = (1..list.len()).find(|index| list[..*index].contains(&list[*index]));
            all.extend(
                repeats
                    .filter(|_| rules.unique)
                    .map(|index| broken(&format!("{name}[{index}]"), "repeated.unique")),
            );
            for (index, item) in list.iter().enumerate() {
                if let Some(items) = rules.items.as_deref() {
                    all.extend(judge_one(schema, field, items, item, &format!("{name}[{index}]")));
                }
            }
            all
        }
    }
}

fn judge_one(schema: &Schema, field: &Field, rules: &Rules, value: &Value, path: &str) -> Vec<Broken> {
    let rules = judge::judge(schema, &field.kind, rules, value);
    rules.iter().map(|rule| broken(path, rule)).collect()
}

fn broken(field: &str, rule: &str) -> Broken {
    Broken {
        field: field.to_owned(),
        rule: rule.to_owned(),
    }
}

/// The valid message with this value in a field, or without one.
fn with(
    schema: &Schema,
    message: &Message,
    field: &Field,
    case: &str,
    value: Option<Value>,
    broken: Vec<Broken>,
) -> Result<Vector, SchemaError> {
    let mut object = base(schema, message)?;
    object.remove(&field.json_name);
    if field.oneof.is_some() {
        let siblings = message.fields.iter().filter(|sibling| sibling.oneof == field.oneof);
        siblings.for_each(|sibling| _ = object.remove(&sibling.json_name));
    }
    object.extend(value.map(|value| (field.json_name.clone(), value)));
    Ok(Vector {
        message: message.full_name.clone(),
        field: field.name.clone(),
        case: case.to_owned(),
        json: Value::Object(object),
        broken,
    })
}

/// A vector of the message that breaks something, directly or further inside; `None` if it has no rule.
fn a_broken(schema: &Schema, full_name: &str, outer: &[&str]) -> Result<Option<Vector>, SchemaError> {
    let message = &schema.messages[full_name];
    for field in &message.fields {
        let broken = own(schema, message, field)?
            .into_iter()
            .find(|vector| !vector.broken.is_empty());
        if broken.is_some() {
            return Ok(broken);
        }
    }
    for field in &message.fields {
        let Kind::Message(inner) = &field.kind else {
            continue;
        };
        if outer.contains(&inner.as_str()) || inner == full_name {
            continue;
        }
        if let Some(broken) = a_broken(schema, inner, &[outer, &[full_name]].concat())? {
            return around(schema, message, field, &broken).map(Some);
        }
    }
    Ok(None)
}

/// A broken message in a field of another one.
fn around(schema: &Schema, message: &Message, field: &Field, inner: &Vector) -> Result<Vector, SchemaError> {
    let (name, value) = (&field.json_name, inner.json.clone());
    let (path, value) = match field.cardinality {
        Cardinality::Implicit | Cardinality::Optional => (name.clone(), value),
        Cardinality::Repeated => {
            let mut list = filled(schema, message, field)?;
            let items = list.as_array_mut().expect("a repeated field is filled with a list");
            items.pop();
            items.push(value);
            (format!("{name}[{}]", items.len() - 1), list)
        }
        Cardinality::Map(key) => (
            format!("{name}[\"{}\"]", entry_key(key)),
            json!({ entry_key(key): value }),
        ),
    };
    let broken = inner.broken.iter().map(|it| Broken {
        field: format!("{path}.{}", it.field),
        rule: it.rule.clone(),
    });
    with(
        schema,
        message,
        field,
        &format!("inside: {}", inner.case),
        Some(value),
        broken.collect(),
    )
}
