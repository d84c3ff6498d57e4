//! Strings that match a pattern, and some that nearly do.

use regex_syntax::hir::{Class, ClassUnicodeRange, Hir, HirKind, Repetition};

/// How many of each position a pattern's string takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    Shortest,
    Longest,
}

/// Beyond its minimum, an unbounded repetition takes so many more.
const SOME_MORE: u32 = 5;

/// The shortest and the longest string of the pattern's form (longest: a few more where there is no limit).
pub(super) fn matching(pattern: &str) -> Vec<String> {
    let Ok(hir) = regex_syntax::parse(pattern) else {
        return Vec::new();
    };
    let of = |size| {
        let mut text = String::new();
        write(&hir, size, &mut text);
        text
    };
    vec![of(Size::Shortest), of(Size::Longest)]
}

fn write(hir: &Hir, size: Size, out: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => out.extend(a_member(class, size)),
        HirKind::Repetition(repetition) => {
            for _ in 0..times(repetition, size) {
                write(&repetition.sub, size, out);
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, size, out),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write(part, size, out)),
        HirKind::Alternation(parts) => {
            let chosen = if size == Size::Shortest {
                parts.first()
            } else {
                parts.last()
            };
            if let Some(part) = chosen {
                write(part, size, out);
            }
        }
    }
}

fn times(repetition: &Repetition, size: Size) -> u32 {
    match size {
        Size::Shortest => repetition.min,
        Size::Longest => repetition.max.unwrap_or(repetition.min + SOME_MORE),
    }
}

/// A letter if there is one, since a class may begin with something exotic.
fn a_member(class: &Class, size: Size) -> Option<char> {
    let Class::Unicode(class) = class else {
        return None;
    };
    let ranges = class.ranges();
    let letter = ranges.iter().find(|range| range.start().is_ascii_alphanumeric());
    match size {
        Size::Shortest => letter.or(ranges.first()).map(ClassUnicodeRange::start),
        Size::Longest => ranges.last().map(ClassUnicodeRange::end),
    }
}

/// A step away from `text`: characters taken away, added, changed in case, or replaced by look-alikes of other scripts.
pub(super) fn nearly(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut all = vec![
        format!("{text}\n"),
        format!("\n{text}"),
        format!(" {text}"),
        format!("{text} "),
        format!("{text}\0"),
        text.to_uppercase(),
        text.to_lowercase(),
    ];
    if let (Some((_, rest)), Some(first), Some(last)) = (chars.split_first(), chars.first(), chars.last()) {
        all.push(rest.iter().collect());
        all.push(chars[..chars.len() - 1].iter().collect());
        all.push(format!("{first}{text}"));
        all.push(format!("{text}{last}"));
    }
    let most_positions = 40;
    for at in 0..chars.len().min(most_positions) {
        let foreign = if chars[at].is_ascii_digit() {
            '\u{660}'
        } else {
            '\u{e9}'
        };
        for other in [foreign, '!', '.', 'Z', '0'] {
            let mut changed = chars.clone();
            changed[at] = other;
            all.push(changed.into_iter().collect());
        }
    }
    all
}
