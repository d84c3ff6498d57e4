//! The API page and the document that it shows.

use axum::{Router, http::header, routing::get};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The checked-in description of the REST API.
const OPENAPI: &str = include_str!("../../../openapi/openapi.json");
const DOCUMENT: &str = "/openapi.json";

/// `/docs` and `/openapi.json`.
pub(crate) fn routes() -> Router {
    let document = || async { ([(header::CONTENT_TYPE, "application/json")], OPENAPI) };
    let page = SwaggerUi::new("/docs").config(
        Config::new([DOCUMENT])
            .try_it_out_enabled(true)
            .persist_authorization(true),
    );
    Router::from(page).route(DOCUMENT, get(document))
}
