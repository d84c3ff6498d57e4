//! Typed field masks: which fields of a message an update changes. Generated for every message that a request has an `update_mask` for; what
//! such a mask may not name (fields that do not exist, that only the server sets, that never change) has no place in the type.

use crate::{
    failure::{Failure, Violation},
    wkt::FieldMask,
};

/// A field that a path of a mask may meet, and the fields within it.
#[derive(Debug)]
pub struct Shape {
    /// Name in the schema, which is the one in a mask.
    pub name: &'static str,
    /// Name in JSON.
    pub json_name: &'static str,
    /// Who may set it.
    pub access: Access,
    /// Fields of a single message; empty for everything that a mask can only name as a whole.
    pub fields: &'static [Shape],
}

/// Who may set a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Clients, always.
    Free,
    /// Only the server.
    OutputOnly,
    /// Who makes the message; nobody later.
    Immutable,
}

/// Which fields of a message to change; generated, with a public member for each field that a client may change.
pub trait Mask: Clone + Default + PartialEq {
    /// Every field, those that a mask may not name too.
    const SHAPES: &'static [Shape];
    /// All fields that may be changed.
    fn all() -> Self;
    /// Adds a path of field names. One that leads nowhere, or to what may not be changed, is left out: [`read`] refuses it before.
    fn add(&mut self, path: &str);
    /// Appends the paths of all fields that are to be changed, each behind `prefix`.
    fn paths(&self, prefix: &str, out: &mut Vec<String>);
}

/// A message that can be changed in part; generated.
pub trait Masked: Default {
    /// Says which part.
    type Mask: Mask;
    /// Takes the fields that the mask names from `source`, be they set there or not, and keeps the others. A list, a map or a member of a
    /// oneof is taken as a whole; a message that is named as a whole keeps what in it may not be changed.
    fn merge(&mut self, source: Self, mask: &Self::Mask);
    /// Takes out what only the server sets, at any depth.
    fn clear_output_only(&mut self);
}

/// Which part of a message within a message to change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Part<M> {
    /// None.
    #[default]
    Nothing,
    /// All of it: without a new value it goes.
    Whole,
    /// These fields; a message that is missing is made for them.
    Within(M),
}

impl<M: Mask> Part<M> {
    /// Adds the rest of a path that leads here; no rest is the whole.
    pub fn add(&mut self, rest: Option<&str>) {
        match (self, rest) {
            (Self::Whole, _) => {}
            (Self::Within(mask), Some(rest)) => mask.add(rest),
            (this @ Self::Nothing, Some(rest)) => {
                let mut mask = M::default();
                mask.add(rest);
                *this = Self::Within(mask);
            }
            (this, None) => *this = Self::Whole,
        }
    }

    /// Appends the paths of what is to be changed; `path` is the one that leads here.
    pub fn paths(&self, path: &str, out: &mut Vec<String>) {
        match self {
            Self::Nothing => {}
            Self::Whole => out.push(path.to_owned()),
            Self::Within(mask) => mask.paths(&format!("{path}."), out),
        }
    }
}

/// Changes part of a message within a message.
pub fn merge<T: Masked>(target: &mut Option<T>, source: Option<T>, part: &Part<T::Mask>) {
    match (part, source) {
        (Part::Nothing, _) => {}
        (Part::Whole, None) => *target = None,
        (Part::Whole, Some(mut source)) => match target {
            Some(target) => target.merge(source, &T::Mask::all()),
            None => {
                source.clear_output_only();
                *target = Some(source);
            }
        },
        (Part::Within(mask), source) => {
            target.get_or_insert_default().merge(source.unwrap_or_default(), mask);
        }
    }
}

/// The typed form of a mask that came in the field `field` (its name in JSON). None, or an empty one, names everything that may be changed.
///
/// # Errors
/// `INVALID_ARGUMENT` with a violation for each path that no client may name.
pub fn read<M: Mask>(mask: Option<&FieldMask>, field: &str) -> Result<M, Failure> {
    let Some(mask) = mask.filter(|mask| !mask.paths.is_empty()) else {
        return Ok(M::all());
    };
    let mut violations = Vec::new();
    check::<M>(Some(mask), field, &mut violations);
    if !violations.is_empty() {
        return Err(Failure::violations(violations));
    }
    let mut typed = M::default();
    for path in &mask.paths {
        typed.add(path);
    }
    Ok(typed)
}

/// Notes every path of a mask that no client may name.
pub fn check<M: Mask>(mask: Option<&FieldMask>, field: &str, out: &mut Vec<Violation>) {
    for path in mask.iter().flat_map(|mask| &mask.paths) {
        let (rule, message) = match access(M::SHAPES, path) {
            Some(Access::Free) => continue,
            Some(Access::OutputOnly) => (
                "field_mask.output_only",
                format!("{} is set by the server only", shown(path)),
            ),
            Some(Access::Immutable) => ("field_mask.immutable", format!("{} never changes", shown(path))),
            None => ("field_mask", format!("there is no field {}", shown(path))),
        };
        out.push(Violation {
            field: field.to_owned(),
            rule,
            message: message.into(),
        });
    }
}

/// Who may set the field at `path`; none if there is no such field. What lies within a field is no freer than the field.
pub(crate) fn access(shapes: &[Shape], path: &str) -> Option<Access> {
    let (name, rest) = path
        .split_once('.')
        .map_or((path, None), |(name, rest)| (name, Some(rest)));
    let shape = shapes.iter().find(|shape| shape.name == name)?;
    let within = rest.map_or(Some(Access::Free), |rest| access(shape.fields, rest))?;
    Some(if shape.access == Access::Free {
        within
    } else {
        shape.access
    })
}

/// A path that a client made up, as far as it is repeated to it.
fn shown(path: &str) -> String {
    path.chars().take(64).collect()
}

impl<M: Mask> From<&M> for FieldMask {
    fn from(mask: &M) -> Self {
        let mut paths = Vec::new();
        mask.paths("", &mut paths);
        Self { paths }
    }
}
