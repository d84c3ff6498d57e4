//! A JSON Schema as a table of fields.

use super::node::Node;
use crate::docs::shell;
use maud::{Markup, html};

/// Deeper fields are left to the pages of the reference.
const DEEPEST: usize = 4;

/// A line of the table.
struct Row {
    path: String,
    kind: String,
    rules: Vec<String>,
    comment: String,
}

/// The fields of a payload; those of a frame's body without the frame around it.
pub(super) fn fields(document: &Node, payload: &Node, body: &str) -> Markup {
    let schema = &payload["properties"][body];
    let schema = if schema.is_there() { schema } else { payload };
    let mut rows = Vec::new();
    collect(document, schema, "", 0, &mut rows);
    html! {
        @if !rows.is_empty() {
            table {
                tr { th { "field" } th { "type" } th { "rules" } th { "what it is" } }
                @for row in &rows {
                    tr {
                        td { code { (row.path) } }
                        td { (row.kind) }
                        td { (row.rules.join(", ")) }
                        td { (shell::markdown(&row.comment)) }
                    }
                }
            }
        }
    }
}

fn collect(document: &Node, schema: &Node, above: &str, depth: usize, rows: &mut Vec<Row>) {
    if depth == DEEPEST {
        return;
    }
    for part in parts(document, schema) {
        for (name, field) in part["properties"].members() {
            let is_list = field["items"].is_there();
            let items = if is_list { &field["items"] } else { field };
            let path = format!("{above}{name}{}", if is_list { "[]" } else { "" });
            let mut rules = Vec::new();
            if part["required"].items().iter().any(|required| required.text() == name) {
                rules.push("required".to_owned());
            }
            rules.extend(bounds(field));
            if is_list {
                rules.extend(bounds(items));
            }
            rows.push(Row {
                path: path.clone(),
                kind: kind(document, items),
                rules,
                comment: field["description"].text().to_owned(),
            });
            collect(document, items, &format!("{path}."), depth + 1, rows);
        }
    }
}

/// The objects that a schema is made of: itself, what it refers to, and all of what it puts together. The members of unions only say which
/// fields exclude each other.
fn parts<'a>(document: &'a Node, schema: &'a Node) -> Vec<&'a Node> {
    if let Some(name) = schema["$ref"].text().strip_prefix("#/components/schemas/") {
        return parts(document, &document["components"]["schemas"][name]);
    }
    let mut found = vec![schema];
    for part in schema["allOf"].items() {
        found.extend(parts(document, part));
    }
    found
}

fn kind(document: &Node, schema: &Node) -> String {
    let named = |schema: &Node| {
        schema["$ref"]
            .text()
            .rsplit('/')
            .next()
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
    };
    if let Some(name) = named(schema).or_else(|| named(&schema["allOf"][0])) {
        let values = list(
            &document["components"]["schemas"][name.as_str()]["anyOf"][0]["enum"],
            ", ",
        );
        return if values.is_empty() { name } else { values };
    }
    let kind = match &schema["type"] {
        Node::Array(_) => list(&schema["type"], " or "),
        one => one.text().to_owned(),
    };
    match schema["format"].text() {
        "" => kind,
        format => format!("{kind} ({format})"),
    }
}

fn bounds(schema: &Node) -> Vec<String> {
    let words = [
        ("minLength", "characters at least"),
        ("maxLength", "characters at most"),
        ("minItems", "items at least"),
        ("maxItems", "items at most"),
    ];
    let counted = words
        .into_iter()
        .filter_map(|(key, words)| Some(format!("{} {words}", schema[key].number()?)));
    let values = Some(list(&schema["enum"], " or ")).filter(|values| !values.is_empty());
    let pattern = Some(schema["pattern"].text()).filter(|pattern| !pattern.is_empty());
    counted
        .chain(values)
        .chain(pattern.map(|pattern| format!("matches {pattern}")))
        .collect()
}

/// The strings of a list.
fn list(strings: &Node, between: &str) -> String {
    strings.items().iter().map(Node::text).collect::<Vec<_>>().join(between)
}
