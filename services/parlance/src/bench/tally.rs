//! What was sent, accepted, stored and delivered, and how long it took.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::time::Duration;

/// Counts and latencies of one run.
pub(crate) struct Tally {
    pub(crate) sent: u64,
    pub(crate) accepted: u64,
    pub(crate) stored: u64,
    pub(crate) delivered: u64,
    pub(crate) duplicated: u64,
    pub(crate) out_of_order: u64,
    pub(crate) refused: u64,
    accept: Histogram<u64>,
    delivery: Histogram<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        // microseconds up to five minutes with three significant digits
        let histogram = || Histogram::new_with_bounds(1, 300_000_000, 3).expect("the bounds are valid");
        Self {
            sent: 0,
            accepted: 0,
            stored: 0,
            delivered: 0,
            duplicated: 0,
            out_of_order: 0,
            refused: 0,
            accept: histogram(),
            delivery: histogram(),
        }
    }
}

impl Tally {
    /// Time from the intended send to the acknowledgement.
    pub(crate) fn accepted_after(&mut self, latency: Duration) {
        self.accepted += 1;
        self.accept.saturating_record(micros(latency));
    }

    /// Time from the intended send to the delivery.
    pub(crate) fn delivered_after(&mut self, latency: Duration) {
        self.delivered += 1;
        self.delivery.saturating_record(micros(latency));
    }

    /// Percentiles of the time to the acknowledgement.
    pub(crate) fn accept_ms(&self) -> Percentiles {
        Percentiles::of(&self.accept)
    }

    /// Percentiles of the time to the delivery.
    pub(crate) fn delivery_ms(&self) -> Percentiles {
        Percentiles::of(&self.delivery)
    }
}

fn micros(latency: Duration) -> u64 {
    u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).max(1)
}

/// Percentiles in milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Percentiles {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
}

impl Percentiles {
    /// Of a histogram of microseconds; zeros for an empty one.
    pub(crate) fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1e3;
        Self {
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            max: histogram.max() as f64 / 1e3,
        }
    }
}

/// Which numbers of one sender a receiver has seen.
#[derive(Default)]
pub(crate) struct Seen {
    next: u64,
    missing: std::collections::BTreeSet<u64>,
}

/// What a number is to a receiver.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    InOrder,
    OutOfOrder,
    Duplicate,
}

impl Seen {
    /// Notes a number.
    pub(crate) fn note(&mut self, number: u64) -> Arrival {
        if number >= self.next {
            // what was skipped may come late (out of order) or never (lost)
            self.missing.extend(self.next..number);
            self.next = number + 1;
            Arrival::InOrder
        } else if self.missing.remove(&number) {
            Arrival::OutOfOrder
        } else {
            Arrival::Duplicate
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_and_repeated_numbers_are_told_apart() {
        let mut seen = Seen::default();
        assert_eq!(seen.note(0), Arrival::InOrder);
        assert_eq!(seen.note(2), Arrival::InOrder);
        assert_eq!(seen.note(1), Arrival::OutOfOrder);
        assert_eq!(seen.note(1), Arrival::Duplicate);
        assert_eq!(seen.note(2), Arrival::Duplicate);
        assert_eq!(seen.note(3), Arrival::InOrder);
    }

    #[test]
    fn percentiles_are_in_milliseconds() {
        let mut tally = Tally::default();
        (1..=100).for_each(|ms| tally.delivered_after(Duration::from_millis(ms)));
        let found = tally.delivery_ms();
        assert!(
            (found.p50 - 50.0).abs() < 0.5 && (found.max - 100.0).abs() < 0.5,
            "{found:?}"
        );
    }
}
