//! Patterns of the schema as regular expressions of JavaScript. They are taken apart and written anew, since the two languages spell the same
//! things differently and different things the same.

use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind, Look, Repetition};

/// A literal like `/^[a-z]{1,3}$/u`.
///
/// # Errors
/// What JavaScript has no word for.
pub(super) fn literal(pattern: &str) -> Result<String, String> {
    let hir = regex_syntax::parse(pattern).map_err(|error| format!("is no regular expression: {error}"))?;
    Ok(format!("/{}/u", write(&hir)?))
}

fn write(hir: &Hir) -> Result<String, String> {
    match hir.kind() {
        HirKind::Empty => Ok("(?:)".to_owned()),
        HirKind::Literal(literal) => {
            let literal =
                std::str::from_utf8(&literal.0).map_err(|_| "a pattern of bytes has no form in JavaScript")?;
            Ok(literal.chars().map(character).collect())
        }
        HirKind::Class(Class::Unicode(class)) => Ok(ranges(class)),
        HirKind::Class(Class::Bytes(_)) => Err("a pattern of bytes has no form in JavaScript".to_owned()),
        HirKind::Look(Look::Start) => Ok("^".to_owned()),
        HirKind::Look(Look::End) => Ok("$".to_owned()),
        HirKind::Look(look) => Err(format!(
            "the pattern's {look:?} has no form in JavaScript that means the same"
        )),
        HirKind::Repetition(repetition) => repeated(repetition),
        HirKind::Capture(capture) => Ok(format!("(?:{})", write(&capture.sub)?)),
        HirKind::Concat(parts) => parts.iter().map(write).collect(),
        HirKind::Alternation(parts) => {
            let parts = parts.iter().map(write).collect::<Result<Vec<_>, _>>()?;
            Ok(format!("(?:{})", parts.join("|")))
        }
    }
}

fn repeated(repetition: &Repetition) -> Result<String, String> {
    let what = write(&repetition.sub)?;
    let single = match repetition.sub.kind() {
        HirKind::Class(_) | HirKind::Capture(_) | HirKind::Alternation(_) => true,
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).is_ok_and(|text| text.chars().count() == 1),
        _ => false,
    };
    let what = if single { what } else { format!("(?:{what})") };
    let times = match (repetition.min, repetition.max) {
        (0, None) => "*".to_owned(),
        (1, None) => "+".to_owned(),
        (0, Some(1)) => "?".to_owned(),
        (min, None) => format!("{{{min},}}"),
        (min, Some(max)) if min == max => format!("{{{min}}}"),
        (min, Some(max)) => format!("{{{min},{max}}}"),
    };
    let lazy = if repetition.greedy { "" } else { "?" };
    Ok(format!("{what}{times}{lazy}"))
}

fn ranges(class: &ClassUnicode) -> String {
    let ranges = class.ranges().iter().map(|range| match (range.start(), range.end()) {
        (start, end) if start == end => character(start),
        (start, end) => format!("{}-{}", character(start), character(end)),
    });
    format!("[{}]", ranges.collect::<String>())
}

/// A character that means itself, in a class and outside.
fn character(c: char) -> String {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | ' ' | ':' | '@' | ',' => c.to_string(),
        '.' | '/' | '+' | '*' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' | '\\' => format!("\\{c}"),
        // `-` too: outside of a class JavaScript refuses it with a backslash
        _ => format!("\\u{{{:x}}}", c as u32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_means_stays() {
        for (pattern, wanted) in [
            ("^[a-z][a-z0-9._-]{0,63}$", r"/^[a-z][\u{2d}-\.0-9_a-z]{0,63}$/u"),
            ("^(?:ab|c)+$", r"/^(?:ab|c)+$/u"),
            ("^a.b$", r"/^a[\u{0}-\u{9}\u{b}-\u{10ffff}]b$/u"),
            ("(?i)k", r"/[Kk\u{212a}]/u"),
            ("a*?", r"/a*?/u"),
        ] {
            assert_eq!(literal(pattern).unwrap(), wanted, "{pattern}");
        }
    }

    #[test]
    fn what_javascript_cannot_say_is_refused() {
        for pattern in [r"\bword", "(?m)^line$", r"(?-u:\xff)"] {
            assert!(literal(pattern).is_err(), "{pattern}");
        }
    }
}
