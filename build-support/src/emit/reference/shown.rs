//! JSON as a page shows it: members in the order of the schema, in one line if that is short.

use crate::model::{Field, Kind, Message, Schema as Model, WellKnown};
use heck::ToSnakeCase as _;
use serde_json::{Map, Value, json};

/// Longer lines are broken.
const LINE: usize = 90;

/// In which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Json,
    /// grpcurl knows no other form of a field mask than that of its message.
    Grpcurl,
    /// Ids are made by their types, and names need no quotes.
    TypeScript,
}

/// The JSON of a message.
pub(super) fn shown(model: &Model, message: &Message, value: &Value, style: Style) -> String {
    let mut text = line(model, message, value, style);
    if text.len() > LINE {
        text.clear();
        Writer { model, style }.write(Holder::Message(message), value, Some(0), &mut text);
    }
    text
}

/// The JSON of a message, in one line however long.
pub(super) fn line(model: &Model, message: &Message, value: &Value, style: Style) -> String {
    let mut text = String::new();
    Writer { model, style }.write(Holder::Message(message), value, None, &mut text);
    text
}

/// What a value is in.
#[derive(Clone, Copy)]
enum Holder<'a> {
    Message(&'a Message),
    Id(&'a str),
    Mask,
    Other,
}

struct Writer<'a> {
    model: &'a Model,
    style: Style,
}

impl<'a> Writer<'a> {
    /// In one line, or in many that are indented so deep.
    fn write(&self, holder: Holder<'a>, value: &'a Value, depth: Option<usize>, out: &mut String) {
        match (value, holder) {
            (Value::Object(members), _) if !members.is_empty() => {
                let members = self.in_order(holder, members).into_iter();
                let members = members.map(|(name, holder, value)| (self.name(name), holder, value));
                self.list(members.collect(), ('{', '}'), depth, out);
            }
            (Value::Array(items), _) if !items.is_empty() => {
                let items = items.iter().map(|item| (String::new(), holder, item));
                self.list(items.collect(), ('[', ']'), depth, out);
            }
            (Value::String(_), Holder::Id(id)) if self.style == Style::TypeScript => {
                out.push_str(&format!("{id}({value})"));
            }
            (Value::String(mask), Holder::Mask) if self.style == Style::Grpcurl => {
                let path = |path: &str| path.split('.').map(str::to_snake_case).collect::<Vec<_>>().join(".");
                let paths = mask.split(',').map(path).collect::<Vec<_>>();
                out.push_str(&json!({"paths": paths}).to_string());
            }
            (other, _) => out.push_str(&other.to_string()),
        }
    }

    fn name(&self, name: &str) -> String {
        match self.style {
            Style::Json | Style::Grpcurl => format!("{}: ", Value::from(name)),
            Style::TypeScript => format!("{name}: "),
        }
    }

    fn list(
        &self,
        parts: Vec<(String, Holder<'a>, &'a Value)>,
        (open, close): (char, char),
        depth: Option<usize>,
        out: &mut String,
    ) {
        let inner = depth.map(|depth| depth + 1);
        // only objects have blanks within, and only those of TypeScript
        let blank = if self.style == Style::TypeScript && open == '{' {
            " "
        } else {
            ""
        };
        let begin = |depth: Option<usize>, out: &mut String| match depth {
            Some(depth) => out.push_str(&format!("\n{}", "  ".repeat(depth))),
            None => out.push_str(blank),
        };
        out.push(open);
        begin(inner, out);
        for (index, (name, holder, value)) in parts.into_iter().enumerate() {
            match (index, inner) {
                (0, _) => {}
                (_, Some(_)) => {
                    out.push(',');
                    begin(inner, out);
                }
                (_, None) => out.push_str(", "),
            }
            out.push_str(&name);
            self.write(holder, value, inner, out);
        }
        begin(depth, out);
        out.push(close);
    }

    /// Members with what they are: in order of the fields, or as they come where the message is not known.
    fn in_order(&self, holder: Holder<'a>, members: &'a Map<String, Value>) -> Vec<(&'a str, Holder<'a>, &'a Value)> {
        let Holder::Message(message) = holder else {
            let members = members.iter();
            return members.map(|(name, value)| (name.as_str(), holder, value)).collect();
        };
        let fields = message.fields.iter();
        fields
            .filter_map(|field| {
                Some((
                    field.json_name.as_str(),
                    self.holder(field),
                    members.get(&field.json_name)?,
                ))
            })
            .collect()
    }

    fn holder(&self, field: &'a Field) -> Holder<'a> {
        match (&field.kind, &field.id) {
            (Kind::Message(name), _) => self.model.messages.get(name).map_or(Holder::Other, Holder::Message),
            (Kind::WellKnown(WellKnown::FieldMask), _) => Holder::Mask,
            (_, Some(id)) => Holder::Id(id),
            (_, None) => Holder::Other,
        }
    }
}
