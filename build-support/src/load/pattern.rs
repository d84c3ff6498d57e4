//! Patterns that mean the same in each engine that will run them: Rust's, the RE2 of other servers, the one of ECMAScript.

use regex_syntax::ast::{AssertionKind, Ast, ClassPerl, ClassPerlKind, ClassSetItem, Visitor, parse::Parser, visit};

/// Says why the schema may not have a pattern.
pub(super) fn check(pattern: &str) -> Result<(), String> {
    regex::Regex::new(pattern).map_err(|error| format!("the pattern `{pattern}` does not compile: {error}"))?;
    let tree = Parser::new()
        .parse(pattern)
        .map_err(|error| format!("the pattern `{pattern}` does not compile: {error}"))?;
    match visit(&tree, Shorthands::default())? {
        None => Ok(()),
        Some(found) => Err(format!(
            "the pattern `{pattern}` has `{}`, which means other characters in Rust than in RE2 and ECMAScript; {}",
            found.written, found.advice
        )),
    }
}

/// A shorthand, and what to do without it.
struct Found {
    written: String,
    advice: String,
}

/// Looks for the first shorthand on which the engines disagree: beyond ASCII, each of them has its own idea of digits, words and spaces.
#[derive(Default)]
struct Shorthands(Option<Found>);

impl Shorthands {
    fn note(&mut self, written: impl Into<String>, advice: impl Into<String>) {
        self.0.get_or_insert(Found {
            written: written.into(),
            advice: advice.into(),
        });
    }

    fn class(&mut self, class: &ClassPerl) {
        let (letter, members) = match class.kind {
            ClassPerlKind::Digit => ('d', "0-9"),
            ClassPerlKind::Space => ('s', r"\t\n\f\r "),
            ClassPerlKind::Word => ('w', "A-Za-z0-9_"),
        };
        match class.negated {
            false => self.note(format!("\\{letter}"), format!("write `[{members}]`")),
            true => self.note(
                format!("\\{}", letter.to_ascii_uppercase()),
                format!("write `[^{members}]`"),
            ),
        }
    }
}

impl Visitor for Shorthands {
    type Output = Option<Found>;
    type Err = String;

    fn finish(self) -> Result<Self::Output, Self::Err> {
        Ok(self.0)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Self::Err> {
        match ast {
            Ast::ClassPerl(class) => self.class(class),
            Ast::Assertion(assertion) => match assertion.kind {
                AssertionKind::WordBoundary => self.note(r"\b", "say with classes what stands at the edge of the word"),
                AssertionKind::NotWordBoundary => {
                    self.note(r"\B", "say with classes what stands around the place");
                }
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Self::Err> {
        if let ClassSetItem::Perl(class) = item {
            self.class(class);
        }
        Ok(())
    }
}
