//! REST: the routes of the schema as axum routers. What varies from route to route is generated; how a request is read and an answer is
//! written stands here.
//!
//! A request is refused as a whole, with every violation that can be made out at once: what the path, the query and the body say is bound
//! by type, a parameter or field that the schema does not know is named, and nothing that a client sends is dropped in silence. Every answer
//! that is not 200 is a [`crate::v1::Problem`].

mod answer;
pub mod bind;
mod incoming;
mod mask;
pub mod parse;
mod query;

pub use answer::answer;
pub use incoming::Incoming;

use crate::{failure::Failure, parlance::Reason, rpc};
use axum::{Router, http::Uri};

/// A way to a method over HTTP.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The verb, in capitals.
    pub verb: &'static str,
    /// The path, with parameters in braces, e.g. `/v1/users/{user_id}`.
    pub path: &'static str,
    /// The method that it leads to.
    pub method: &'static rpc::Method,
}

include!(concat!(env!("OUT_DIR"), "/rest.rs"));

/// Adds [`fallback`] and [`method_not_allowed`] to a router that has all its routes. It comes after merging: two routers that both have
/// their own answers to unknown verbs cannot be merged.
pub fn with_fallbacks<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router
        .fallback(fallback)
        .method_not_allowed_fallback(method_not_allowed)
}

/// The answer where no route is: 404, `NO_SUCH_ROUTE`.
pub async fn fallback(uri: Uri) -> Failure {
    Failure::new(Reason::NoSuchRoute, format!("there is no route {}", uri.path()))
}

/// The answer where a route is, but not with this verb: 405, `METHOD_NOT_ALLOWED`; axum adds the header `Allow`.
pub async fn method_not_allowed(verb: axum::http::Method, uri: Uri) -> Failure {
    Failure::new(Reason::MethodNotAllowed, format!("{} does not know {verb}", uri.path()))
}
