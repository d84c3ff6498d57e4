//! The pages for developers and the documents that they show: REST, events, and the reference with samples. Everything is in the program;
//! nothing is fetched from elsewhere.

mod events;
mod reference;
mod shell;

use axum::{
    Router,
    extract::Request,
    http::header,
    middleware::{Next, from_fn},
    response::{Html, IntoResponse as _, Redirect},
    routing::get,
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
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

/// Whether there are pages for developers; clones are the same.
#[derive(Clone)]
pub struct Pages(Arc<AtomicBool>);

impl Pages {
    pub(crate) fn new(shown: bool) -> Self {
        Self(Arc::new(AtomicBool::new(shown)))
    }

    /// Shows them from now on, or answers as where nothing is.
    pub fn set(&self, shown: bool) {
        self.0.store(shown, Relaxed);
    }
}

/// `/docs`, `/docs/events`, `/docs/reference/…`, and the two documents.
pub(crate) fn routes(pages: Pages) -> Router {
    let shown = move |request: Request, next: Next| {
        let shown = pages.0.load(Relaxed);
        async move {
            if shown {
                next.run(request).await
            } else {
                im_schema::rest::fallback(request.uri().clone()).await.into_response()
            }
        }
    };
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
        .route_layer(from_fn(shown))
}
