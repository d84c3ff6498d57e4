//! What can be set.

use im_infra::config::{duration, size};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How tasks behave. Every value has a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// About how much of a partition of a task's topic is handled at once.
    #[serde(with = "size")]
    pub batch_bytes: usize,
    /// How many ids of members, over all large groups, are kept in memory. A group with more than a quarter of it is read anew each time.
    pub cached_members: u64,
    /// For every 1,000 members online, how long at least from one batch of a group to the next: what comes meanwhile goes out together. Zero for no pause.
    #[serde(with = "duration")]
    pub pace_per_thousand: Duration,
    /// The longest such pause.
    #[serde(with = "duration")]
    pub longest_pace: Duration,
    /// Whether members of large groups who are nowhere online are listed in the topic `parlance.offline`, for who reaches them another way.
    pub list_offline: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            batch_bytes: 256 * 1024,
            cached_members: 4_000_000,
            pace_per_thousand: Duration::from_millis(10),
            longest_pace: Duration::from_millis(250),
            list_offline: false,
        }
    }
}
