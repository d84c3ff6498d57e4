//! Fields as JSON Schema: type, rules, example, comment.

use super::{
    names::{self, Dialect, Names},
    text,
};
use crate::model::{Bound, Cardinality, Enum, Field, Kind, Rules, Scalar, Schema as Model, WellKnown};
use serde_json::{Map, Value};
use utoipa::openapi::{
    RefOr, Schema,
    extensions::{Extensions, ExtensionsBuilder},
    schema::{
        AdditionalProperties, AllOfBuilder, ArrayBuilder, KnownFormat, ObjectBuilder, RefBuilder, SchemaFormat,
        SchemaType, Type,
    },
};

/// What options say of a field as a whole.
#[derive(Clone, Copy)]
struct Marks {
    sensitive: bool,
    output_only: bool,
    immutable: bool,
}

impl Marks {
    fn of(field: &Field) -> Self {
        Self {
            sensitive: field.sensitive,
            output_only: field.output_only,
            immutable: field.immutable,
        }
    }

    /// For the values of a list or map: who may set it is said of the whole.
    fn of_each(field: &Field) -> Self {
        Self {
            sensitive: field.sensitive,
            output_only: false,
            immutable: false,
        }
    }

    /// Where there is no place for it but words.
    fn in_words(self, comment: &str) -> String {
        let mark = match self {
            Self { output_only: true, .. } => " Only the server sets it.",
            Self { immutable: true, .. } => " It never changes.",
            _ => "",
        };
        format!("{comment}{mark}").trim_start().to_owned()
    }
}

/// What the schema of a field is made of.
pub(in crate::emit) struct Fields<'a> {
    pub(in crate::emit) model: &'a Model,
    pub(in crate::emit) names: &'a Names,
}

impl Fields<'_> {
    /// The schema of a field, comment and example included.
    pub(in crate::emit) fn of(&self, field: &Field) -> RefOr<Schema> {
        self.with(field, field.example.as_ref(), &text::unwrap(&field.comment))
    }

    /// The schema of a parameter, which has comment and example beside its schema.
    pub(in crate::emit) fn of_parameter(&self, field: &Field) -> RefOr<Schema> {
        self.with(field, None, "")
    }

    fn with(&self, field: &Field, example: Option<&Value>, comment: &str) -> RefOr<Schema> {
        match field.cardinality {
            Cardinality::Optional => self.value(&field.kind, &field.rules, comment, example, Marks::of(field)),
            Cardinality::Implicit => {
                let rules = not_zero(&field.kind, &field.rules);
                self.value(&field.kind, &rules, comment, example, Marks::of(field))
            }
            Cardinality::Repeated => {
                let none = Rules::default();
                let items = self.value(
                    &field.kind,
                    field.rules.items.as_deref().unwrap_or(&none),
                    "",
                    None,
                    Marks::of_each(field),
                );
                let mut list = ArrayBuilder::new()
                    .items(items)
                    .min_items(least_entries(&field.rules))
                    .max_items(field.rules.max_items.map(|n| n as usize))
                    .description(text::join(&[Marks::of(field).in_words(comment)]))
                    .examples(example.cloned());
                if field.rules.unique {
                    list = list.unique_items(true);
                }
                list.into()
            }
            Cardinality::Map(_) => {
                let values = self.value(&field.kind, &Rules::default(), "", None, Marks::of_each(field));
                let map = ObjectBuilder::new()
                    .min_properties(least_entries(&field.rules))
                    .additional_properties(Some(AdditionalProperties::from(values)))
                    .description(text::join(&[comment.to_owned()]))
                    .examples(example.cloned());
                read_only(map, field.output_only).into()
            }
        }
    }

    fn value(&self, kind: &Kind, rules: &Rules, comment: &str, example: Option<&Value>, marks: Marks) -> RefOr<Schema> {
        let object = match kind {
            Kind::Message(name) => return self.reference(name, comment, marks),
            Kind::Enum(name) if !names::closes(rules) => {
                return self.reference(name, comment, marks);
            }
            Kind::Enum(name) => allowed_values(&self.model.enums[name], rules, comment),
            Kind::WellKnown(kind) => well_known(*kind).description(text::join(&[comment.to_owned()])),
            Kind::Scalar(kind) => scalar(*kind, rules, comment),
        };
        let object = object.examples(example.cloned()).extensions(beyond(rules, marks));
        read_only(object, marks.output_only).into()
    }

    fn reference(&self, full_name: &str, comment: &str, marks: Marks) -> RefOr<Schema> {
        let alone = RefBuilder::new().ref_location_from_schema_name(self.names.of(full_name));
        if self.names.dialect == Dialect::Draft07 {
            // There, what stands beside a reference does not count.
            return match marks.in_words(comment) {
                words if words.is_empty() => alone.into(),
                words => AllOfBuilder::new().description(Some(words)).item(alone).into(),
            };
        }
        let reference = alone.description(text::join(&[comment.to_owned()]));
        if marks.output_only {
            reference.read_only(true).into()
        } else {
            reference.into()
        }
    }
}

