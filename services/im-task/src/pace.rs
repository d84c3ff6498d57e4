//! How fast one batch follows another.
//!
//! A delivery costs a gateway and a client far more when it goes out alone than when it shares a frame and a write with others. A group that is
//! busy would be served message by message if this process were quick enough for it; so from one batch to the next it lets pass a time in
//! proportion to the members online (10 µs each, by default: about what a delivery costs), and what comes meanwhile goes out together. A message after a quiet time
//! does not wait at all: the pause is before a batch, and only for what is left of it.

use crate::config::Config;
use parking_lot::Mutex;
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;

/// When each partition may go on.
pub(crate) struct Pace {
    per_thousand: Duration,
    longest: Duration,
    next: Mutex<HashMap<u32, Instant>>,
}

impl Pace {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            per_thousand: config.pace_per_thousand,
            longest: config.longest_pace,
            next: Mutex::default(),
        }
    }

    /// Waits until the pause of the batch before is over.
    pub(crate) async fn wait(&self, partition: u32) {
        let next = self.next.lock().get(&partition).copied();
        if let Some(next) = next {
            tokio::time::sleep_until(next).await;
        }
    }

    /// A batch that began at `began` was for so many members online.
    pub(crate) fn set(&self, partition: u32, began: Instant, online: usize) {
        let pause = self.per_thousand.mul_f64(online as f64 / 1_000.0).min(self.longest);
        self.next.lock().insert(partition, began + pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn waited(pace: &Pace, partition: u32) -> Duration {
        let started = Instant::now();
        pace.wait(partition).await;
        started.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn the_pause_grows_with_the_members_online_up_to_a_limit() {
        let pace = Pace::new(&Config::default());
        assert_eq!(waited(&pace, 0).await, Duration::ZERO);
        pace.set(0, Instant::now(), 1_000);
        assert_eq!(waited(&pace, 1).await, Duration::ZERO, "each partition has its own");
        assert_eq!(waited(&pace, 0).await, Duration::from_millis(10));
        pace.set(0, Instant::now(), 1_000_000);
        assert_eq!(waited(&pace, 0).await, Duration::from_millis(250));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_quiet_time_nobody_waits() {
        let pace = Pace::new(&Config::default());
        pace.set(0, Instant::now(), 1_000);
        tokio::time::advance(Duration::from_millis(10)).await;
        assert_eq!(waited(&pace, 0).await, Duration::ZERO);
    }
}
