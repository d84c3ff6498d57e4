//! Where users are online: the names under which gateways and logic meet in the kv engine.

use im_schema::ids::UserId;

/// Key of a user's hash: a field for each gateway instance that holds a connection of the user. Its time to live is renewed by the gateways.
#[must_use]
pub fn key(user: UserId) -> String {
    format!("presence:{user}")
}

/// Channel on which changes of a conversation's roster are told, so that copies elsewhere are dropped; the message is the conversation's id
/// in eight bytes, big endian.
pub const ROSTER_CHANNEL: &str = "roster";

/// Name under which gateways are in the registry: who cannot ask where users are tells all of them.
pub const GATEWAYS: &str = "gateway";
