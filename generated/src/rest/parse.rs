//! Values of path and query, parsed by type. The generated binder names the parser of each parameter.

use crate::wkt::{Duration, FieldMask, FormError, Timestamp};
use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::Bytes;
use std::{borrow::Cow, str::FromStr};

/// Why a value is not of the type that it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which rule it breaks, e.g. `type`.
    pub rule: &'static str,
    /// What is wrong.
    pub message: Cow<'static, str>,
}

/// What a parser gives.
pub type Parsed<T> = Result<T, Refusal>;

/// A parser for a field that may be absent.
pub fn some<T>(parse: impl Fn(&str) -> Parsed<T>) -> impl Fn(&str) -> Parsed<Option<T>> {
    move |text| parse(text).map(Some)
}

/// A signed 32-bit integer.
///
/// # Errors
/// If it is none.
pub fn int32(text: &str) -> Parsed<i32> {
    number(text, "type", "must be a signed 32-bit integer")
}

/// A signed 64-bit integer.
///
/// # Errors
/// If it is none.
pub fn int64(text: &str) -> Parsed<i64> {
    number(text, "type", "must be a signed 64-bit integer")
}

/// An unsigned 32-bit integer.
///
/// # Errors
/// If it is none.
pub fn uint32(text: &str) -> Parsed<u32> {
    number(text, "type", "must be an unsigned 32-bit integer")
}

/// An unsigned 64-bit integer.
///
/// # Errors
/// If it is none.
pub fn uint64(text: &str) -> Parsed<u64> {
    number(text, "type", "must be an unsigned 64-bit integer")
}

/// A number of 32 bits.
///
/// # Errors
/// If it is none.
pub fn float(text: &str) -> Parsed<f32> {
    text.parse().map_err(|_| refusal("type", "must be a number"))
}

/// A number of 64 bits.
///
/// # Errors
/// If it is none.
pub fn double(text: &str) -> Parsed<f64> {
    text.parse().map_err(|_| refusal("type", "must be a number"))
}

/// `true` or `false`.
///
/// # Errors
/// If it is neither.
pub fn boolean(text: &str) -> Parsed<bool> {
    text.parse().map_err(|_| refusal("type", "must be true or false"))
}

/// Any text.
///
/// # Errors
/// None.
pub fn string(text: &str) -> Parsed<String> {
    Ok(text.to_owned())
}

/// Bytes in base64, of either alphabet, with or without padding.
///
/// # Errors
/// If it is no base64.
pub fn bytes(text: &str) -> Parsed<Bytes> {
    let alphabet = if text.contains(['-', '_']) { URL_SAFE } else { STANDARD };
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decoded = GeneralPurpose::new(&alphabet, config).decode(text);
    decoded
        .map(Bytes::from)
        .map_err(|_| refusal("format", "must be base64"))
}

/// A value of an enum by name, or by any number: enums are open.
pub fn enumeration(by_name: impl Fn(&str) -> Option<i32>) -> impl Fn(&str) -> Parsed<i32> {
    move |text| {
        by_name(text)
            .or_else(|| int32(text).ok())
            .ok_or_else(|| refusal("enum", "must be the name or number of a value of the enum"))
    }
}

/// A time in RFC 3339.
///
/// # Errors
/// If it is none.
pub fn timestamp(text: &str) -> Parsed<Timestamp> {
    well_known(text)
}

/// A duration in seconds with the suffix `s`.
///
/// # Errors
/// If it is none.
pub fn duration(text: &str) -> Parsed<Duration> {
    well_known(text)
}

/// Paths of fields in lowerCamelCase, separated by commas.
///
/// # Errors
/// If one of them has another form.
pub fn field_mask(text: &str) -> Parsed<FieldMask> {
    well_known(text)
}

fn number<T: FromStr>(text: &str, rule: &'static str, message: &'static str) -> Parsed<T> {
    // a plus sign is valid for Rust, not for JSON
    let plain = !text.starts_with('+');
    text.parse()
        .ok()
        .filter(|_| plain)
        .ok_or_else(|| refusal(rule, message))
}

/// Well-known types read in path and query what they read in JSON.
fn well_known<T: FromStr<Err = FormError>>(text: &str) -> Parsed<T> {
    text.parse()
        .map_err(|error: FormError| refusal("format", error.message()))
}

fn refusal(rule: &'static str, message: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal {
        rule,
        message: message.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal_and_within_their_type() {
        assert_eq!(uint64("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(int32("-1"), Ok(-1));
        for wrong in ["", "+1", "-1", "1.0", "1e3", "0x1", " 1", "18446744073709551616"] {
            assert_eq!(uint64(wrong).map_err(|refusal| refusal.rule), Err("type"), "{wrong}");
        }
    }

    #[test]
    fn base64_is_read_in_both_alphabets() {
        for text in ["+/8=", "+/8", "-_8=", "-_8"] {
            assert_eq!(bytes(text).as_deref(), Ok(&[0xfb, 0xff][..]), "{text}");
        }
        assert!(bytes("*").is_err());
    }

    #[test]
    fn enums_are_open() {
        let parse = enumeration(|name| (name == "RED").then_some(1));
        assert_eq!(parse("RED"), Ok(1));
        assert_eq!(parse("7"), Ok(7));
        assert_eq!(parse("red").map_err(|refusal| refusal.rule), Err("enum"));
    }

    #[test]
    fn well_known_types_have_the_form_of_json() {
        assert_eq!(
            timestamp("2026-11-24T18:00:00Z").map(|time| time.millis()),
            Ok(1_795_543_200_000)
        );
        assert_eq!(
            field_mask("displayName,about").map(|mask| mask.paths),
            Ok(vec!["display_name".to_owned(), "about".to_owned()])
        );
        assert_eq!(timestamp("yesterday").map_err(|refusal| refusal.rule), Err("format"));
    }
}
