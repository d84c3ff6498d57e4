//! The field mask of a PATCH.

use serde_json::Value;

/// A field that a mask may name, and the fields within it.
#[derive(Debug)]
pub struct Shape {
    /// Name in the schema, which is the one in a mask.
    pub name: &'static str,
    /// Name in JSON.
    pub json_name: &'static str,
    /// Fields of a single message; empty for everything that a mask can only name as a whole.
    pub fields: &'static [Shape],
}

/// Paths of the fields that `body` has, be they empty or null: what it does not have, it does not want to change.
pub(super) fn present(body: &Value, shapes: &[Shape]) -> Vec<String> {
    let mut paths = Vec::new();
    collect(body, shapes, "", &mut paths);
    paths
}

fn collect(body: &Value, shapes: &[Shape], prefix: &str, paths: &mut Vec<String>) {
    for shape in shapes {
        let Some(value) = body.get(shape.json_name).or_else(|| body.get(shape.name)) else {
            continue;
        };
        let path = format!("{prefix}{}", shape.name);
        let inner = value.as_object().is_some_and(|object| !object.is_empty()) && !shape.fields.is_empty();
        if inner {
            collect(value, shape.fields, &format!("{path}."), paths);
        } else {
            paths.push(path);
        }
    }
}

/// Whether a mask may name `path`.
pub(super) fn knows(shapes: &[Shape], path: &str) -> bool {
    let (name, rest) = path
        .split_once('.')
        .map_or((path, None), |(name, rest)| (name, Some(rest)));
    let Some(shape) = shapes.iter().find(|shape| shape.name == name) else {
        return false;
    };
    rest.is_none_or(|rest| knows(shape.fields, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const fn leaf(name: &'static str, json_name: &'static str) -> Shape {
        Shape {
            name,
            json_name,
            fields: &[],
        }
    }

    const USER: &[Shape] = &[
        leaf("display_name", "displayName"),
        leaf("tags", "tags"),
        Shape {
            name: "home",
            json_name: "home",
            fields: &[leaf("city", "city"), leaf("zip_code", "zipCode")],
        },
    ];

    #[test]
    fn what_is_there_is_named_even_if_it_is_empty() {
        let body = json!({"display_name": "", "tags": null, "home": {"zipCode": ""}});
        assert_eq!(present(&body, USER), ["display_name", "tags", "home.zip_code"]);
    }

    #[test]
    fn an_empty_message_is_named_as_a_whole() {
        assert_eq!(present(&json!({"home": {}}), USER), ["home"]);
        assert_eq!(present(&json!({}), USER), [""; 0]);
    }

    #[test]
    fn only_what_the_schema_has_is_known() {
        assert!(knows(USER, "home.city") && knows(USER, "home"));
        assert!(!knows(USER, "home.planet") && !knows(USER, "tags.first") && !knows(USER, ""));
    }
}
