//! Numbers of bytes as people write them: `"512B"`, `"8KiB"`, `"64MiB"`. Use as `#[serde(with = "im_infra::config::size")]` on a
//! `u64` or `usize`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// Largest first: a size is written in the largest unit that leaves no rest.
const BINARY: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];
const DECIMAL: [(&str, u64); 3] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];

/// The number of bytes that the text names: a whole number with one of the units `B`, `KiB`, `MiB`, `GiB`, `kB`, `MB`, `GB`; `0` needs no
/// unit.
///
/// # Errors
/// A sentence that says what is expected.
pub fn parse(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no size: write it like \"512B\", \"8KiB\" or \"64MiB\"");
    let text = text.trim();
    if text == "0" {
        return Ok(0);
    }
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(wrong)?;
    let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
    let unit = text[digits..].trim();
    let (_, bytes) = BINARY
        .iter()
        .chain(&DECIMAL)
        .find(|(name, _)| *name == unit)
        .ok_or_else(wrong)?;
    number.checked_mul(*bytes).ok_or_else(wrong)
}

/// The text that [`parse`] reads as this size.
#[must_use]
pub fn format(bytes: u64) -> String {
    let fits = |(_, unit): &&(&str, u64)| bytes >= *unit && bytes.is_multiple_of(*unit);
    BINARY
        .iter()
        .find(fits)
        .map_or_else(|| "0B".into(), |(name, unit)| format!("{}{name}", bytes / unit))
}

/// Reads the text of a size.
///
/// # Errors
/// The deserializer's, if it is no text, [`parse`] refuses it, or the number is beyond the field's type.
pub fn deserialize<'de, T: TryFrom<u64>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = parse(&text).map_err(D::Error::custom)?;
    T::try_from(bytes).map_err(|_| D::Error::custom(format!("`{text}` is too large")))
}

/// Writes the size as text.
///
/// # Errors
/// The serializer's, or if the number is no `u64`.
pub fn serialize<T: TryInto<u64> + Copy, S: Serializer>(bytes: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let bytes = (*bytes)
        .try_into()
        .map_err(|_| serde::ser::Error::custom("not a number of bytes"))?;
    format(bytes).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn people_write_sizes_so() {
        for (text, bytes) in [
            ("512B", 512),
            ("8KiB", 8_192),
            ("64 MiB", 64 << 20),
            ("2GiB", 2 << 30),
            ("10kB", 10_000),
            ("1MB", 1_000_000),
            ("0", 0),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for text in ["", "8", "KiB", "-1B", "1.5MiB", "1TiB", "8kib", "99999999999GiB"] {
            assert!(parse(text).unwrap_err().contains("no size"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bytes: u64) {
            prop_assert_eq!(parse(&format(bytes)), Ok(bytes));
        }
    }
}
