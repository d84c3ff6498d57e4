//! The header `grpc-timeout`: at most 8 digits and a unit.

use std::time::Duration;

/// How long the caller waits; none if the header is not there or says nothing sensible.
pub(super) fn parse(header: Option<&str>) -> Option<Duration> {
    let text = header?;
    let unit = text.chars().next_back()?;
    let digits = text.strip_suffix(unit)?;
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    Some(match unit {
        'H' => Duration::from_secs(number * 3600),
        'M' => Duration::from_secs(number * 60),
        'S' => Duration::from_secs(number),
        'm' => Duration::from_millis(number),
        'u' => Duration::from_micros(number),
        'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_understood_and_nonsense_is_ignored() {
        let parsed = |text: &str| parse(Some(text));
        assert_eq!(parsed("2H"), Some(Duration::from_secs(7200)));
        assert_eq!(parsed("250m"), Some(Duration::from_millis(250)));
        assert_eq!(parsed("99999999n"), Some(Duration::from_nanos(99_999_999)));
        for nonsense in ["", "m", "5", "5x", "-5S", "100000000S", "1.5S"] {
            assert_eq!(parsed(nonsense), None, "{nonsense}");
        }
        assert_eq!(parse(None), None);
    }
}
