//! When each message is meant to be sent: the heart of an open-loop load. Latency counts from here, however late the client or the server is.

use std::time::{Duration, Instant};

/// The intended times of one sender's messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    start: Instant,
    interval: Duration,
    count: u64,
}

impl Plan {
    /// One of `lanes` senders that share `rate` messages a second for `span`; they take turns within an interval.
    pub(crate) fn new(begin: Instant, rate: f64, lane: usize, lanes: usize, span: Duration) -> Self {
        let interval = Duration::from_secs_f64(lanes as f64 / rate);
        let start = begin + interval.mul_f64(lane as f64 / lanes as f64);
        let count = (span.as_secs_f64() / interval.as_secs_f64()).floor().max(1.0) as u64;
        Self { start, interval, count }
    }

    /// How many messages there are in all.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// When message `number` is meant to be sent.
    pub(crate) fn at(&self, number: u64) -> Instant {
        self.start
            + Duration::from_nanos(
                u64::try_from(self.interval.as_nanos())
                    .unwrap_or(u64::MAX)
                    .saturating_mul(number),
            )
    }

    /// How many messages should have been sent by `now`.
    pub(crate) fn due(&self, now: Instant) -> u64 {
        let Some(elapsed) = now.checked_duration_since(self.start) else {
            return 0;
        };
        let passed = elapsed.as_nanos() / self.interval.as_nanos().max(1);
        u64::try_from(passed + 1).unwrap_or(u64::MAX).min(self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_due_at_its_time_and_not_before() {
        let begin = Instant::now();
        let plan = Plan::new(begin, 1000.0, 1, 2, Duration::from_secs(1));
        assert_eq!(plan.count(), 500);
        assert_eq!(plan.due(begin), 0);
        assert_eq!(plan.due(plan.at(0)), 1);
        assert_eq!(plan.due(plan.at(7) - Duration::from_nanos(1)), 7);
        assert_eq!(plan.due(plan.at(7)), 8);
        assert_eq!(plan.due(begin + Duration::from_secs(100)), 500);
    }
}
