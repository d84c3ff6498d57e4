//! OpenAPI 3.1: the routes of the schema for people and for generators of clients, as one JSON document whose bytes depend on nothing but
//! the schema and the version.

mod components;
pub(in crate::emit) mod errors;
mod operation;
mod reach;

use super::json_schema::{say_false, text};
use crate::model::{Access, Schema as Model, Service};
use operation::Operation;
use std::collections::BTreeMap;
use utoipa::openapi::{
    ComponentsBuilder, ContactBuilder, InfoBuilder, LicenseBuilder, OpenApiBuilder, PathsBuilder, ServerBuilder,
    security::{Http, HttpAuthScheme, HttpBuilder, SecurityScheme},
    tag::{Tag, TagBuilder},
};

const DESCRIPTION: &str = include_str!("openapi/conventions.md");

/// The document: pretty JSON that ends with a newline.
#[must_use]
pub fn openapi(model: &Model) -> String {
    let names = reach::names(model);
    let mut paths = PathsBuilder::new();
    for service in &model.services {
        for method in &service.methods {
            for (index, route) in method.routes.iter().enumerate() {
                let operation = Operation {
                    model,
                    names: &names,
                    service,
                    method,
                    route,
                    index,
                };
                paths = paths.path(&route.path, operation.path_item());
            }
        }
    }
    let license = LicenseBuilder::new()
        .name("Apache License 2.0")
        .identifier(Some("Apache-2.0"))
        .build();
    let contact = ContactBuilder::new().name(Some("The operator of the server")).build();
    let info = InfoBuilder::new()
        .title("Parlance")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION.trim_end()))
        .contact(Some(contact))
        .license(Some(license));
    let document = OpenApiBuilder::new()
        .info(info)
        .servers(Some([ServerBuilder::new()
            .url("/")
            .description(Some("The server that gave this document."))
            .build()]))
        .tags(Some(tags(model)))
        .paths(paths)
        .components(Some(components::components(model, &names, shared(model)).build()))
        .build();
    let json = document
        .to_pretty_json()
        .expect("a document that was built has no key that is not a string");
    say_false(&json) + "\n"
}

/// Names of the document's components, by full names of the messages and enums that they describe.
#[must_use]
pub fn component_names(model: &Model) -> BTreeMap<String, String> {
    let names = reach::names(model);
    let all = names.components().into_iter();
    all.map(|(component, full_name)| (full_name.to_owned(), component.to_owned()))
        .collect()
}

fn tags(model: &Model) -> Vec<Tag> {
    let reachable = model
        .services
        .iter()
        .filter(|service| service.methods.iter().any(|method| !method.routes.is_empty()));
    reachable
        .map(|service| {
            TagBuilder::new()
                .name(tag(service))
                .description(Some(text::unwrap(&service.comment)))
                .build()
        })
        .collect()
}

/// Operations are grouped by service.
fn tag(service: &Service) -> &str {
    service.name.strip_suffix("Service").unwrap_or(&service.name)
}

/// Components that belong to no message: security schemes, headers, examples of errors.
fn shared(model: &Model) -> ComponentsBuilder {
    let methods = model.services.iter().flat_map(|service| &service.methods);
    let used = |access| {
        methods
            .clone()
            .any(|method| method.access == access && !method.routes.is_empty())
    };
    let mut components = ComponentsBuilder::new();
    if used(Access::User) {
        components = components.security_scheme(
            "user",
            bearer("The access token of a user, from registering, logging in or refreshing."),
        );
    }
    if used(Access::Admin) {
        components = components.security_scheme("admin", bearer("The access token of a user who is an admin."));
    }
    errors::components(model, components)
}

fn bearer(description: &str) -> SecurityScheme {
    let http: Http = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(description))
        .build();
    SecurityScheme::Http(http)
}
