//! Patterns that need no regular expression: a row of character classes, each so many times, from the first byte to the last.

/// One part of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The allowed ASCII characters, a bit each.
    pub class: u128,
    /// How many of them at least.
    pub min: u32,
    /// How many of them at most.
    pub max: u32,
}

const fn hex(count: u32) -> Step {
    let digits = 0x3ff_u128 << b'0';
    let letters = 0x3f_u128 << b'a' | 0x3f_u128 << b'A';
    Step {
        class: digits | letters,
        min: count,
        max: count,
    }
}

const DASH: Step = Step {
    class: 1 << b'-',
    min: 1,
    max: 1,
};

/// A UUID in its canonical form.
pub const UUID: &[Step] = &[hex(8), DASH, hex(4), DASH, hex(4), DASH, hex(4), DASH, hex(12)];

/// Whether `text` is made of these steps, each taking as many characters as it can. That is exact where no step can take a character that
/// the next one needs; the emitter sees to it.
#[must_use]
pub fn steps(text: &str, steps: &[Step]) -> bool {
    let mut rest = text.as_bytes();
    for step in steps {
        let taken = rest
            .iter()
            .take(step.max as usize)
            .take_while(|byte| byte.is_ascii() && step.class >> **byte & 1 == 1)
            .count();
        if taken < step.min as usize {
            return false;
        }
        rest = &rest[taken..];
    }
    rest.is_empty()
}
