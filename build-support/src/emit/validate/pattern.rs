//! Patterns: most of them are a row of ASCII classes from the first character to the last, which a loop checks faster than any automaton.
//! The others become a regular expression.

use proc_macro2::TokenStream;
use quote::quote;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// A character class so many times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    class: u128,
    min: u32,
    max: u32,
}

/// An expression that says whether the string `value` matches.
pub(super) fn matcher(pattern: &str) -> Result<TokenStream, String> {
    let hir = regex_syntax::parse(pattern).map_err(|error| format!("is no regular expression: {error}"))?;
    let Some(steps) = steps(&hir) else {
        return Ok(quote!({
            static PATTERN: std::sync::LazyLock<regex::Regex> =
                std::sync::LazyLock::new(|| regex::Regex::new(#pattern).expect("the schema compiler has compiled it"));
            PATTERN.is_match(value)
        }));
    };
    let steps = steps
        .iter()
        .map(|Step { class, min, max }| quote!(validate::Step { class: #class, min: #min, max: #max }));
    Ok(quote!(validate::steps(value, const { &[#(#steps),*] })))
}

/// The pattern as steps, if it is anchored at both ends and no step can take what the next one needs.
fn steps(hir: &Hir) -> Option<Vec<Step>> {
    let HirKind::Concat(parts) = hir.kind() else {
        return None;
    };
    let [first, inner @ .., last] = parts.as_slice() else {
        return None;
    };
    if *first.kind() != HirKind::Look(Look::Start) || *last.kind() != HirKind::Look(Look::End) {
        return None;
    }
    let mut steps = Vec::new();
    for part in inner {
        match part.kind() {
            HirKind::Literal(literal) => {
                for byte in &literal.0 {
                    steps.push(Step {
                        class: bit(*byte)?,
                        min: 1,
                        max: 1,
                    });
                }
            }
            HirKind::Class(class) => steps.push(Step {
                class: bits(class)?,
                min: 1,
                max: 1,
            }),
            HirKind::Repetition(repetition) => {
                let class = match repetition.sub.kind() {
                    HirKind::Class(class) => bits(class)?,
                    HirKind::Literal(literal) if literal.0.len() == 1 => bit(literal.0[0])?,
                    _ => return None,
                };
                steps.push(Step {
                    class,
                    min: repetition.min,
                    max: repetition.max.unwrap_or(u32::MAX),
                });
            }
            _ => return None,
        }
    }
    unambiguous(&steps).then_some(steps)
}

/// Whether it is right to let each step take as much as it can: what a step of varying length takes, none of those that may come right
/// after it can take.
fn unambiguous(steps: &[Step]) -> bool {
    steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.min < step.max)
        .all(|(index, step)| {
            let rest = &steps[index + 1..];
            let until = rest
                .iter()
                .position(|next| next.min > 0)
                .map_or(rest.len(), |at| at + 1);
            rest[..until].iter().all(|next| next.class & step.class == 0)
        })
}

fn bit(byte: u8) -> Option<u128> {
    byte.is_ascii().then(|| 1 << byte)
}

fn bits(class: &Class) -> Option<u128> {
    let Class::Unicode(class) = class else {
        return None;
    };
    let mut bits = 0;
    for range in class.ranges() {
        if !range.end().is_ascii() {
            return None;
        }
        for character in range.start()..=range.end() {
            bits |= bit(character as u8)?;
        }
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps_of(pattern: &str) -> Option<Vec<(u32, u32)>> {
        let steps = steps(&regex_syntax::parse(pattern).unwrap())?;
        Some(steps.iter().map(|step| (step.min, step.max)).collect())
    }

    #[test]
    fn rows_of_classes_become_steps() {
        assert_eq!(steps_of("^[a-z][a-z0-9._-]{0,63}$"), Some(vec![(1, 1), (0, 63)]));
        assert_eq!(steps_of("^ab[0-9]+$"), Some(vec![(1, 1), (1, 1), (1, u32::MAX)]));
        assert_eq!(steps_of("^[0-9]{1,3}-x?$"), Some(vec![(1, 3), (1, 1), (0, 1)]));
    }

    #[test]
    fn what_needs_backtracking_or_more_stays_a_regular_expression() {
        for pattern in [
            "^[a-z]*a$",
            "^a?[ab]$",
            "^[a-z]*-?z$",
            "[a-z]+",
            "^(ab)+$",
            "^é$",
            "^a|b$",
            "^.$",
        ] {
            assert_eq!(steps_of(pattern), None, "{pattern}");
        }
    }
}
