//! The field mask of a PATCH: what its body has is what it wants to change.

use crate::mask::{Access, Shape};
use serde_json::Value;

/// What a body wants to change.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    /// Paths of the fields that it has and may change, as in a mask.
    pub(super) paths: Vec<String>,
    /// Paths, as in JSON, of fields that it has and may not change.
    pub(super) refused: Vec<(String, Access)>,
}

/// The fields that `body` has, be they empty or null: what it does not have, it does not want to change.
pub(super) fn present(body: &Value, shapes: &[Shape]) -> Wishes {
    let mut wishes = Wishes::default();
    collect(body, shapes, "", "", &mut wishes);
    wishes
}

fn collect(body: &Value, shapes: &[Shape], prefix: &str, json_prefix: &str, wishes: &mut Wishes) {
    for shape in shapes {
        let Some(value) = body.get(shape.json_name).or_else(|| body.get(shape.name)) else {
            continue;
        };
        let (path, json_path) = (
            format!("{prefix}{}", shape.name),
            format!("{json_prefix}{}", shape.json_name),
        );
        let inner = value.as_object().is_some_and(|object| !object.is_empty()) && !shape.fields.is_empty();
        if shape.access != Access::Free {
            wishes.refused.push((json_path, shape.access));
        } else if inner {
            collect(
                value,
                shape.fields,
                &format!("{path}."),
                &format!("{json_path}."),
                wishes,
            );
        } else {
            wishes.paths.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const fn leaf(name: &'static str, json_name: &'static str, access: Access) -> Shape {
        Shape {
            name,
            json_name,
            access,
            fields: &[],
        }
    }

    const USER: &[Shape] = &[
        leaf("display_name", "displayName", Access::Free),
        leaf("tags", "tags", Access::Free),
        leaf("created_at", "createdAt", Access::OutputOnly),
        Shape {
            name: "home",
            json_name: "home",
            access: Access::Free,
            fields: &[
                leaf("city", "city", Access::Free),
                leaf("zip_code", "zipCode", Access::Free),
                leaf("land_id", "landId", Access::Immutable),
            ],
        },
    ];

    #[test]
    fn what_is_there_is_named_even_if_it_is_empty() {
        let body = json!({"display_name": "", "tags": null, "home": {"zipCode": ""}});
        assert_eq!(present(&body, USER).paths, ["display_name", "tags", "home.zip_code"]);
    }

    #[test]
    fn an_empty_message_is_named_as_a_whole() {
        assert_eq!(present(&json!({"home": {}}), USER).paths, ["home"]);
        assert_eq!(present(&json!({}), USER), Wishes::default());
    }

    #[test]
    fn what_may_not_be_changed_is_told_apart() {
        let wishes = present(
            &json!({"createdAt": null, "home": {"landId": "1", "city": "Rome"}}),
            USER,
        );
        assert_eq!(wishes.paths, ["home.city"]);
        let refused = [
            ("createdAt".to_owned(), Access::OutputOnly),
            ("home.landId".to_owned(), Access::Immutable),
        ];
        assert_eq!(wishes.refused, refused);
    }
}
