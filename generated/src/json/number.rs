//! Integers: a number or a string, with fraction and exponent if the value is whole all the same.

use super::fault::refuse;
use serde::de::{Deserializer, Error, Visitor};
use std::{fmt, marker::PhantomData};

/// The integer types of protobuf.
pub trait Integer: Copy + itoa::Integer + TryFrom<i128> {
    /// What a reader is told to expect.
    const EXPECTED: &'static str;
    /// Whether it is 0.
    fn is_zero(self) -> bool;
}

macro_rules! integers {
    ($($type:ty: $expected:literal),*) => {$(
        impl Integer for $type {
            const EXPECTED: &'static str = $expected;
            fn is_zero(self) -> bool {
                self == 0
            }
        }
    )*};
}
integers!(i32: "a 32-bit integer", u32: "an unsigned 32-bit integer", i64: "a 64-bit integer", u64: "an unsigned 64-bit integer");

/// Beyond this, a number with a fraction or an exponent may have lost digits while it was read.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

pub(super) fn read_integer<'de, T: Integer, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(IntegerVisitor(PhantomData))
}

struct IntegerVisitor<T>(PhantomData<T>);

impl<T: Integer> IntegerVisitor<T> {
    #[inline]
    fn fit<E: Error>(value: i128) -> Result<T, E> {
        T::try_from(value).map_err(|_| refuse("range", format!("must be {}", T::EXPECTED)))
    }
}

impl<T: Integer> Visitor<'_> for IntegerVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        Self::fit(i128::from(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        Self::fit(i128::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<T, E> {
        if value.fract() != 0.0 {
            return Err(refuse("type", format!("must be {}, is a fraction", T::EXPECTED)));
        }
        if value.abs() > LARGEST_EXACT {
            return Err(refuse(
                "range",
                format!("must be {}; write large ones as strings", T::EXPECTED),
            ));
        }
        Self::fit(value as i128)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let value = parse_decimal(text).ok_or_else(|| refuse("type", format!("must be {}", T::EXPECTED)))?;
        Self::fit(value)
    }
}

/// The integer that `text` is, as in a JSON string: `12`, `-3`, `1e3`, `1.0`. `None` if it is none, or out of the type's range.
#[must_use]
pub fn parse_integer<T: Integer>(text: &str) -> Option<T> {
    T::try_from(parse_decimal(text)?).ok()
}

/// A whole number in JSON's notation. `None` if it is not one, or so large that no integer type holds it.
fn parse_decimal(text: &str) -> Option<i128> {
    let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, digits(fraction)?),
        None => (mantissa, ""),
    };
    let whole = digits(whole)?;
    if whole.len() > 1 && whole.starts_with('0') {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let mut value: i128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    }
    let mut shift = exponent - i32::try_from(fraction.len()).ok()?;
    while value != 0 && shift > 0 {
        value = value.checked_mul(10)?;
        shift -= 1;
    }
    while value != 0 && shift < 0 {
        if value % 10 != 0 {
            return None;
        }
        value /= 10;
        shift += 1;
    }
    Some(if negative { -value } else { value })
}

fn parse_exponent(text: &str) -> Option<i32> {
    let (negative, text) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let exponent: i32 = digits(text)?.parse().ok()?;
    Some(if negative { -exponent } else { exponent })
}

/// `text`, if it is made of at least one digit and nothing else.
fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}
