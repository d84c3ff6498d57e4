//! Why logic does not start.

use im_infra::registry::RegistryError;
use im_schema::failure::Failure;

/// Why logic cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The topics are not there and cannot be made.
    #[error("create the topics")]
    Topics(#[source] Failure),
    /// It is not known which access tokens are good no longer.
    #[error("recall the ended sessions")]
    Sessions(#[source] Failure),
    /// The gateways cannot be watched.
    #[error("watch the gateways")]
    Registry(#[source] RegistryError),
}