/// Where absence is the zero value, what is required is not that: said by the rules that can say so.
fn not_zero(kind: &Kind, rules: &Rules) -> Rules {
    let mut rules = rules.clone();
    if !rules.required {
        return rules;
    }
    match kind {
        Kind::Scalar(Scalar::String) => rules.min_len = rules.min_len.max(Some(1)),
        Kind::Scalar(Scalar::Bytes) => rules.min_bytes = rules.min_bytes.max(Some(1)),
        Kind::Scalar(Scalar::Uint32 | Scalar::Uint64 | Scalar::Fixed32 | Scalar::Fixed64) if rules.above.is_none() => {
            rules.above = Some(Bound {
                value: 0,
                inclusive: false,
            });
        }
        _ => {}
    }
    rules
}

/// How many entries a list or map has at least.
fn least_entries(rules: &Rules) -> Option<usize> {
    let least = rules.min_items.map(|n| n as usize);
    if rules.required { least.max(Some(1)) } else { least }
}

fn read_only(object: ObjectBuilder, output_only: bool) -> ObjectBuilder {
    if output_only { object.read_only(true) } else { object }
}

/// What JSON Schema has no word for, in one extension (several would come in no fixed order).
fn beyond(rules: &Rules, marks: Marks) -> Option<Extensions> {
    let bounds = [
        ("minBytes", rules.len_bytes.or(rules.min_bytes)),
        ("maxBytes", rules.len_bytes.or(rules.max_bytes)),
    ];
    let bounds = bounds
        .into_iter()
        .filter_map(|(name, bound)| Some((name.to_owned(), Value::from(bound?))));
    let marks = [("sensitive", marks.sensitive), ("immutable", marks.immutable)];
    let marks = marks.into_iter().filter(|(_, marked)| *marked);
    let said: Map<_, _> = bounds
        .chain(marks.map(|(name, _)| (name.to_owned(), Value::Bool(true))))
        .collect();
    (!said.is_empty()).then(|| ExtensionsBuilder::new().add("parlance", said).build())
}

/// The values of an enum that a rule allows.
fn allowed_values(kind: &Enum, rules: &Rules, comment: &str) -> ObjectBuilder {
    let allowed = kind.values.iter().filter(|value| {
        (rules.enum_in.is_empty() || rules.enum_in.contains(&value.number))
            && !rules.enum_not_in.contains(&value.number)
    });
    let allowed: Vec<_> = allowed.collect();
    let meanings = allowed
        .iter()
        .map(|value| format!("- `{}`: {}", value.name, text::unwrap(&value.comment)))
        .collect::<Vec<_>>();
    let description = [comment, &meanings.join("\n")]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("\n\n");
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(allowed.iter().map(|value| value.name.as_str())))
        .description(Some(description))
}

fn well_known(kind: WellKnown) -> ObjectBuilder {
    let text = ObjectBuilder::new().schema_type(Type::String);
    match kind {
        WellKnown::Timestamp => text.format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))),
        WellKnown::Duration => text.pattern(Some(r"^-?[0-9]+(\.[0-9]{1,9})?s$")),
        WellKnown::FieldMask => text.pattern(Some(r"^([a-zA-Z0-9.]+(,[a-zA-Z0-9.]+)*)?$")),
    }
}

fn scalar(kind: Scalar, rules: &Rules, comment: &str) -> ObjectBuilder {
    let object = ObjectBuilder::new();
    let custom = |format: &str| Some(SchemaFormat::Custom(format.to_owned()));
    match kind {
        Scalar::Bool => object
            .schema_type(Type::Boolean)
            .description(text::join(&[comment.to_owned()])),
        Scalar::String => string(rules, comment),
        Scalar::Bytes => bytes(rules, comment),
        Scalar::Double | Scalar::Float => {
            // numbers that JSON cannot write are strings
            let format = if kind == Scalar::Double { "double" } else { "float" };
            let types = SchemaType::from_iter([Type::Number, Type::String]);
            object
                .schema_type(types)
                .format(custom(format))
                .description(text::join(&[comment.to_owned()]))
        }
        Scalar::Int32 | Scalar::Sint32 | Scalar::Sfixed32 => small(
            object.format(custom("int32")),
            rules,
            comment,
            i128::from(i32::MIN),
            i128::from(i32::MAX),
        ),
        Scalar::Uint32 | Scalar::Fixed32 => {
            small(object.format(custom("uint32")), rules, comment, 0, i128::from(u32::MAX))
        }
        Scalar::Int64 | Scalar::Sint64 | Scalar::Sfixed64 => large(
            object.format(custom("int64")),
            rules,
            comment,
            "^-?(0|[1-9][0-9]{0,18})$",
        ),
        Scalar::Uint64 | Scalar::Fixed64 => {
            // above 0 can be said by the pattern; other bounds of a number in a string only by words
            let positive = rules.above.is_some_and(|bound| least(bound) == 1);
            let pattern = if positive {
                "^[1-9][0-9]{0,19}$"
            } else {
                "^(0|[1-9][0-9]{0,19})$"
            };
            let left = Rules {
                above: rules.above.filter(|_| !positive),
                ..rules.clone()
            };
            large(object.format(custom("uint64")), &left, comment, pattern)
        }
    }
}

