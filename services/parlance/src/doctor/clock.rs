//! Whether an engine's clock agrees with this machine's.

use super::report::Finding;

/// Answers take that long, and clocks of machines that are looked after are off by less.
const UNREMARKABLE_MS: u64 = 1_000;
/// Lives of keys, leases and tokens are about this long at the least.
const HARMLESS_MS: u64 = 10_000;
const MEND: &str = "have both machines set their clocks by the same time servers (NTP): lives of tokens, keys and presence are reckoned by them";

/// An engine whose clock is ahead by so many milliseconds.
pub(super) fn compare(engine: &str, ahead_ms: i64) -> Finding {
    let subject = format!("clock of {engine}");
    let found = match ahead_ms {
        0.. => format!("{ahead_ms} ms ahead of this machine's"),
        _ => format!("{} ms behind this machine's", ahead_ms.unsigned_abs()),
    };
    let off_ms = ahead_ms.unsigned_abs();
    if off_ms <= UNREMARKABLE_MS {
        Finding::good(subject, found)
    } else if off_ms <= HARMLESS_MS {
        Finding::doubtful(subject, found, MEND)
    } else {
        Finding::bad(subject, found, MEND)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::report::Verdict, compare};

    #[test]
    fn clocks_may_differ_by_a_second_and_must_not_by_more_than_ten() {
        let verdict = |ahead_ms| compare("it", ahead_ms).verdict;
        assert!(
            [0, 1_000, -1_000]
                .map(verdict)
                .iter()
                .all(|verdict| *verdict == Verdict::Good)
        );
        assert!(
            [1_001, -10_000]
                .map(verdict)
                .iter()
                .all(|verdict| *verdict == Verdict::Doubtful)
        );
        assert!(
            [10_001, i64::MIN]
                .map(verdict)
                .iter()
                .all(|verdict| *verdict == Verdict::Bad)
        );
        assert_eq!(compare("it", -1_500).found, "1500 ms behind this machine's");
    }
}
