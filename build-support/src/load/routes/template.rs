//! Path templates: literals and parameters, one a segment.

use std::fmt;

/// A path template, e.g. `/v1/users/{user_id}`.
pub(super) struct Template {
    segments: Vec<Segment>,
}

#[derive(PartialEq, Eq)]
enum Segment {
    Literal(String),
    Parameter(String),
}

impl Template {
    /// Takes a path apart.
    pub(super) fn parse(path: &str) -> Result<Self, String> {
        let Some(rest) = path.strip_prefix('/') else {
            return Err(format!("the path `{path}` does not begin with a slash"));
        };
        let segments = rest
            .split('/')
            .map(|segment| parse_segment(path, segment))
            .collect::<Result<_, _>>()?;
        Ok(Self { segments })
    }

    /// The fields that it binds, in order.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Literal(_) => None,
            Segment::Parameter(name) => Some(name.as_str()),
        })
    }

    /// Whether a path may fit both, with neither being the more special one.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        if self.segments.len() != other.segments.len() {
            return false;
        }
        let (mut mine, mut theirs) = (false, false);
        for pair in self.segments.iter().zip(&other.segments) {
            match pair {
                (Segment::Literal(a), Segment::Literal(b)) if a != b => return false,
                (Segment::Literal(_), Segment::Parameter(_)) => mine = true,
                (Segment::Parameter(_), Segment::Literal(_)) => theirs = true,
                _ => {}
            }
        }
        mine == theirs
    }

    /// Whether a parameter has another name in `other` after the same beginning, which a router cannot hold.
    pub(super) fn renames(&self, other: &Self) -> bool {
        let first = self.segments.iter().zip(&other.segments).find(|(a, b)| a != b);
        matches!(first, Some((Segment::Parameter(_), Segment::Parameter(_))))
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.segments.iter().try_for_each(|segment| match segment {
            Segment::Literal(text) => write!(f, "/{text}"),
            Segment::Parameter(name) => write!(f, "/{{{name}}}"),
        })
    }
}

fn parse_segment(path: &str, segment: &str) -> Result<Segment, String> {
    let name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._".contains(c);
    if let Some(parameter) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        return if !parameter.is_empty() && parameter.chars().all(name) {
            Ok(Segment::Parameter(parameter.to_owned()))
        } else {
            Err(format!(
                "the path `{path}`: `{segment}` is no parameter; patterns are not honoured"
            ))
        };
    }
    let literal = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
    if segment.is_empty() || !segment.chars().all(literal) {
        return Err(format!(
            "the path `{path}`: `{segment}` is neither a literal nor a parameter"
        ));
    }
    Ok(Segment::Literal(segment.to_owned()))
}
