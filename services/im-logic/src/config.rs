//! What can be set.

use im_infra::config::{duration, size};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How logic behaves. Every value has a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long an access token is good for, in whole seconds.
    #[serde(with = "duration")]
    pub access_token_lifetime: Duration,
    /// How long a refresh token is good for; each use begins this time anew.
    #[serde(with = "duration")]
    pub refresh_token_lifetime: Duration,
    /// Groups with more members are handed to im-task.
    pub large_group_threshold: u32,
    /// A group has at most so many members.
    pub max_group_members: u32,
    /// How long `SendMessage` waits for the message to be stored before it answers that it is accepted.
    #[serde(with = "duration")]
    pub send_wait: Duration,
    /// About how much of a partition of the upstream topic is handled at once.
    #[serde(with = "size")]
    pub batch_bytes: usize,
    /// How many members, over all conversations, are kept in memory to decide who may send and who receives.
    pub cached_members: u64,
    /// Whether members of small conversations who are nowhere online are listed in the topic `parlance.offline`, for who reaches them another way.
    pub list_offline: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            access_token_lifetime: Duration::from_secs(15 * 60),
            refresh_token_lifetime: Duration::from_secs(30 * 24 * 60 * 60),
            large_group_threshold: 500,
            max_group_members: 100_000,
            send_wait: Duration::from_secs(2),
            batch_bytes: 256 * 1024,
            cached_members: 4_000_000,
            list_offline: false,
        }
    }
}
