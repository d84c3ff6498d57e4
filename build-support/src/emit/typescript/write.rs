//! Pieces of TypeScript that all files need.

use heck::{ToLowerCamelCase, ToShoutySnakeCase};

/// Longer lists are broken into lines.
const LONGEST_LINE: usize = 140;

/// A comment of the schema as documentation; nothing if it is empty.
pub(super) fn docs(indent: &str, comment: &str) -> String {
    let comment = comment.trim().replace("*/", "*\\/");
    match comment.lines().count() {
        0 => String::new(),
        1 => format!("{indent}/** {comment} */\n"),
        _ => {
            let lines = comment.lines().map(|line| format!("{indent} * {line}"));
            let lines: Vec<_> = lines.map(|line| line.trim_end().to_owned()).collect();
            format!("{indent}/**\n{}\n{indent} */\n", lines.join("\n"))
        }
    }
}

/// A string literal.
pub(super) fn text(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

/// A union of string literals; `never` for none.
pub(super) fn union<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let values: Vec<_> = values.into_iter().map(text).collect();
    if values.is_empty() {
        "never".to_owned()
    } else {
        values.join(" | ")
    }
}

/// A list literal of strings.
pub(super) fn list<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let values: Vec<_> = values.into_iter().map(text).collect();
    format!("[{}]", values.join(", "))
}

/// The name of a method, e.g. `sendMessage`.
pub(super) fn method(name: &str) -> String {
    name.to_lower_camel_case()
}

/// The name of an enum's value within the enum: `DIRECT` of `CONVERSATION_KIND_DIRECT`.
pub(super) fn short_value<'a>(kind: &str, value: &'a str) -> &'a str {
    let prefix = format!("{}_", kind.to_shouty_snake_case());
    value
        .strip_prefix(&prefix)
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
        .unwrap_or(value)
}

/// An import of types.
pub(super) fn import_types<'a>(names: impl IntoIterator<Item = &'a str>, from: &str) -> String {
    let names: Vec<_> = names.into_iter().collect();
    if names.is_empty() {
        return String::new();
    }
    let short = format!("import type {{ {} }} from {};\n", names.join(", "), text(from));
    if short.len() <= LONGEST_LINE {
        return short;
    }
    let lines: String = names.iter().map(|name| format!("  {name},\n")).collect();
    format!("import type {{\n{lines}}} from {};\n", text(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_cannot_end_their_comment() {
        assert_eq!(
            docs("  ", "All of src/*/ is gone."),
            "  /** All of src/*\\/ is gone. */\n"
        );
        assert_eq!(docs("", "One.\n\nTwo."), "/**\n * One.\n *\n * Two.\n */\n");
        assert_eq!(docs("", " "), "");
    }

    #[test]
    fn values_lose_the_name_of_their_enum() {
        assert_eq!(short_value("ConversationKind", "CONVERSATION_KIND_DIRECT"), "DIRECT");
        assert_eq!(short_value("Tea", "GREEN"), "GREEN");
        assert_eq!(short_value("Tea", "TEA_3"), "TEA_3");
    }
}
