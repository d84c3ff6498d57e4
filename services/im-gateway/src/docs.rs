//! The pages for developers and the documents that they show: REST, events, and the reference with samples. Everything is in the program;
//! nothing is fetched from elsewhere.

mod events;
mod reference;
mod shell;

use axum::{
    Router,
    http::header,
    response::{Html, Redirect},
    routing::get,
};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The checked-in description of the REST API.
const OPENAPI: &str = include_str!("../../../openapi/openapi.json");
const OPENAPI_PATH: &str = "/openapi.json";
/// The checked-in description of frames and topics.
const ASYNCAPI: &str = include_str!("../../../openapi/asyncapi.json");
const ASYNCAPI_PATH: &str = "/asyncapi.json";
/// Where the pages are.
const API_PAGE: &str = "/docs";
const EVENTS_PAGE: &str = "/docs/events";
const REFERENCE_PAGE: &str = "/docs/reference/README.md";

/// `/docs`, `/docs/events`, `/docs/reference/…`, and the two documents.
pub(crate) fn routes() -> Router {
    let document = |text: &'static str| async move { ([(header::CONTENT_TYPE, "application/json")], text) };
    let page = SwaggerUi::new(API_PAGE).config(
        Config::new([OPENAPI_PATH])
            .try_it_out_enabled(true)
            .persist_authorization(true),
    );
    Router::from(page)
        .route(OPENAPI_PATH, get(move || document(OPENAPI)))
        .route(ASYNCAPI_PATH, get(move || document(ASYNCAPI)))
        .route(EVENTS_PAGE, get(async || Html(events::page())))
        .route("/docs/reference", get(async || Redirect::permanent(REFERENCE_PAGE)))
        .route("/docs/reference/", get(async || Redirect::permanent(REFERENCE_PAGE)))
        .route("/docs/reference/{*path}", get(reference::page))
}
