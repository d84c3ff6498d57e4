//! `tables.ts`: what is known of messages at run time, rules included.

use super::{
    pattern,
    reach::Reach,
    write::{list, text},
};
use crate::{
    SchemaError,
    model::{Bound, Cardinality, Enum, Field, Kind, Message, Rules, Scalar, Schema, WellKnown},
};

/// # Errors
/// A pattern that JavaScript cannot have.
pub(super) fn emit(schema: &Schema, reach: &Reach<'_>) -> Result<String, SchemaError> {
    let enums: String = reach.enums.values().map(|found| enumeration(found)).collect();
    let messages = reach.messages.values().map(|found| message(schema, found));
    let messages = messages.collect::<Result<String, _>>()?;
    let types = match (enums.is_empty(), messages.is_empty()) {
        (_, true) => return Ok("export {};\n".to_owned()),
        (true, false) => "MessageTable",
        (false, false) => "EnumTable, MessageTable",
    };
    Ok(format!(
        "import type {{ {types} }} from \"../runtime/table.js\";\n{enums}{messages}"
    ))
}

fn enumeration(found: &Enum) -> String {
    let numbers: String = found
        .values
        .iter()
        .map(|value| format!("    {}: {},\n", value.name, value.number))
        .collect();
    format!(
        "\nexport const {0}: EnumTable = {{\n  name: {1},\n  numbers: {{\n{numbers}  }},\n}};\n",
        found.name,
        text(&found.name)
    )
}

fn message(schema: &Schema, message: &Message) -> Result<String, SchemaError> {
    let fields = message.fields.iter().map(|it| field(schema, message, it));
    let fields = fields.collect::<Result<String, _>>()?;
    let oneofs = message.oneofs.iter().map(|oneof| {
        let name = heck::ToLowerCamelCase::to_lower_camel_case(oneof.name.as_str());
        format!("{{ name: {}, required: {} }}", text(&name), oneof.required)
    });
    let oneofs = oneofs.collect::<Vec<_>>().join(", ");
    let oneofs = if oneofs.is_empty() {
        oneofs
    } else {
        format!("  oneofs: [{oneofs}],\n")
    };
    let fields = if fields.is_empty() {
        "[]".to_owned()
    } else {
        format!("[\n{fields}  ]")
    };
    Ok(format!(
        "\nexport const {}: MessageTable = {{\n  name: {},\n  fields: {fields},\n{oneofs}}};\n",
        message.name,
        text(&message.full_name)
    ))
}

fn field(schema: &Schema, message: &Message, field: &Field) -> Result<String, SchemaError> {
    let count = match field.cardinality {
        Cardinality::Implicit => "one",
        Cardinality::Optional => "optional",
        Cardinality::Repeated => "list",
        Cardinality::Map(_) => "map",
    };
    let mut parts = vec![
        format!("name: {}", text(&field.json_name)),
        format!("kind: {}", text(kind(&field.kind))),
        format!("count: {}", text(count)),
    ];
    match &field.kind {
        Kind::Message(name) => parts.push(format!("message: () => {}", schema.messages[name].name)),
        Kind::Enum(name) => parts.push(format!("enum: () => {}", schema.enums[name].name)),
        Kind::Scalar(_) | Kind::WellKnown(_) => {}
    }
    if let Some(index) = field.oneof {
        parts.push(format!("oneof: {index}"));
    }
    let refuse = |why| SchemaError::new(&message.file, format!("{}.{}", message.full_name, field.name), why);
    let rules = rules(field, &field.rules).map_err(refuse)?;
    if !rules.is_empty() {
        parts.push(format!("rules: {{ {} }}", rules.join(", ")));
    }
    Ok(format!("    {{ {} }},\n", parts.join(", ")))
}

fn kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::Message(_) => "message",
        Kind::Enum(_) => "enum",
        Kind::WellKnown(WellKnown::Timestamp) => "timestamp",
        Kind::WellKnown(WellKnown::Duration) => "duration",
        Kind::WellKnown(WellKnown::FieldMask) => "fieldMask",
        Kind::Scalar(scalar) => match scalar {
            Scalar::Double | Scalar::Float => "double",
            Scalar::Int32 | Scalar::Sint32 | Scalar::Sfixed32 => "int32",
            Scalar::Uint32 | Scalar::Fixed32 => "uint32",
            Scalar::Int64 | Scalar::Sint64 | Scalar::Sfixed64 => "int64",
            Scalar::Uint64 | Scalar::Fixed64 => "uint64",
            Scalar::Bool => "bool",
            Scalar::String => "string",
            Scalar::Bytes => "bytes",
        },
    }
}

fn rules(field: &Field, rules: &Rules) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    let mut flag = |name: &str, set: bool| {
        if set {
            out.push(format!("{name}: true"));
        }
    };
    flag("required", rules.required);
    flag("uuid", rules.uuid);
    flag("definedOnly", rules.defined_only);
    flag("unique", rules.unique);
    bounds(field, rules, &mut out);
    for (name, number) in [
        ("len", rules.len),
        ("minLen", rules.min_len),
        ("maxLen", rules.max_len),
        ("minBytes", rules.min_bytes),
        ("maxBytes", rules.max_bytes),
        ("lenBytes", rules.len_bytes),
        ("minItems", rules.min_items),
        ("maxItems", rules.max_items),
    ] {
        out.extend(number.map(|number| format!("{name}: {number}")));
    }
    if let Some(pattern) = &rules.pattern {
        out.push(format!("pattern: {}", pattern::literal(pattern)?));
        out.push(format!("patternText: {}", text(pattern)));
    }
    out.extend(rules.prefix.as_ref().map(|prefix| format!("prefix: {}", text(prefix))));
    if !rules.one_of.is_empty() {
        out.push(format!("oneOf: {}", list(rules.one_of.iter().map(String::as_str))));
    }
    for (name, numbers) in [("enumIn", &rules.enum_in), ("enumNotIn", &rules.enum_not_in)] {
        if !numbers.is_empty() {
            let numbers: Vec<_> = numbers.iter().map(i32::to_string).collect();
            out.push(format!("{name}: [{}]", numbers.join(", ")));
        }
    }
    if let Some(items) = &rules.items {
        let items = self::rules(field, items)?;
        if !items.is_empty() {
            out.push(format!("items: {{ {} }}", items.join(", ")));
        }
    }
    Ok(out)
}

fn bounds(field: &Field, rules: &Rules, out: &mut Vec<String>) {
    if rules.above.is_none() && rules.below.is_none() {
        return;
    }
    // broken bounds are called after the type, and this one has the form of another in JSON
    if field.kind == Kind::Scalar(Scalar::Fixed64) {
        out.push("family: \"fixed64\"".to_owned());
    }
    let bound =
        |name: &str, bound: Bound| format!("{name}{}: {}n", if bound.inclusive { "e" } else { "" }, bound.value);
    out.extend(rules.above.map(|it| bound("gt", it)));
    out.extend(rules.below.map(|it| bound("lt", it)));
}
