//! What a seed decides.

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::time::Duration;

/// One run.
pub(crate) struct Plan {
    /// Who sends.
    pub(crate) senders: Vec<SenderPlan>,
    /// How long each start of the server lives under load.
    pub(crate) kills: Vec<Duration>,
}

/// One sender.
#[derive(Clone)]
pub(crate) struct SenderPlan {
    /// Its place among the senders.
    pub(crate) index: usize,
    /// Decides its messages, and which of them it sends again.
    pub(crate) seed: u64,
    /// Largest number of messages in one WebSocket message.
    pub(crate) burst: usize,
    /// How many messages it leaves unanswered.
    pub(crate) window: usize,
}

impl Plan {
    /// The plan of a seed: always the same.
    pub(crate) fn of(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let count = random.random_range(3..=6);
        let sender = |index| SenderPlan {
            index,
            seed: random.random(),
            burst: random.random_range(1..=24),
            window: random.random_range(1..=192),
        };
        let senders = (0..count).map(sender).collect();
        // sometimes the start after the kill is killed too, often while it still takes up what was left
        let starts = if random.random_bool(0.4) { 2 } else { 1 };
        let kill = |start| {
            Duration::from_micros(if start == 0 {
                random.random_range(5_000..700_000)
            } else {
                random.random_range(0..250_000)
            })
        };
        Self {
            senders,
            kills: (0..starts).map(kill).collect(),
        }
    }
}