/// Integers of 32 bits are numbers in JSON.
fn small(object: ObjectBuilder, rules: &Rules, comment: &str, min: i128, max: i128) -> ObjectBuilder {
    let low = rules.above.map_or(min, least).max(min);
    let high = rules.below.map_or(max, most).min(max);
    object
        .schema_type(Type::Integer)
        .minimum(Some(low as isize))
        .maximum(Some(high as isize))
        .description(text::join(&[comment.to_owned()]))
}

/// Integers of 64 bits are strings in JSON.
fn large(object: ObjectBuilder, rules: &Rules, comment: &str, pattern: &str) -> ObjectBuilder {
    let low = rules
        .above
        .map(|bound| format!("At least {}.", least(bound)))
        .unwrap_or_default();
    let high = rules
        .below
        .map(|bound| format!("At most {}.", most(bound)))
        .unwrap_or_default();
    object
        .schema_type(Type::String)
        .pattern(Some(pattern))
        .description(text::join(&[comment.to_owned(), low, high]))
}

fn least(bound: Bound) -> i128 {
    if bound.inclusive { bound.value } else { bound.value + 1 }
}

fn most(bound: Bound) -> i128 {
    if bound.inclusive { bound.value } else { bound.value - 1 }
}

/// JSON Schema counts characters, as `min_len` and `max_len` do. A character takes 1 to 4 bytes, so bounds in bytes are bounds in
/// characters that are necessary but not sufficient: the exact ones are said in words.
fn string(rules: &Rules, comment: &str) -> ObjectBuilder {
    let least = [rules.len, rules.min_len, rules.min_bytes.map(|bytes| bytes.div_ceil(4))]
        .into_iter()
        .flatten()
        .max();
    let most = [rules.len, rules.max_len, rules.max_bytes].into_iter().flatten().min();
    let mut object = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(least.filter(|least| *least > 0).map(|n| n as usize))
        .max_length(most.map(|n| n as usize))
        .description(text::join(&[comment.to_owned(), bytes_in_words(rules, comment)]));
    if !rules.one_of.is_empty() {
        object = object.enum_values(Some(rules.one_of.iter().map(String::as_str)));
    }
    let prefix = rules.prefix.as_ref().map(|prefix| format!("^{}", escape(prefix)));
    if rules.uuid {
        object = object
            .format(Some(SchemaFormat::Custom("uuid".to_owned())))
            .pattern(Some("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"));
    } else {
        object = object.pattern(rules.pattern.clone().or(prefix));
    }
    object
}

/// Base64 makes 4 characters of 3 bytes, and 2 or 3 of the rest: so many in the pattern, whose padding may be left out, are exactly so many
/// bytes, since no whole number of bytes has one character over.
fn bytes(rules: &Rules, comment: &str) -> ObjectBuilder {
    let characters = |bytes: u64| (bytes * 4).div_ceil(3);
    let least = rules.len_bytes.or(rules.min_bytes);
    let most = rules.len_bytes.or(rules.max_bytes);
    let pattern = (least.is_some() || most.is_some()).then(|| {
        let least = characters(least.unwrap_or(0));
        let most = most.map_or_else(String::new, |most| characters(most).to_string());
        format!("^[A-Za-z0-9+/_-]{{{least},{most}}}={{0,2}}$")
    });
    ObjectBuilder::new()
        .schema_type(Type::String)
        .content_encoding("base64")
        .min_length(least.map(characters).filter(|least| *least > 0).map(|n| n as usize))
        .max_length(most.map(|bytes| (bytes.div_ceil(3) * 4) as usize))
        .pattern(pattern)
        .description(text::join(&[comment.to_owned(), bytes_in_words(rules, comment)]))
}

/// Bounds in bytes, unless the comment speaks of bytes itself.
fn bytes_in_words(rules: &Rules, comment: &str) -> String {
    match (rules.len_bytes, rules.min_bytes, rules.max_bytes) {
        _ if comment.contains("byte") => String::new(),
        (Some(exact), ..) => format!("Exactly {exact} bytes."),
        (_, Some(least), Some(most)) => format!("{least} to {most} bytes."),
        (_, Some(least), None) => format!("At least {least} bytes."),
        (_, None, Some(most)) => format!("At most {most} bytes."),
        (None, None, None) => String::new(),
    }
}

/// A literal as a pattern that every dialect understands: JavaScript refuses an escape that is not needed.
fn escape(literal: &str) -> String {
    let needed = |c: char| r"^$\.*+?()[]{}|/".contains(c);
    literal
        .chars()
        .flat_map(|c| needed(c).then_some('\\').into_iter().chain([c]))
        .collect()
}
