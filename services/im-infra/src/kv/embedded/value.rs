//! What a key can hold.

use bytes::Bytes;
use std::{
    cmp::Ordering,
    collections::{BTreeSet, HashMap},
};

/// The fields of a hash.
pub(super) type Hash = HashMap<Box<str>, Bytes>;

/// The rare and large kinds are boxed: most keys hold a few bytes, and there are millions of them.
pub(super) enum Value {
    Bytes(Bytes),
    Counter(i64),
    Hash(Box<Hash>),
    Sorted(Box<Sorted>),
}

impl Value {
    /// The bytes of a value or the decimal of a counter.
    pub(super) fn text(&self) -> Option<Bytes> {
        match self {
            Self::Bytes(bytes) => Some(bytes.clone()),
            Self::Counter(number) => Some(Bytes::from(number.to_string())),
            Self::Hash(_) | Self::Sorted(_) => None,
        }
    }

    /// The number of a counter, or of a value that is the decimal of one.
    pub(super) fn number(&self) -> Option<i64> {
        match self {
            Self::Bytes(bytes) => decimal(bytes),
            Self::Counter(number) => Some(*number),
            Self::Hash(_) | Self::Sorted(_) => None,
        }
    }

    pub(super) fn hash(&self) -> Option<&Hash> {
        if let Self::Hash(hash) = self { Some(hash) } else { None }
    }

    pub(super) fn hash_mut(&mut self) -> Option<&mut Hash> {
        if let Self::Hash(hash) = self { Some(hash) } else { None }
    }

    pub(super) fn sorted(&self) -> Option<&Sorted> {
        if let Self::Sorted(sorted) = self {
            Some(sorted)
        } else {
            None
        }
    }

    pub(super) fn sorted_mut(&mut self) -> Option<&mut Sorted> {
        if let Self::Sorted(sorted) = self {
            Some(sorted)
        } else {
            None
        }
    }

    /// Whether it is a collection that has lost its last member.
    pub(super) fn is_nothing(&self) -> bool {
        match self {
            Self::Bytes(_) | Self::Counter(_) => false,
            Self::Hash(hash) => hash.is_empty(),
            Self::Sorted(sorted) => sorted.scores.is_empty(),
        }
    }
}

/// The sum, if the bytes are the decimal of a number and it fits.
pub(super) fn add(bytes: &[u8], by: i64) -> Option<i64> {
    decimal(bytes)?.checked_add(by)
}

/// Only the one way in which a number is written counts: no sign, space or zero in front.
fn decimal(bytes: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(bytes).ok()?;
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// Members by score.
#[derive(Default)]
pub(super) struct Sorted {
    scores: HashMap<Bytes, Score>,
    order: BTreeSet<(Score, Bytes)>,
}

impl Sorted {
    pub(super) fn put(&mut self, score: f64, member: Bytes) {
        let score = Score::new(score);
        if let Some(old) = self.scores.insert(member.clone(), score) {
            self.order.remove(&(old, member.clone()));
        }
        self.order.insert((score, member));
    }

    pub(super) fn remove(&mut self, member: &Bytes) -> bool {
        let Some(score) = self.scores.remove(member) else {
            return false;
        };
        self.order.remove(&(score, member.clone()))
    }

    pub(super) fn top(&self, offset: usize, limit: usize) -> Vec<(f64, Bytes)> {
        self.order
            .iter()
            .rev()
            .skip(offset)
            .take(limit)
            .map(|(score, member)| (score.0, member.clone()))
            .collect()
    }

    pub(super) fn trim(&mut self, keep: usize) -> u64 {
        let surplus = self.order.len().saturating_sub(keep);
        for _ in 0..surplus {
            if let Some((_, member)) = self.order.pop_first() {
                self.scores.remove(&member);
            }
        }
        surplus as u64
    }
}

/// A score that can be ordered: never a NaN, never a negative zero.
#[derive(Clone, Copy)]
struct Score(f64);

impl Score {
    fn new(score: f64) -> Self {
        // Adding zero turns the negative zero, which would sort below the positive one, into it.
        Self(if score.is_nan() { f64::NEG_INFINITY } else { score + 0.0 })
    }
}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Score {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Score {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_decimal_is_a_number() {
        for (text, number) in [
            ("0", Some(0)),
            ("-7", Some(-7)),
            ("9223372036854775807", Some(i64::MAX)),
        ] {
            assert_eq!(decimal(text.as_bytes()), number);
        }
        for text in ["", "+1", "01", " 1", "1 ", "-0", "1.0", "9223372036854775808", "one"] {
            assert_eq!(decimal(text.as_bytes()), None, "{text}");
        }
        assert_eq!(add(b"9223372036854775807", 1), None);
    }
}
