//! What a comparison finds.

use super::Change;
use std::fmt;

/// What somebody relies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Surface {
    /// Protobuf between peers: gRPC and binary WebSocket frames.
    Wire,
    /// JSON between peers: REST, text WebSocket frames, TypeScript.
    Json,
    /// Paths, verbs, bodies and statuses of HTTP.
    Rest,
    /// Records that lie in the log, and contents in the database.
    Stored,
    /// What happens, although every byte can still be read.
    Behaviour,
    /// What must stay closed or secret.
    Security,
}

impl fmt::Display for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wire => "wire",
            Self::Json => "JSON",
            Self::Rest => "REST",
            Self::Stored => "stored",
            Self::Behaviour => "behaviour",
            Self::Security => "security",
        })
    }
}

/// Somebody whom a change breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// By what.
    pub surface: Surface,
    /// Who, and how.
    pub how: String,
}

/// A change that breaks somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of change.
    pub change: Change,
    /// The file where the element stands, or stood.
    pub file: String,
    /// Full name of what changed, as the release knows it.
    pub element: String,
    /// As it was.
    pub old: String,
    /// As it is.
    pub new: String,
    /// Who breaks.
    pub hits: Vec<Hit>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            change,
            file,
            element,
            old,
            new,
            hits,
        } = self;
        writeln!(f, "{file}: {element}: {}", change.code())?;
        writeln!(f, "    was: {old}")?;
        writeln!(f, "    is:  {new}")?;
        for Hit { surface, how } in hits {
            writeln!(f, "    breaks {surface}: {how}")?;
        }
        write!(
            f,
            "    undo it, or say in {file} why it is meant:\n    option (parlance.waivers) = {{element: \"{element}\", change: \"{}\", reason: \"…\"}};",
            change.code()
        )
    }
}

/// What a finding is about.
#[derive(Debug, Clone)]
pub(super) struct Place {
    file: String,
    element: String,
}

impl Place {
    /// An element by its full name, and the file where it stands or stood.
    pub(super) fn new(file: &str, element: String) -> Self {
        Self {
            file: file.to_owned(),
            element,
        }
    }
}

/// Where the comparison writes down what it finds.
#[derive(Debug, Default)]
pub(super) struct Findings(pub(super) Vec<Finding>);

impl Findings {
    /// Adds one; nobody breaks if there are no `hits`, so then there is none.
    pub(super) fn add(
        &mut self,
        change: Change,
        place: Place,
        old: impl fmt::Display,
        new: impl fmt::Display,
        hits: Vec<Hit>,
    ) {
        if hits.is_empty() {
            return;
        }
        let Place { file, element } = place;
        self.0.push(Finding {
            change,
            file,
            element,
            old: old.to_string(),
            new: new.to_string(),
            hits,
        });
    }
}

/// Somebody whom a change breaks.
pub(super) fn hit(surface: Surface, how: impl Into<String>) -> Hit {
    Hit {
        surface,
        how: how.into(),
    }
}
