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

/// From here on, a number with a fraction or an exponent may have lost digits while it was read.
const FIRST_INEXACT: f64 = 9_007_199_254_740_992.0;

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
        if value.abs() >= FIRST_INEXACT {
            return Err(refuse(
                "range",
                format!("must be {}; write large ones as strings", T::EXPECTED),
            ));
        }
        Self::fit(value as i128)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        match parse_decimal(text) {
            Ok(value) => Self::fit(value),
            Err(Flaw::TooLarge) => Err(refuse("range", format!("must be {}", T::EXPECTED))),
            Err(Flaw::NotWhole) => Err(refuse("type", format!("must be {}", T::EXPECTED))),
        }
    }
}

/// The integer that `text` is, as in a JSON string: `12`, `-3`, `1e3`, `1.0`. `None` if it is none, or out of the type's range.
#[must_use]
pub fn parse_integer<T: Integer>(text: &str) -> Option<T> {
    T::try_from(parse_decimal(text).ok()?).ok()
}

/// Why a text is no integer of any type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    /// It is not a whole number in JSON's notation.
    NotWhole,
    /// No integer type holds it.
    TooLarge,
}

/// A number in JSON's notation, taken apart.
struct Decimal<'a> {
    negative: bool,
    whole: &'a str,
    /// Without zeros at its end.
    fraction: &'a str,
    /// Its digits; the sign is below.
    exponent: &'a str,
    /// Whether the exponent is negative.
    small: bool,
}

/// Takes a text apart; `None` if it is not a number in JSON's notation.
fn decimal(text: &str) -> Option<Decimal<'_>> {
    let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent),
        None => (unsigned, "0"),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (digits(whole)?, digits(fraction)?),
        None => (digits(mantissa)?, ""),
    };
    if whole.len() > 1 && whole.starts_with('0') {
        return None;
    }
    let (small, exponent) = match exponent.as_bytes().first()? {
        b'-' => (true, &exponent[1..]),
        b'+' => (false, &exponent[1..]),
        _ => (false, exponent),
    };
    Some(Decimal {
        negative,
        whole,
        fraction: fraction.trim_end_matches('0'),
        exponent: digits(exponent)?,
        small,
    })
}

/// Whether `text` is a number in JSON's notation, and nothing besides.
pub(super) fn is_number(text: &str) -> bool {
    decimal(text).is_some()
}

fn parse_decimal(text: &str) -> Result<i128, Flaw> {
    let number = decimal(text).ok_or(Flaw::NotWhole)?;
    let significant = || number.whole.bytes().chain(number.fraction.bytes());
    if significant().all(|digit| digit == b'0') {
        return Ok(0);
    }
    let exponent = match number.exponent.trim_start_matches('0') {
        "" => 0,
        digits => digits.parse().unwrap_or(BEYOND),
    };
    let shift = if number.small { -exponent } else { exponent } - number.fraction.len() as i64;
    let dropped = usize::try_from(-shift).unwrap_or(0);
    let kept = (number.whole.len() + number.fraction.len()).saturating_sub(dropped);
    if significant().skip(kept).any(|digit| digit != b'0') {
        return Err(Flaw::NotWhole);
    }
    let zeros = usize::try_from(shift).unwrap_or(0).min(MOST_DIGITS);
    let mut value: i128 = 0;
    for digit in significant().take(kept).chain(std::iter::repeat_n(b'0', zeros)) {
        let next = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(i128::from(digit - b'0')));
        value = next.ok_or(Flaw::TooLarge)?;
    }
    Ok(if number.negative { -value } else { value })
}

/// Stands for an exponent that is too long to be read: more than a text can have digits.
const BEYOND: i64 = i64::MAX / 4;

/// No integer of 128 bits has so many.
const MOST_DIGITS: usize = 40;

/// `text`, if it is made of at least one digit and nothing else.
fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}
