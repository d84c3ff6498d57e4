//! How answers are written.

use crate::{failure::Failure, json, parlance::Reason};
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// Headers of every answer: JSON that is nothing else, and that nobody keeps.
const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// 200 with the response in ProtoJSON, or the failure's [`crate::v1::Problem`] with the status of the catalogue.
pub fn answer<T: Serialize>(result: Result<T, Failure>) -> Response {
    match result {
        Ok(response) => (HEADERS, json::to_vec(&response)).into_response(),
        Err(failure) => failure.into_response(),
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let spec = self.spec();
        let status = StatusCode::from_u16(spec.http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, HEADERS, json::to_vec(&self.problem())).into_response();
        let headers = response.headers_mut();
        if let Some(wait) = self.wait() {
            // whole seconds, rounded up: who comes back a moment early is refused again
            headers.insert(
                header::RETRY_AFTER,
                HeaderValue::from(wait.as_millis().div_ceil(1000) as u64),
            );
        }
        if status == StatusCode::UNAUTHORIZED {
            let challenge = if self.reason() == Reason::TokenExpired {
                r#"Bearer error="invalid_token""#
            } else {
                "Bearer"
            };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}
