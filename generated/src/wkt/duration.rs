use super::{FormError, as_text, parse_fraction, write_fraction};
use std::{fmt, str::FromStr};

/// A span of time, positive or negative. In JSON: `1.500s`, with 0, 3, 6 or 9 digits after the point.
#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct Duration {
    /// Seconds, at most 315,576,000,000 either way; nanoseconds may come on top.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// Nanoseconds besides, of the same sign, below a second.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

const LONGEST: i64 = 315_576_000_000;
const ERROR: FormError = FormError("must be a duration like 1.5s");

impl From<std::time::Duration> for Duration {
    /// What is longer than the longest span becomes that.
    fn from(span: std::time::Duration) -> Self {
        match i64::try_from(span.as_secs()) {
            Ok(seconds) if seconds <= LONGEST => Self {
                seconds,
                nanos: span.subsec_nanos() as i32,
            },
            _ => Self {
                seconds: LONGEST,
                nanos: 999_999_999,
            },
        }
    }
}

impl TryFrom<Duration> for std::time::Duration {
    type Error = FormError;

    /// Refuses negative spans.
    fn try_from(span: Duration) -> Result<Self, FormError> {
        let seconds = u64::try_from(span.seconds).map_err(|_| ERROR)?;
        let nanos = u32::try_from(span.nanos)
            .ok()
            .filter(|nanos| *nanos < 1_000_000_000)
            .ok_or(ERROR)?;
        Ok(Self::new(seconds, nanos))
    }
}

impl fmt::Display for Duration {
    /// As in JSON; what JSON cannot say becomes the longest span that it can.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = i128::from(LONGEST) * 1_000_000_000 + 999_999_999;
        let total = (i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanos)).clamp(-limit, limit);
        let (seconds, nanos) = (
            total.unsigned_abs() / 1_000_000_000,
            total.unsigned_abs() % 1_000_000_000,
        );
        if total < 0 {
            f.write_str("-")?;
        }
        write!(f, "{seconds}")?;
        write_fraction(f, nanos as u32)?;
        f.write_str("s")
    }
}

impl FromStr for Duration {
    type Err = FormError;

    /// Reads the form of JSON.
    fn from_str(text: &str) -> Result<Self, FormError> {
        parse(text).ok_or(ERROR)
    }
}

fn parse(text: &str) -> Option<Duration> {
    let text = text.strip_suffix('s')?;
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, nanos) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, parse_fraction(fraction)? as i32),
        None => (text, 0),
    };
    if whole.is_empty() || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds: i64 = whole.parse().ok()?;
    (seconds <= LONGEST).then_some(Duration {
        seconds: sign * seconds,
        nanos: sign as i32 * nanos,
    })
}

as_text!(Duration, "a duration like 1.5s");
