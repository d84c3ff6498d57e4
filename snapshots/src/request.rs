//! A request as a client writes it on REST: what goes into path, query and body follows from `google.api.http`.

use crate::{descriptor, sample, schema};
use im_schema::{catalogue::Entry, rest::Route};
use prost::Message as _;
use prost_reflect::{DynamicMessage, Kind, MethodDescriptor, ReflectMessage as _};
use serde_json::{Map, Value};

/// The ProtoJSON of a message, as generated code writes it.
///
/// # Panics
/// If the message is not one of the schema.
#[must_use]
pub fn json_of(message: &DynamicMessage) -> Map<String, Value> {
    let entry = Entry::named(message.descriptor().full_name()).expect("the schema has the message");
    let text = entry
        .to_json(&message.encode_to_vec())
        .expect("a sample has a form in JSON");
    serde_json::from_str(&text).expect("the form in JSON is an object")
}

/// Path with query, and body, of a route's sample request.
#[must_use]
pub fn rest_request(route: &Route) -> (String, Option<Value>) {
    rest_request_of(route, &sample(descriptor(route.method).input().full_name()))
}

/// Path with query, and body, of a request on a route.
///
/// # Panics
/// If the request is of another message than the route's, or a text that stands in the path is empty, which no path can say.
#[must_use]
pub fn rest_request_of(route: &Route, request: &DynamicMessage) -> (String, Option<Value>) {
    let descriptor = descriptor(route.method);
    assert_eq!(request.descriptor(), descriptor.input(), "a request of the route");
    let mut fields = json_of(request);
    let mut path = route.path.to_owned();
    for field in descriptor.input().fields() {
        let place = format!("{{{}}}", field.name());
        if path.contains(&place) {
            let value = fields.remove(field.json_name()).unwrap_or_else(|| {
                assert_ne!(
                    field.kind(),
                    Kind::String,
                    "{}: an empty text cannot stand in a path",
                    field.full_name()
                );
                Value::from(0)
            });
            path = path.replace(&place, &scalar(&value));
        }
    }
    let body = match http_body(&descriptor).as_str() {
        "" => None,
        "*" => Some(Value::Object(std::mem::take(&mut fields))),
        field => {
            let field = descriptor
                .input()
                .get_field_by_name(field)
                .expect("the body is a field");
            fields.remove(field.json_name())
        }
    };
    let pairs = fields.iter().flat_map(|(name, value)| {
        let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        values
            .into_iter()
            .map(move |value| format!("{name}={}", scalar(&value)))
    });
    let query = pairs.collect::<Vec<_>>().join("&");
    if !query.is_empty() {
        path = format!("{path}?{query}");
    }
    (path, body)
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What `google.api.http` says is the body of a method's request: empty, `*`, or a field's name.
fn http_body(method: &MethodDescriptor) -> String {
    let option = schema()
        .get_extension_by_name("google.api.http")
        .expect("the schema declares the option");
    let options = method.options();
    let rule = options.get_extension(&option);
    let rule = rule.as_message().expect("the option is a message");
    let body = rule.get_field_by_name("body").expect("the option has the field");
    body.as_str().expect("the field is a string").to_owned()
}
