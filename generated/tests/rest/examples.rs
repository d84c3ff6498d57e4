//! What the API description gives as an example can be sent as it stands.

use crate::house::House;
use serde_json::Value;

#[tokio::test]
async fn every_example_of_the_description_is_taken() {
    let document: Value =
        serde_json::from_str(include_str!("../../../openapi/openapi.json")).expect("the description is JSON");
    let house = House::default();
    for (path, item) in document["paths"].as_object().expect("there are paths") {
        for (verb, operation) in item.as_object().expect("a path has operations") {
            let target = target(path, operation);
            let body = &operation["requestBody"]["content"]["application/json"]["example"];
            let body = if body.is_null() {
                String::new()
            } else {
                body.to_string()
            };
            let answer = house.call(&verb.to_uppercase(), &target, &body).await;
            assert!(
                matches!(answer.status.as_u16(), 200 | 503),
                "{verb} {target} {body}: {}",
                answer.body
            );
        }
    }
}

/// The path with its parameters and all that the query may hold, by their examples.
fn target(path: &str, operation: &Value) -> String {
    let mut target = path.to_owned();
    let mut query = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let (name, example) = (
            parameter["name"].as_str().expect("parameters have names"),
            &parameter["example"],
        );
        match (parameter["in"].as_str(), example) {
            (Some("path"), Value::String(text)) => target = target.replace(&format!("{{{name}}}"), text),
            // a header may be left out, and the house takes none
            (Some("header"), _) => {}
            (Some("path"), _) => target = target.replace(&format!("{{{name}}}"), "1"),
            (_, Value::Array(items)) => query.extend(items.iter().map(|item| format!("{name}={}", plain(item)))),
            (_, Value::Null) => {}
            (_, other) => query.push(format!("{name}={}", plain(other))),
        }
    }
    format!("{target}?{}", query.join("&"))
}

fn plain(example: &Value) -> String {
    example.as_str().map_or_else(|| example.to_string(), str::to_owned)
}
