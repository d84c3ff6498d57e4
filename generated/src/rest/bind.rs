//! The binder: makes a request of path, query and body, and remembers everything that is wrong with them.

use super::{
    mask::{self, Wishes},
    parse::{Parsed, Refusal},
    query,
};
use crate::{
    failure::{Failure, Violation},
    json,
    mask::{Access, Mask as _, Masked},
    parlance::Reason,
    rpc::Validate,
    wkt::FieldMask,
};
use bytes::Bytes;
use serde::de::{DeserializeOwned, IgnoredAny};

/// Path, query and body of one request. The generated code asks for the body first, then for the parameters, then calls
/// [`Binder::finish`].
#[derive(Debug)]
pub struct Binder {
    path: Vec<(Box<str>, Box<str>)>,
    query: Box<str>,
    json: bool,
    body: Bytes,
    seen: Vec<&'static str>,
    violations: Vec<Violation>,
    body_is_broken: bool,
}

impl Binder {
    pub(super) fn new(path: Vec<(Box<str>, Box<str>)>, query: Box<str>, json: bool, body: Bytes) -> Self {
        Self {
            path,
            query,
            json,
            body,
            seen: Vec::new(),
            violations: Vec::new(),
            body_is_broken: false,
        }
    }

    /// The request of a route that takes no body. An empty object is as good as none; anything else would be dropped in silence and is
    /// therefore a violation.
    pub fn no_body<T: Default>(&mut self) -> T {
        let body = self.body.trim_ascii();
        if !body.is_empty() && body != b"{}" {
            self.refuse(
                "",
                Refusal {
                    rule: "body",
                    message: "this route takes no body".into(),
                },
            );
        }
        T::default()
    }

    /// The request as the body has it; no body is an empty object.
    ///
    /// # Errors
    /// `UNSUPPORTED_MEDIA_TYPE` or `MALFORMED`. What is well-formed and wrong is remembered for [`Binder::finish`].
    pub fn whole_body<T: DeserializeOwned + Default>(&mut self) -> Result<T, Failure> {
        if self.body.is_empty() {
            return Ok(T::default());
        }
        self.demand_json()?;
        self.keep(json::from_slice(&self.body))
    }

    /// The request with the body in the place of the field that has this name in JSON; no body leaves the field absent.
    ///
    /// # Errors
    /// As for [`Binder::whole_body`].
    pub fn field_body<T: DeserializeOwned + Default>(&mut self, json_name: &'static str) -> Result<T, Failure> {
        if self.body.is_empty() {
            return Ok(T::default());
        }
        self.demand_json()?;
        // it must be one JSON value by itself: what follows wraps it, and nothing must slip out of the wrapping
        serde_json::from_slice::<IgnoredAny>(&self.body)
            .map_err(|error| Failure::new(Reason::Malformed, error.to_string()))?;
        let wrapped = [format!("{{\"{json_name}\":").as_bytes(), &self.body, b"}"].concat();
        self.keep(json::from_slice(&wrapped))
    }

    /// Binds a parameter of the path. A body that sets the same field to another value contradicts it.
    pub fn path<T: PartialEq + Default>(
        &mut self,
        parameter: &'static str,
        field: &'static str,
        parse: impl Fn(&str) -> Parsed<T>,
        target: &mut T,
    ) {
        let text = self
            .path
            .iter()
            .find(|(name, _)| **name == *parameter)
            .map_or("", |(_, text)| text);
        match parse(text) {
            Ok(value) if *target == T::default() || *target == value => *target = value,
            Ok(_) => self.refuse(
                field,
                Refusal {
                    rule: "path",
                    message: "the body contradicts the path".into(),
                },
            ),
            Err(refusal) => self.refuse(field, refusal),
        }
    }

    /// The parameters of the query, decoded; those that cannot be are violations.
    pub fn query(&mut self) -> Vec<(String, String)> {
        let text = std::mem::take(&mut self.query);
        let mut pairs = Vec::new();
        for pair in query::pairs(&text) {
            match pair {
                Ok(pair) => pairs.push(pair),
                Err(broken) => {
                    let name = broken.split_once('=').map_or(broken, |(name, _)| name);
                    self.refuse(
                        &shortened(name),
                        Refusal {
                            rule: "encoding",
                            message: "must be percent-encoded UTF-8".into(),
                        },
                    );
                }
            }
        }
        pairs
    }

