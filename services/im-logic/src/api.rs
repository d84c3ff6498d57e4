//! The services that clients call. Each command loads, decides, persists and tells.

mod auth;
mod conversation;
mod message;
mod user;

pub(crate) use auth::{Auth, Sessions};
pub(crate) use conversation::Conversations;
pub(crate) use message::Messages;
pub(crate) use user::Users;

use im_infra::ids::{IdError, Snowflake};
use im_schema::{failure::Failure, parlance::Reason, wkt::Timestamp};
use std::{future::Future, sync::Arc};
use tracing::Instrument as _;

/// A fresh id.
///
/// # Errors
/// `UNAVAILABLE` while this process may make none: another one can.
fn fresh(ids: &Snowflake) -> Result<u64, Failure> {
    ids.next().map_err(|error: IdError| {
        Failure::new(Reason::Unavailable, "").caused_by(Arc::new(error) as Arc<dyn std::error::Error + Send + Sync>)
    })
}

/// Does what must not stop halfway, like committing and telling of it: it goes on although the caller is gone or its time is up.
///
/// # Errors
/// Those of the work; `INTERNAL` if it panics.
async fn whole<T: Send + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::spawn(work.in_current_span()).await {
        Ok(result) => result,
        Err(error) => {
            Err(Failure::new(Reason::Internal, "")
                .caused_by(Arc::new(error) as Arc<dyn std::error::Error + Send + Sync>))
        }
    }
}

fn time(ms: u64) -> Option<Timestamp> {
    Some(Timestamp::from_millis(ms))
}
