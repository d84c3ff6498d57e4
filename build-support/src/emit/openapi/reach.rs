//! What the routes lead to.

use crate::{
    emit::{
        json_schema::{Dialect, Names, Reached, problem},
        way::leaf,
    },
    model::{Body, Field, Method, Route, Schema as Model},
};

/// Names everything that routes and the answer to errors are made of.
pub(super) fn names(model: &Model) -> Names {
    let mut reached = Reached::default();
    for method in model.services.iter().flat_map(|service| &service.methods) {
        for route in &method.routes {
            if route.body == Body::Whole && !is_partial(route) {
                reached.send(model, &method.request);
            }
            for field in sent_fields(model, method, route) {
                reached.send_field(model, field);
            }
        }
        if !method.routes.is_empty() {
            reached.receive(model, &method.response);
        }
    }
    if let Some(problem) = problem(model) {
        reached.receive(model, &problem.full_name);
    }
    Names::new(model, reached, Dialect::Draft2020)
}

/// Whether the body of a route is a component of its own: the request without what the path binds.
pub(super) fn is_partial(route: &Route) -> bool {
    route.body == Body::Whole && !route.parameters.is_empty()
}

/// Fields of a request that must be described so that the parameters and the body of a route can be.
fn sent_fields<'a>(model: &'a Model, method: &'a Method, route: &Route) -> Vec<&'a Field> {
    let request = &model.messages[&method.request];
    let in_body = request.fields.iter().filter(|field| match &route.body {
        Body::None => false,
        Body::Whole => !route.parameters.contains(&field.name),
        Body::Field(name) => *name == field.name,
    });
    let parameters = route.parameters.iter().chain(&route.query);
    in_body
        .chain(parameters.map(|path| leaf(model, request, path)))
        .collect()
}