    /// Binds a parameter of the query that may be given once.
    pub fn one<T>(&mut self, field: &'static str, text: &str, parse: impl Fn(&str) -> Parsed<T>, target: &mut T) {
        if self.seen.contains(&field) {
            return self.refuse(
                field,
                Refusal {
                    rule: "duplicate_parameter",
                    message: "may be given once".into(),
                },
            );
        }
        self.seen.push(field);
        match parse(text) {
            Ok(value) => *target = value,
            Err(refusal) => self.refuse(field, refusal),
        }
    }

    /// Binds a parameter of the query that may be given several times.
    pub fn many<T>(&mut self, field: &'static str, text: &str, parse: impl Fn(&str) -> Parsed<T>, target: &mut Vec<T>) {
        match parse(text) {
            Ok(value) => target.push(value),
            Err(refusal) => self.refuse(&format!("{field}[{}]", target.len()), refusal),
        }
    }

    /// A parameter of the query that the schema does not know.
    pub fn unknown(&mut self, name: &str) {
        self.refuse(
            &shortened(name),
            Refusal {
                rule: "unknown_parameter",
                message: "this route has no such parameter".into(),
            },
        );
    }

    /// Completes the mask of a PATCH whose body is the field `body`: without one in the query, or with an empty one, it names the fields
    /// that the body has, be they empty or null. A body without fields is refused, since an empty mask means everything elsewhere, and so
    /// is one that has fields which no client may change.
    pub fn mask<T: Masked>(&mut self, body: &'static str, target: &mut Option<FieldMask>) {
        if target.as_ref().is_some_and(|mask| !mask.paths.is_empty()) {
            return;
        }
        // what is no JSON has been refused before, and without a body the field is absent, which its rules judge
        let Ok(value) = serde_json::from_slice(&self.body) else {
            return;
        };
        let wishes = mask::present(&value, T::Mask::SHAPES);
        if wishes == Wishes::default() && !self.body_is_broken {
            self.refuse(
                body,
                Refusal {
                    rule: "patch",
                    message: "names no field to change".into(),
                },
            );
        }
        for (path, access) in wishes.refused {
            let (rule, message) = match access {
                Access::OutputOnly => ("output_only", "is set by the server only"),
                Access::Immutable | Access::Free => ("immutable", "never changes"),
            };
            let message = message.into();
            self.refuse(&format!("{body}.{path}"), Refusal { rule, message });
        }
        *target = Some(FieldMask { paths: wishes.paths });
    }

    /// The request, if nothing is wrong with it. If something is, the rules of the schema are checked too, so that the client learns
    /// everything at once; without, that is left to the layer which checks them on every transport.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with every violation.
    pub fn finish<T: Validate>(mut self, request: T) -> Result<T, Failure> {
        if self.violations.is_empty() {
            return Ok(request);
        }
        if !self.body_is_broken {
            let mut broken = Vec::new();
            request.check(&mut broken);
            broken.retain(|rule| self.violations.iter().all(|violation| violation.field != rule.field));
            self.violations.append(&mut broken);
        }
        Err(Failure::violations(self.violations))
    }

    fn demand_json(&self) -> Result<(), Failure> {
        if self.json {
            Ok(())
        } else {
            Err(Failure::new(
                Reason::UnsupportedMediaType,
                "the body must be application/json",
            ))
        }
    }

    /// Remembers violations of a body and goes on without it; other failures end the reading.
    fn keep<T: Default>(&mut self, body: Result<T, Failure>) -> Result<T, Failure> {
        match body {
            Err(failure) if failure.reason() == Reason::InvalidArgument => {
                self.violations.extend_from_slice(failure.broken_rules());
                self.body_is_broken = true;
                Ok(T::default())
            }
            other => other,
        }
    }

    fn refuse(&mut self, field: &str, refusal: Refusal) {
        self.violations.push(Violation {
            field: field.to_owned(),
            rule: refusal.rule,
            message: refusal.message,
        });
    }
}

/// A name that a client made up, as far as it is repeated to it.
fn shortened(name: &str) -> String {
    name.chars()
        .filter(|character| !character.is_control())
        .take(64)
        .collect()
}
