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
use std::sync::Arc;

/// A fresh id.
///
/// # Errors
/// `UNAVAILABLE` while this process may make none: another one can.
fn fresh(ids: &Snowflake) -> Result<u64, Failure> {
    ids.next().map_err(|error: IdError| {
        Failure::new(Reason::Unavailable, "").caused_by(Arc::new(error) as Arc<dyn std::error::Error + Send + Sync>)
    })
}

fn time(ms: u64) -> Option<Timestamp> {
    Some(Timestamp::from_millis(ms))
}
