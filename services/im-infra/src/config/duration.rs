//! Spans of time as people write them: `"250ms"`, `"30s"`, `"1h30m"`. Use as `#[serde(with = "im_infra::config::duration")]`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::time::Duration;

/// Largest first: a span is written in the fewest units.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// The span that the text names: whole numbers with the units `d`, `h`, `m`, `s`, `ms`, one after another; `0` needs no unit.
///
/// # Errors
/// A sentence that says what is expected.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no span of time: write it like \"250ms\", \"30s\", \"15m\" or \"1h30m\"");
    if text.trim() == "0" {
        return Ok(Duration::ZERO);
    }
    let (mut rest, mut total) = (text.trim(), 0_u64);
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(wrong)?;
        let number: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        let unit = &rest[digits..];
        let unit = &unit[..unit.find(|letter: char| letter.is_ascii_digit()).unwrap_or(unit.len())];
        let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit.trim()).ok_or_else(wrong)?;
        total = number
            .checked_mul(*millis)
            .and_then(|span| total.checked_add(span))
            .ok_or_else(wrong)?;
        rest = &rest[digits + unit.len()..];
    }
    Ok(Duration::from_millis(total))
}

/// The text that [`parse`] reads as this span; what is less than a millisecond is cut off.
#[must_use]
pub fn format(span: Duration) -> String {
    let mut rest = span.as_millis() as u64;
    if rest == 0 {
        return "0s".into();
    }
    let mut text = String::new();
    for (unit, millis) in UNITS {
        if rest >= millis {
            text += &format!("{}{unit}", rest / millis);
            rest %= millis;
        }
    }
    text
}

/// Reads the text of a span.
///
/// # Errors
/// The deserializer's, if it is no text or [`parse`] refuses it.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// Writes the span as text.
///
/// # Errors
/// The serializer's.
pub fn serialize<S: Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    format(*span).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn people_write_spans_so() {
        for (text, millis) in [
            ("250ms", 250),
            ("30s", 30_000),
            ("15m", 900_000),
            ("1h30m", 5_400_000),
            ("2d", 172_800_000),
            ("0", 0),
            ("1m 5s", 65_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in [
            "",
            "30",
            "s",
            "-1s",
            "1.5s",
            "1w",
            "5 minutes",
            "99999999999999999999s",
            "213503982335d",
        ] {
            assert!(parse(text).unwrap_err().contains("span of time"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(millis in 0..u64::MAX / 2) {
            let span = Duration::from_millis(millis);
            prop_assert_eq!(parse(&format(span)), Ok(span));
        }
    }
}
