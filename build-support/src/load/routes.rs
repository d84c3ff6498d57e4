//! Routes: `google.api.http`, bound to fields.

mod query;
mod template;

use super::options::Fields;
use crate::{
    SchemaError,
    model::{Body, Cardinality, Field, Kind, Message, Method, Route, Scalar, Schema, Verb},
};
use prost_reflect::{DynamicMessage, Value};
use template::Template;

/// The routes of a method, the additional ones last.
pub(super) fn load(schema: &Schema, method: &Method, http: &DynamicMessage) -> Result<Vec<Route>, String> {
    let mut routes = vec![route(schema, method, http)?];
    for additional in http.list("additional_bindings").iter().filter_map(Value::as_message) {
        if !additional.list("additional_bindings").is_empty() {
            return Err("additional bindings cannot have additional bindings".into());
        }
        routes.push(route(schema, method, additional)?);
    }
    Ok(routes)
}

fn route(schema: &Schema, method: &Method, http: &DynamicMessage) -> Result<Route, String> {
    const VERBS: &[(&str, Verb)] = &[
        ("get", Verb::Get),
        ("put", Verb::Put),
        ("post", Verb::Post),
        ("delete", Verb::Delete),
        ("patch", Verb::Patch),
    ];
    if !http.string("selector").is_empty() {
        return Err("`selector` has no meaning in an annotation".into());
    }
    let Some((name, verb)) = VERBS.iter().find(|(name, _)| http.has_field_by_name(name)) else {
        return Err("a route needs a verb and a path".into());
    };
    let path = http.string(name);
    let template = Template::parse(&path)?;
    let request = &schema.messages[&method.request];
    let parameters: Vec<String> = template.parameters().map(str::to_owned).collect();
    for (index, parameter) in parameters.iter().enumerate() {
        if parameters[..index].contains(parameter) {
            return Err(format!("the path `{path}` binds `{parameter}` twice"));
        }
        bindable(schema, request, parameter).map_err(|why| format!("the path `{path}`: {why}"))?;
    }
    let body = body(request, &http.string("body"), *verb, &parameters)?;
    let query = query::leaves(schema, request, &parameters, &body)?;
    Ok(Route {
        verb: *verb,
        path,
        parameters,
        body,
        query,
    })
}

/// A path can bind a single scalar or enum that stands in no oneof, at any depth.
fn bindable(schema: &Schema, request: &Message, parameter: &str) -> Result<(), String> {
    let mut message = request;
    let mut parts = parameter.split('.').peekable();
    while let Some(part) = parts.next() {
        let field = find(message, part)?;
        if field.oneof.is_some() {
            return Err(format!("`{parameter}` is in a oneof, which a path cannot bind"));
        }
        if field.sensitive {
            return Err(format!("`{parameter}` is sensitive, and URLs are logged"));
        }
        let single = matches!(field.cardinality, Cardinality::Implicit | Cardinality::Optional);
        match (&field.kind, parts.peek()) {
            (Kind::Message(inner), Some(_)) if single => message = &schema.messages[inner],
            (Kind::Scalar(scalar), None) if single && *scalar != Scalar::Bytes => {}
            (Kind::Enum(_), None) if single => {}
            _ => {
                return Err(format!(
                    "`{parameter}` is not a single scalar or enum, so it cannot be bound"
                ));
            }
        }
    }
    Ok(())
}

fn find<'a>(message: &'a Message, name: &str) -> Result<&'a Field, String> {
    let found = message.fields.iter().find(|field| field.name == name);
    found.ok_or_else(|| format!("{} has no field `{name}`", message.full_name))
}

fn body(request: &Message, said: &str, verb: Verb, parameters: &[String]) -> Result<Body, String> {
    if said.is_empty() {
        return Ok(Body::None);
    }
    if matches!(verb, Verb::Get | Verb::Delete) {
        return Err("GET and DELETE have no body".into());
    }
    if said == "*" {
        return Ok(Body::Whole);
    }
    let field = find(request, said)?;
    if field.oneof.is_some() {
        return Err(format!("the body `{said}` is in a oneof"));
    }
    if parameters
        .iter()
        .any(|parameter| parameter.split('.').next() == Some(said))
    {
        return Err(format!("both path and body bind `{said}`"));
    }
    Ok(Body::Field(said.to_owned()))
}

/// No request may fit two routes, unless one of them is the more special one.
pub(super) fn check_overlaps(schema: &Schema) -> Result<(), SchemaError> {
    let mut seen: Vec<(Verb, Template, String)> = Vec::new();
    for service in &schema.services {
        for method in &service.methods {
            let element = format!("{}.{}", service.full_name, method.name);
            let wrong = |why: String| SchemaError::new(&service.file, &element, why);
            for route in &method.routes {
                let template = Template::parse(&route.path).map_err(wrong)?;
                for (verb, other, owner) in &seen {
                    if *verb == route.verb && template.overlaps(other) {
                        return Err(wrong(format!(
                            "the route `{}` overlaps `{other}` of {owner}",
                            route.path
                        )));
                    }
                    if template.renames(other) {
                        let why = format!(
                            "`{}` and `{other}` of {owner} name the same parameter differently",
                            route.path
                        );
                        return Err(wrong(why));
                    }
                }
                seen.push((route.verb, template, element.clone()));
            }
        }
    }
    Ok(())
}
