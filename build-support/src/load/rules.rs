//! The rules of `buf.validate`. What the declarations in the schema do not have does not compile; what does not fit is refused here.

use super::{options::Fields, pattern};
use crate::model::{Bound, Cardinality, Kind, Rules, Scalar};
use prost_reflect::{DynamicMessage, FieldDescriptor, Value};

/// The rules of a field.
pub(super) fn load(kind: &Kind, cardinality: Cardinality, said: &DynamicMessage) -> Result<Rules, String> {
    let mut rules = Rules {
        required: said.flag("required"),
        ..Rules::default()
    };
    let Some((group, inner)) = by_type(said) else {
        return Ok(rules);
    };
    let name = group.name().to_owned();
    match cardinality {
        Cardinality::Map(_) => return Err(format!("the rules `{name}` do not fit a map")),
        Cardinality::Repeated if name != "repeated" => {
            return Err(format!(
                "the rules `{name}` do not fit a repeated field; `repeated.items` is for its items"
            ));
        }
        Cardinality::Repeated => repeated(kind, &inner, &mut rules)?,
        Cardinality::Implicit | Cardinality::Optional => single(kind, &name, &inner, &mut rules)?,
    }
    consistent(&rules)?;
    Ok(rules)
}

/// The rules that depend on the type, whose name is the field's.
fn by_type(said: &DynamicMessage) -> Option<(FieldDescriptor, DynamicMessage)> {
    said.fields()
        .find_map(|(field, value)| Some((field, value.as_message()?.clone())))
}

fn repeated(kind: &Kind, said: &DynamicMessage, rules: &mut Rules) -> Result<(), String> {
    for (field, value) in said.fields() {
        match field.name() {
            "min_items" => rules.min_items = value.as_u64(),
            "max_items" => rules.max_items = value.as_u64(),
            "unique" => rules.unique = value.as_bool().unwrap_or_default(),
            "items" => {
                let items = value.as_message().ok_or("`items` is no message")?;
                rules.items = Some(Box::new(load(kind, Cardinality::Implicit, items)?));
            }
            other => return Err(format!("the rule `repeated.{other}` is not honoured")),
        }
    }
    match kind {
        Kind::Message(_) | Kind::WellKnown(_) if rules.unique => Err("`repeated.unique` is for scalars".into()),
        Kind::Scalar(Scalar::Double | Scalar::Float) if rules.unique => {
            Err("`repeated.unique` does not fit floating-point numbers".into())
        }
        _ => Ok(()),
    }
}

fn single(kind: &Kind, name: &str, said: &DynamicMessage, rules: &mut Rules) -> Result<(), String> {
    let fitting = match kind {
        Kind::Scalar(Scalar::Int32) => "int32",
        Kind::Scalar(Scalar::Int64) => "int64",
        Kind::Scalar(Scalar::Uint32) => "uint32",
        Kind::Scalar(Scalar::Uint64) => "uint64",
        Kind::Scalar(Scalar::Fixed64) => "fixed64",
        Kind::Scalar(Scalar::String) => "string",
        Kind::Scalar(Scalar::Bytes) => "bytes",
        Kind::Enum(_) => "enum",
        Kind::Scalar(_) | Kind::Message(_) | Kind::WellKnown(_) => "",
    };
    if name != fitting {
        return Err(format!("the rules `{name}` do not fit the field's type"));
    }
    for (field, value) in said.fields() {
        if !set(kind, field.name(), value, rules)? {
            return Err(format!("the rule `{name}.{}` is not honoured", field.name()));
        }
    }
    Ok(())
}

/// Sets one rule; false if it is not known.
fn set(kind: &Kind, rule: &str, value: &Value, rules: &mut Rules) -> Result<bool, String> {
    let bound = |inclusive| match whole(value) {
        Some(value) => Ok(Bound { value, inclusive }),
        None => Err(format!("`{rule}` is no whole number")),
    };
    let numbers = || {
        value
            .as_list()
            .unwrap_or_default()
            .iter()
            .filter_map(Value::as_i32)
            .collect()
    };
    match (kind, rule) {
        (Kind::Scalar(Scalar::String), "len") => rules.len = value.as_u64(),
        (Kind::Scalar(Scalar::String), "min_len") => rules.min_len = value.as_u64(),
        (Kind::Scalar(Scalar::String), "max_len") => rules.max_len = value.as_u64(),
        (Kind::Scalar(Scalar::String), "min_bytes") => rules.min_bytes = value.as_u64(),
        (Kind::Scalar(Scalar::String), "max_bytes") => rules.max_bytes = value.as_u64(),
        (Kind::Scalar(Scalar::String), "pattern") => {
            let text = value.as_str().unwrap_or_default();
            pattern::check(text)?;
            rules.pattern = Some(text.to_owned());
        }
        (Kind::Scalar(Scalar::String), "prefix") => rules.prefix = value.as_str().map(str::to_owned),
        (Kind::Scalar(Scalar::String), "in") => {
            let values = value.as_list().unwrap_or_default().iter();
            rules.one_of = values.filter_map(|value| value.as_str().map(str::to_owned)).collect();
        }
        (Kind::Scalar(Scalar::String), "uuid") => rules.uuid = value.as_bool().unwrap_or_default(),
        (Kind::Scalar(Scalar::Bytes), "len") => rules.len_bytes = value.as_u64(),
        (Kind::Scalar(Scalar::Bytes), "min_len") => rules.min_bytes = value.as_u64(),
        (Kind::Scalar(Scalar::Bytes), "max_len") => rules.max_bytes = value.as_u64(),
        (Kind::Enum(_), "defined_only") => rules.defined_only = value.as_bool().unwrap_or_default(),
        (Kind::Enum(_), "in") => rules.enum_in = numbers(),
        (Kind::Enum(_), "not_in") => rules.enum_not_in = numbers(),
        (Kind::Scalar(_), "gt") => rules.above = Some(bound(false)?),
        (Kind::Scalar(_), "gte") => rules.above = Some(bound(true)?),
        (Kind::Scalar(_), "lt") => rules.below = Some(bound(false)?),
        (Kind::Scalar(_), "lte") => rules.below = Some(bound(true)?),
        _ => return Ok(false),
    }
    Ok(true)
}

fn whole(value: &Value) -> Option<i128> {
    let signed = value
        .as_i32()
        .map(i128::from)
        .or_else(|| value.as_i64().map(i128::from));
    signed
        .or_else(|| value.as_u32().map(i128::from))
        .or_else(|| value.as_u64().map(i128::from))
}

/// Rules that nothing could meet are a mistake.
fn consistent(rules: &Rules) -> Result<(), String> {
    let crossed =
        |least: Option<u64>, most: Option<u64>| matches!((least, most), (Some(least), Some(most)) if least > most);
    if crossed(rules.min_len, rules.max_len)
        || crossed(rules.min_bytes, rules.max_bytes)
        || crossed(rules.min_items, rules.max_items)
        || crossed(rules.min_len, rules.len)
        || crossed(rules.len, rules.max_len)
        || crossed(rules.min_bytes, rules.len_bytes)
        || crossed(rules.len_bytes, rules.max_bytes)
    {
        return Err("the lower limit is above the upper one".into());
    }
    if let (Some(above), Some(below)) = (rules.above, rules.below) {
        let least = above.value + i128::from(!above.inclusive);
        let most = below.value - i128::from(!below.inclusive);
        if least > most {
            return Err("no number is within both bounds".into());
        }
    }
    Ok(())
}
