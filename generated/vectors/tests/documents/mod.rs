//! Where messages are described in a document: as components, as bodies without what the path binds, and as parameters.

use jsonschema::{Draft, Validator};
use schema_vectors::{Source, Vector};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A document, with a validator for each place at which a message is described.
pub(crate) struct Document {
    places: BTreeMap<String, Vec<Place>>,
}

/// A place at which a message, or a part of it, is described.
pub(crate) struct Place {
    name: String,
    /// Fields (in JSON) that are described elsewhere.
    without: Vec<String>,
    /// If it describes just one field: its name in JSON.
    only: Option<String>,
    validator: Validator,
}

impl Place {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the schema accepts the vector; `None` if it has nothing to say of what makes the vector special.
    pub(crate) fn accepts(&self, vector: &Vector) -> Option<bool> {
        let field = vector.json.as_object()?;
        if let Some(name) = &self.only {
            let concerns = |path: &String| {
                path == name || path.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', '[']))
            };
            let all = vector.broken.iter().all(|(path, _)| concerns(path));
            return field
                .get(name)
                .filter(|_| all)
                .map(|value| self.validator.is_valid(value));
        }
        let elsewhere = |path: &str| self.without.iter().any(|name| path == name);
        if vector.broken.iter().any(|(path, _)| elsewhere(path)) {
            return None;
        }
        let kept: Map<_, _> = field
            .iter()
            .filter(|(name, _)| !elsewhere(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        Some(self.validator.is_valid(&Value::Object(kept)))
    }
}

impl Document {
    pub(crate) fn openapi(source: &Source) -> Self {
        let mut document = Self::of(source, source.openapi, "openapi", Draft::Draft202012);
        let text: Value = serde_json::from_str(source.openapi).expect("the document is JSON");
        let operations = text["paths"].as_object().expect("the document has paths").values();
        for operation in operations.filter_map(Value::as_object).flat_map(Map::values) {
            document.add_operation(&text, operation, Draft::Draft202012);
        }
        document
    }

    pub(crate) fn asyncapi(source: &Source) -> Self {
        Self::of(source, source.asyncapi, "asyncapi", Draft::Draft7)
    }

    pub(crate) fn places(&self, message: &str) -> &[Place] {
        self.places.get(message).map_or(&[], Vec::as_slice)
    }

    fn of(source: &Source, text: &str, kind: &str, draft: Draft) -> Self {
        let text: Value = serde_json::from_str(text).expect("the document is JSON");
        let names: Value = serde_json::from_str(source.components).expect("the build script writes JSON");
        let mut places = BTreeMap::new();
        for (full_name, component) in names[kind].as_object().expect("names of components by full names") {
            let component = component.as_str().expect("a name");
            let place = Place {
                name: format!("{kind} {component}"),
                without: Vec::new(),
                only: None,
                validator: reference(&text, component, draft),
            };
            places.insert(full_name.clone(), vec![place]);
        }
        Self { places }
    }

    /// The body and the parameters of an operation. By the rules of the house the request of `sendMessage` is `SendMessageRequest`.
    fn add_operation(&mut self, text: &Value, operation: &Value, draft: Draft) {
        let Some(id) = operation["operationId"].as_str() else {
            return;
        };
        let method: String = id[..1].to_uppercase() + &id[1..];
        let none = Vec::new();
        let parameters = operation["parameters"].as_array().unwrap_or(&none);
        let name_of = |parameter: &Value| json_name(parameter["name"].as_str().unwrap_or_default());
        let places = self.places.entry(format!("parlance.v1.{method}Request")).or_default();
        for parameter in parameters.iter().filter(|parameter| parameter["in"] != "header") {
            places.push(Place {
                name: format!("openapi parameter of {id}"),
                without: Vec::new(),
                only: Some(name_of(parameter)),
                validator: validator(text, &parameter["schema"], draft),
            });
        }
        let component = format!("{method}Body");
        if text["components"]["schemas"].get(&component).is_some() {
            let bound = parameters.iter().filter(|parameter| parameter["in"] == "path");
            places.push(Place {
                name: format!("openapi {component}"),
                without: bound.map(name_of).collect(),
                only: None,
                validator: reference(text, &component, draft),
            });
        }
    }
}

/// Parameters in a path are named as in the schema.
fn json_name(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| name + &part[..1].to_uppercase() + &part[1..])
}

fn reference(text: &Value, component: &str, draft: Draft) -> Validator {
    let schema = json!({"allOf": [{"$ref": format!("#/components/schemas/{component}")}]});
    validator(text, &schema, draft)
}

/// A validator of `schema`, beside which its document's components stand.
fn validator(text: &Value, schema: &Value, draft: Draft) -> Validator {
    let mut schema = schema.clone();
    schema["components"] = json!({"schemas": text["components"]["schemas"]});
    jsonschema::options()
        .with_draft(draft)
        .build(&schema)
        .expect("the documents' schemas are valid")
}
