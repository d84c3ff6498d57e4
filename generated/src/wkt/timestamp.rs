use super::{FormError, as_text, parse_fraction};
use std::{fmt, str::FromStr};

/// A point in time, in UTC. In JSON: `2026-01-31T12:00:00.250Z`, with 0, 3, 6 or 9 digits after the point; read with any offset.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Message)]
pub struct Timestamp {
    /// Seconds since 1970, between the years 1 and 9999.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// Nanoseconds after that, 0 to 999,999,999.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

const FIRST_SECOND: i64 = -62_135_596_800;
const LAST_SECOND: i64 = 253_402_300_799;
const SECONDS_A_DAY: i64 = 86_400;
const ERROR: FormError = FormError("must be a time like 2026-01-31T12:00:00Z");

impl Timestamp {
    /// So many milliseconds after 1970.
    #[must_use]
    pub fn from_millis(millis: u64) -> Self {
        Self {
            seconds: (millis / 1000) as i64,
            nanos: (millis % 1000) as i32 * 1_000_000,
        }
    }

    /// Whole milliseconds since 1970; 0 for earlier times.
    #[must_use]
    pub fn millis(&self) -> u64 {
        let seconds = u64::try_from(self.seconds).unwrap_or(0).saturating_mul(1000);
        if self.seconds < 0 {
            0
        } else {
            seconds.saturating_add(u64::try_from(self.nanos).unwrap_or(0) / 1_000_000)
        }
    }

    /// What JSON can say: a time outside of the years 1 to 9999 becomes the nearest inside.
    fn clamped(self) -> (i64, u32) {
        match self.seconds {
            ..FIRST_SECOND => (FIRST_SECOND, 0),
            FIRST_SECOND..=LAST_SECOND => (self.seconds, self.nanos.clamp(0, 999_999_999) as u32),
            _ => (LAST_SECOND, 999_999_999),
        }
    }
}

impl fmt::Display for Timestamp {
    /// As in JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = self.clamped();
        let (year, month, day) = civil(seconds.div_euclid(SECONDS_A_DAY));
        let second = seconds.rem_euclid(SECONDS_A_DAY) as u32;
        let mut text = *b"0000-00-00T00:00:00.000000000Z";
        put(&mut text[0..4], year);
        put(&mut text[5..7], month);
        put(&mut text[8..10], day);
        put(&mut text[11..13], second / 3600);
        put(&mut text[14..16], second / 60 % 60);
        put(&mut text[17..19], second % 60);
        put(&mut text[20..29], nanos);
        let end = match nanos {
            0 => 19,
            _ if nanos.is_multiple_of(1_000_000) => 23,
            _ if nanos.is_multiple_of(1_000) => 26,
            _ => 29,
        };
        text[end] = b'Z';
        f.write_str(std::str::from_utf8(&text[..=end]).map_err(|_| fmt::Error)?)
    }
}

/// Writes `value` into `digits`, right-aligned over the zeros there.
fn put(digits: &mut [u8], mut value: u32) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar: counted in eras of 400 years from 1 March of year 0,
/// so that the leap day is the last of its year.
fn civil(day: i64) -> (u32, u32, u32) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let day_of_era = day.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year as u32, month as u32, day_of_month as u32)
}

/// The reverse of [`civil`].
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let march_month = (month + 9) % 12;
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

impl FromStr for Timestamp {
    type Err = FormError;

    /// Reads the form of JSON.
    fn from_str(text: &str) -> Result<Self, FormError> {
        parse(text).ok_or(ERROR)
    }
}

fn parse(text: &str) -> Option<Timestamp> {
    if !text.is_ascii() || text.len() < 20 {
        return None;
    }
    let (date_time, rest) = text.split_at(19);
    for (at, separator) in [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')] {
        if date_time.as_bytes()[at] != separator {
            return None;
        }
    }
    let year = number(&date_time[0..4], 1..=9999)?;
    let month = number(&date_time[5..7], 1..=12)?;
    let day = number(&date_time[8..10], 1..=days_in(year, month))?;
    let hour = number(&date_time[11..13], 0..=23)?;
    let minute = number(&date_time[14..16], 0..=59)?;
    let second = number(&date_time[17..19], 0..=59)?;
    let zone_at = rest.find(['Z', '+', '-'])?;
    let (fraction, zone) = rest.split_at(zone_at);
    let nanos = if fraction.is_empty() {
        0
    } else {
        parse_fraction(fraction.strip_prefix('.')?)?
    };
    let seconds = day_number(year, month, day) * SECONDS_A_DAY + hour * 3600 + minute * 60 + second - parse_zone(zone)?;
    (FIRST_SECOND..=LAST_SECOND).contains(&seconds).then_some(Timestamp {
        seconds,
        nanos: nanos as i32,
    })
}

/// Seconds that a zone is ahead of UTC.
fn parse_zone(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    if zone.len() != 6 || zone.as_bytes()[3] != b':' {
        return None;
    }
    let ahead = number(&zone[1..3], 0..=23)? * 3600 + number(&zone[4..6], 0..=59)? * 60;
    Some(if zone.starts_with('-') { -ahead } else { ahead })
}

fn number(digits: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
    let value = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())??;
    range.contains(&value).then_some(value)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

as_text!(Timestamp, "a time like 2026-01-31T12:00:00Z");
