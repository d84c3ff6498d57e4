//! The tables in `cases/`: JSON, and what the specification of ProtoJSON says of it for the message `Every`.
//!
//! A line that begins with `#` is a heading. Every other one is a case, or several:
//!
//! | line | what it says |
//! | --- | --- |
//! | `input  =>  output` | taken; written again it is `output`, or the same if that is `=` |
//! | `input  !!  path rule` | refused at this path (`.` for the whole) for this rule, or as `malformed` |
//! | `input  !?  path rule  =>  output` | so in a request, but an event ignores what is unknown; `output` may be another refusal |
//!
//! What would be hard to read or to write stands in angle brackets: `⟨0xff⟩` for a byte, `⟨3×ab⟩` for `ababab`, `⟨a|b⟩` for a case with `a` and
//! one with `b`. In an outcome `⟨1⟩` is what the first of these choices chose.

use std::fmt::Write;

/// One case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The table and the line, e.g. `enums.txt:12`.
    pub place: String,
    /// The JSON.
    pub input: Vec<u8>,
    /// What a request makes of it.
    pub strict: Outcome,
    /// What an event makes of it.
    pub lenient: Outcome,
}

/// What comes of reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A message, written again as this.
    Value(String),
    /// A refusal at this path, for this rule.
    Broken(String, String),
    /// It is not JSON.
    Malformed,
}

/// Names and texts of the tables.
pub const TABLES: &[(&str, &str)] = &[
    ("enums.txt", include_str!("../cases/enums.txt")),
    ("floats.txt", include_str!("../cases/floats.txt")),
    ("integers.txt", include_str!("../cases/integers.txt")),
    ("lists.txt", include_str!("../cases/lists.txt")),
    ("messages.txt", include_str!("../cases/messages.txt")),
    ("syntax.txt", include_str!("../cases/syntax.txt")),
    ("text.txt", include_str!("../cases/text.txt")),
    ("times.txt", include_str!("../cases/times.txt")),
];

/// All cases of all tables.
///
/// # Panics
/// If a line is of none of the forms above.
#[must_use]
pub fn all() -> Vec<Case> {
    TABLES.iter().flat_map(|(name, text)| of_table(name, text)).collect()
}

/// The cases of one table.
///
/// # Panics
/// If a line is of none of the forms above.
#[must_use]
pub fn of_table(name: &str, text: &str) -> Vec<Case> {
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.starts_with('#') && !line.is_empty())
        .flat_map(|(index, line)| of_line(&format!("{name}:{}", index + 1), line))
        .collect()
}

fn of_line(place: &str, line: &str) -> Vec<Case> {
    let (input, kind, outcome) = ["  =>  ", "  !!  ", "  !?  "]
        .iter()
        .filter_map(|kind| line.split_once(kind).map(|(input, outcome)| (input, *kind, outcome)))
        .min_by_key(|(input, ..)| input.len())
        .unwrap_or_else(|| panic!("{place}: no outcome"));
    let choices = expand(input, &[]);
    let cases = choices.into_iter().map(|(input, chosen)| {
        let said = |text: &str| match expand(text, &chosen).as_slice() {
            [(bytes, _)] => String::from_utf8(bytes.clone()).unwrap_or_else(|_| panic!("{place}: outcomes are text")),
            _ => panic!("{place}: an outcome has no choices"),
        };
        let value = |text: &str| match text {
            "=" => Outcome::Value(String::from_utf8(input.clone()).expect("what stays the same is text")),
            _ => Outcome::Value(said(text)),
        };
        let (strict, lenient) = match (kind, outcome.split_once("  =>  ")) {
            ("  =>  ", _) => (value(outcome), value(outcome)),
            ("  !!  ", _) => (refusal(&said(outcome)), refusal(&said(outcome))),
            (_, Some((strict, lenient))) if lenient.starts_with('{') => (refusal(&said(strict)), value(lenient)),
            (_, Some((strict, lenient))) => (refusal(&said(strict)), refusal(&said(lenient))),
            (_, None) => panic!("{place}: what does an event make of it?"),
        };
        Case {
            place: place.to_owned(),
            input,
            strict,
            lenient,
        }
    });
    cases.collect()
}

fn refusal(text: &str) -> Outcome {
    match text.rsplit_once(' ') {
        Some((".", rule)) => Outcome::Broken(String::new(), rule.to_owned()),
        Some((path, rule)) => Outcome::Broken(path.to_owned(), rule.to_owned()),
        None => Outcome::Malformed,
    }
}

/// All texts that `text` stands for, each with what was chosen in it.
fn expand(text: &str, chosen: &[Vec<u8>]) -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
    let Some((before, inner, after)) = first_bracket(text) else {
        return vec![(text.as_bytes().to_vec(), Vec::new())];
    };
    let options: Vec<(Vec<u8>, Option<Vec<u8>>)> = match alternatives(inner).as_slice() {
        [one] => vec![(single(one, chosen), None)],
        several => several
            .iter()
            .flat_map(|option| expand(option, chosen))
            .map(|(bytes, _)| (bytes.clone(), Some(bytes)))
            .collect(),
    };
    let rests = expand(after, chosen);
    let mut all = Vec::new();
    for (bytes, choice) in &options {
        for (rest, later) in &rests {
            let whole = [before.as_bytes(), bytes, rest].concat();
            all.push((whole, choice.iter().chain(later).cloned().collect()));
        }
    }
    all
}

/// What is before, in and after the first pair of brackets.
fn first_bracket(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find('⟨')?;
    let mut depth = 0;
    for (at, character) in text[start..].char_indices() {
        depth += match character {
            '⟨' => 1,
            '⟩' => -1,
            _ => 0,
        };
        if depth == 0 {
            let end = start + at;
            return Some((
                &text[..start],
                &text[start + '⟨'.len_utf8()..end],
                &text[end + '⟩'.len_utf8()..],
            ));
        }
    }
    panic!("a bracket stays open in {text}")
}

/// The parts between bars that are in no inner brackets.
fn alternatives(inner: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, character) in inner.char_indices() {
        match character {
            '⟨' => depth += 1,
            '⟩' => depth -= 1,
            '|' if depth == 0 => {
                parts.push(&inner[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[from..]);
    parts
}

fn single(inner: &str, chosen: &[Vec<u8>]) -> Vec<u8> {
    if let Some(hex) = inner.strip_prefix("0x") {
        let digits: Vec<_> = hex.chars().collect();
        let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).expect("pairs of digits");
        return digits.chunks(2).map(byte).collect();
    }
    if let Some((times, text)) = inner.split_once('×') {
        return text.repeat(times.parse().expect("a number before ×")).into_bytes();
    }
    let index: usize = inner.parse().unwrap_or_else(|_| panic!("what is ⟨{inner}⟩?"));
    chosen[index - 1].clone()
}

/// `input` for people: no control characters, no invalid bytes, no more than a line of it.
#[must_use]
pub fn readable(input: &[u8]) -> String {
    const LONGEST: usize = 120;
    let mut out = String::new();
    for chunk in input.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() || character == '\u{feff}' {
                let _ = write!(out, "⟨0x{:02x}⟩", u32::from(character));
            } else {
                out.push(character);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "⟨0x{byte:02x}⟩");
        }
    }
    match out.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}… ({} bytes)", &out[..at], input.len()),
        None => out,
    }
}
