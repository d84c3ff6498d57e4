//! What went wrong while reading, and where. Nothing here runs while all is well: on the way back up from an error, each level adds its own
//! part of the path.

use crate::{
    failure::{Failure, Violation},
    parlance::Reason,
};
use serde::de::Error;
use std::{borrow::Cow, cell::RefCell};

/// What to do with what the schema does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Refuse it.
    Strict,
    /// Ignore it.
    Lenient,
}

/// How much of a name or key that a client made up is repeated to it.
const LONGEST_SEGMENT: usize = 64;

struct State {
    mode: Mode,
    /// The path, innermost part first.
    path: Vec<Cow<'static, str>>,
    rule: Option<(&'static str, Cow<'static, str>)>,
}

thread_local! {
    static STATE: RefCell<Option<State>> = const { RefCell::new(None) };
}

/// One call of `from_slice`; the one around it, if any, goes on when this is dropped.
pub(super) struct Reading {
    outer: Option<State>,
}

impl Reading {
    pub(super) fn start(mode: Mode) -> Self {
        Self {
            outer: STATE.replace(Some(State {
                mode,
                path: Vec::new(),
                rule: None,
            })),
        }
    }

    /// What a client is told of `error`.
    pub(super) fn failure(self, error: &serde_json::Error) -> Failure {
        let state = STATE.take();
        let text = error.to_string();
        let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
        let too_large = text == "number out of range";
        if !error.is_data() && !too_large {
            let place = format!("not JSON: {text} at line {} column {}", error.line(), error.column());
            return Failure::new(Reason::Malformed, place);
        }
        let (path, rule) = state.map_or_else(|| (Vec::new(), None), |state| (state.path, state.rule));
        let (rule, message) = match rule {
            Some(rule) => rule,
            None if too_large => ("range", Cow::Borrowed("is too large for a number")),
            None => ("type", Cow::Owned(type_message(text))),
        };
        Failure::violations(vec![Violation {
            field: join(&path),
            rule,
            message,
        }])
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        STATE.set(self.outer.take());
    }
}

/// Whether unknown fields and names are to be ignored. Outside of `from_slice` and `from_slice_lenient` they are not.
pub(super) fn lenient() -> bool {
    STATE.with_borrow(|state| state.as_ref().is_some_and(|state| state.mode == Mode::Lenient))
}

/// An error that names the rule which a value breaks. The message never repeats the value, which may be a secret.
#[cold]
pub(crate) fn refuse<E: Error>(rule: &'static str, message: impl Into<Cow<'static, str>>) -> E {
    let message = message.into();
    let error = E::custom(&message);
    STATE.with_borrow_mut(|state| {
        if let Some(state) = state {
            state.rule = Some((rule, message));
        }
    });
    error
}

/// The error arose in this field.
#[cold]
pub(super) fn in_field<E>(error: E, name: &'static str) -> E {
    push(|| Cow::Borrowed(name));
    error
}

/// The error arose in a field that the client named.
#[cold]
pub(super) fn in_unknown<E>(error: E, name: &str) -> E {
    push(|| Cow::Owned(shortened(name)));
    error
}

/// The error arose in this item.
#[cold]
pub(super) fn in_item<E>(error: E, index: usize) -> E {
    push(|| Cow::Owned(format!("[{index}]")));
    error
}

/// The error arose in the value of this key.
#[cold]
pub(super) fn in_key<E>(error: E, key: &str) -> E {
    push(|| Cow::Owned(format!("[\"{}\"]", shortened(key))));
    error
}

/// The error arose inside of a sensitive field: its path ends there.
#[cold]
pub fn conceal<E>(error: E) -> E {
    STATE.with_borrow_mut(|state| {
        if let Some(state) = state {
            state.path.clear();
        }
    });
    error
}

fn push(segment: impl FnOnce() -> Cow<'static, str>) {
    STATE.with_borrow_mut(|state| {
        if let Some(state) = state {
            state.path.push(segment());
        }
    });
}

fn shortened(name: &str) -> String {
    name.chars()
        .filter(|character| !character.is_control())
        .take(LONGEST_SEGMENT)
        .collect()
}

fn join(innermost_first: &[Cow<'static, str>]) -> String {
    let mut path = String::new();
    for segment in innermost_first.iter().rev() {
        if !path.is_empty() && !segment.starts_with('[') {
            path.push('.');
        }
        path.push_str(segment);
    }
    path
}

/// Serde says `invalid type: integer `5`, expected a string`; the value is left out.
fn type_message(text: &str) -> String {
    let Some((found, expected)) = text
        .strip_prefix("invalid type: ")
        .and_then(|rest| rest.rsplit_once(", expected "))
    else {
        return "does not fit the type".to_owned();
    };
    let found = found.split(['`', '"']).next().unwrap_or_default().trim();
    let found = match found {
        "map" => "an object",
        "sequence" => "an array",
        "null" | "unit value" => "null",
        "integer" => "an integer",
        "floating point" => "a fraction",
        "boolean" => "a boolean",
        "string" | "character" => "a string",
        _ => "something else",
    };
    format!("must be {expected}, is {found}")
}
