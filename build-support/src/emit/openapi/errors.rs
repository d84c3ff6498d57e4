//! The errors of an operation: one answer for each HTTP status, with all reasons that have it.

use crate::emit::json_schema::{self, text};
use crate::model::{Access, Body, Effect, Method, Rate, Reason, Route, Schema as Model};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, HeaderBuilder, Ref, RefOr, Response, ResponseBuilder, Schema,
    example::ExampleBuilder,
    schema::{AllOfBuilder, ObjectBuilder, Type},
};

/// Reasons that the layers in front of a handler give, whatever it declares.
fn of_layers(method: &Method, body: &Body) -> Vec<&'static str> {
    let mut reasons = vec![
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "UNAVAILABLE",
        "INTERNAL",
        "OVERLOADED",
    ];
    if *body != Body::None {
        reasons.extend(["MALFORMED", "TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"]);
    }
    if method.access != Access::Public {
        reasons.extend(["UNAUTHENTICATED", "TOKEN_EXPIRED", "SESSION_ENDED"]);
    }
    if method.access == Access::Admin {
        reasons.push("PERMISSION_DENIED");
    }
    if method.rate != Rate::Unlimited {
        reasons.push("RATE_LIMITED");
    }
    if method.call.effect == Effect::Keyed {
        reasons.extend(["IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_KEY_IN_USE"]);
    }
    reasons
}

/// All reasons that a call may give, by whichever way, in order of numbers.
pub(in crate::emit) fn of_method<'a>(model: &'a Model, method: &Method) -> Vec<&'a Reason> {
    let layers: BTreeSet<_> = match method.routes.as_slice() {
        [] => of_layers(method, &Body::Whole).into_iter().collect(),
        routes => routes.iter().flat_map(|route| of_layers(method, &route.body)).collect(),
    };
    let given = |reason: &&Reason| layers.contains(reason.name.as_str()) || method.reasons.contains(&reason.name);
    model.reasons.iter().filter(given).collect()
}

/// All reasons that a route may give, in order of numbers.
fn reasons<'a>(model: &'a Model, method: &Method, route: &Route) -> impl Iterator<Item = &'a Reason> {
    let layers = of_layers(method, &route.body);
    model
        .reasons
        .iter()
        .filter(move |reason| layers.contains(&reason.name.as_str()) || method.reasons.contains(&reason.name))
}

/// The answers to one route, by status.
pub(super) fn responses(model: &Model, method: &Method, route: &Route) -> BTreeMap<u16, Response> {
    let mut by_status: BTreeMap<u16, Vec<&Reason>> = BTreeMap::new();
    for reason in reasons(model, method, route) {
        by_status.entry(reason.http).or_default().push(reason);
    }
    by_status
        .into_iter()
        .map(|(status, reasons)| (status, response(model, status, &reasons)))
        .collect()
}

fn response(model: &Model, status: u16, reasons: &[&Reason]) -> Response {
    let lines = reasons.iter().map(|reason| {
        format!(
            "- `{}`: {} {}",
            reason.name,
            text::unwrap(&reason.comment),
            reason.advice
        )
    });
    let mut response = ResponseBuilder::new().description(lines.collect::<Vec<_>>().join("\n"));
    if json_schema::problem(model).is_some() {
        let examples = reasons.iter().map(|reason| {
            let example = RefOr::Ref(Ref::new(format!("#/components/examples/{}", reason.name)));
            (reason.name.clone(), example)
        });
        let content = ContentBuilder::new()
            .schema(Some(schema(reasons)))
            .examples_from_iter(examples)
            .build();
        response = response.content("application/json", content);
    }
    if status == 401 {
        response = response.header_ref("WWW-Authenticate", Ref::new("#/components/headers/WWW-Authenticate"));
    }
    if reasons.iter().any(|reason| reason.retryable) {
        response = response.header_ref("Retry-After", Ref::new("#/components/headers/Retry-After"));
    }
    response.build()
}

/// A problem whose reason is one of these.
fn schema(reasons: &[&Reason]) -> RefOr<Schema> {
    let names = reasons.iter().map(|reason| reason.name.as_str());
    let reason = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
    let narrowed = ObjectBuilder::new().property("reason", reason).required("reason");
    AllOfBuilder::new()
        .item(Ref::from_schema_name("Problem"))
        .item(narrowed)
        .into()
}

/// Headers and examples that the answers to errors refer to.
pub(super) fn components(model: &Model, mut components: ComponentsBuilder) -> ComponentsBuilder {
    let methods = model.services.iter().flat_map(|service| &service.methods);
    let routes = methods.flat_map(|method| method.routes.iter().map(move |route| (method, route)));
    let used: BTreeMap<i32, &Reason> = routes
        .flat_map(|(method, route)| reasons(model, method, route))
        .map(|reason| (reason.number, reason))
        .collect();
    if used.values().any(|reason| reason.retryable) {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1_usize));
        let wait = HeaderBuilder::new()
            .schema(Some(seconds))
            .description(Some("Seconds to wait before trying again, if known."));
        components = components.header("Retry-After", wait.build());
    }
    if used.values().any(|reason| reason.http == 401) {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let challenge = HeaderBuilder::new()
            .schema(Some(text))
            .description(Some("`Bearer`: an access token is needed."));
        components = components.header("WWW-Authenticate", challenge.build());
    }
    if json_schema::problem(model).is_some() {
        for reason in used.values() {
            let (summary, _) = text::split(&reason.comment);
            let example = ExampleBuilder::new().summary(summary).value(Some(problem(reason)));
            components = components.example(&reason.name, example.build());
        }
    }
    components
}

/// A problem as an example.
pub(in crate::emit) fn problem(reason: &Reason) -> Value {
    let mut problem = json!({
        "reason": reason.name,
        "code": reason.code_name,
        "message": text::split(&reason.comment).0,
        "retryable": reason.retryable,
        "advice": reason.advice,
    });
    if reason.name == "INVALID_ARGUMENT" {
        let violation =
            json!({"field": "content.text.body", "rule": "string.min_bytes", "message": "must be at least 1 byte"});
        problem["violations"] = json!([violation]);
    }
    if reason.name == "RATE_LIMITED" {
        problem["retryAfterMs"] = json!("1500");
    }
    problem
}
