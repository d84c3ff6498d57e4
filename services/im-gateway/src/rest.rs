//! The REST routes of the schema.

use crate::service::Services;
use axum::Router;
use im_schema::rest;

/// All routes, without an answer for what is none.
pub(crate) fn routes(services: &Services) -> Router {
    Router::new()
        .merge(rest::auth_service(services.auth.clone()))
        .merge(rest::user_service(services.user.clone()))
        .merge(rest::conversation_service(services.conversation.clone()))
        .merge(rest::message_service(services.message.clone()))
}
