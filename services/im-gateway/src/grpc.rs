//! gRPC on the same port: the public services, health and reflection.

use crate::{error::BuildError, service::Services};
use axum::{Router, http::HeaderValue, middleware::map_response, response::Response};
use im_infra::readiness::{GrpcHealth, Readiness};
use im_schema::{DESCRIPTOR_SET, failure::Failure, parlance::Reason, rpc::Access, services};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tonic::service::Routes;

/// Files of this folder describe what services tell each other; they are nobody else's business.
const INTERNAL: &str = "parlance/internal/";

/// All gRPC services. A message of more than `max_body` bytes is refused before it is decoded.
///
/// # Errors
/// If the schema's description is not one.
pub(crate) fn routes(services: &Services, readiness: &Readiness, max_body: usize) -> Result<Router, BuildError> {
    let reflection = |cause: Box<dyn std::error::Error + Send + Sync>| BuildError::Reflection(cause);
    let files = public_files().map_err(|error| reflection(error.into()))?;
    let describe = || {
        let described = tonic_reflection::server::Builder::configure().register_file_descriptor_set(files.clone());
        public_services()
            .into_iter()
            .fold(described, tonic_reflection::server::Builder::with_service_name)
    };
    let v1 = describe().build_v1().map_err(|error| reflection(error.into()))?;
    let v1alpha = describe().build_v1alpha().map_err(|error| reflection(error.into()))?;
    let routes = Routes::new(services::auth_service::grpc(services.auth.clone()).max_decoding_message_size(max_body))
        .add_service(services::user_service::grpc(services.user.clone()).max_decoding_message_size(max_body))
        .add_service(
            services::conversation_service::grpc(services.conversation.clone()).max_decoding_message_size(max_body),
        )
        .add_service(services::message_service::grpc(services.message.clone()).max_decoding_message_size(max_body))
        .add_service(GrpcHealth::server(readiness, public_services()))
        .add_service(v1)
        .add_service(v1alpha);
    Ok(routes.into_axum_router().layer(map_response(too_large)))
}

/// tonic calls a message beyond its limit out of range, which nothing else here is.
async fn too_large(response: Response) -> Response {
    let out_of_range = HeaderValue::from(tonic::Code::OutOfRange as i32);
    if response.headers().get("grpc-status") != Some(&out_of_range) {
        return response;
    }
    Failure::new(Reason::TooLarge, "the message is larger than the limit")
        .to_status()
        .into_http()
}

/// The schema without what is internal.
fn public_files() -> Result<FileDescriptorSet, prost::DecodeError> {
    let mut files = FileDescriptorSet::decode(DESCRIPTOR_SET)?;
    files.file.retain(|file| !file.name().starts_with(INTERNAL));
    Ok(files)
}

fn public_services() -> Vec<&'static str> {
    let mut names: Vec<_> = services::METHODS
        .iter()
        .filter(|method| method.access != Access::Internal)
        .map(|method| method.service)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}
