use std::fmt;

/// An inconsistency of the schema: it stops the build.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SchemaError {
    file: String,
    element: String,
    reason: String,
}

impl SchemaError {
    /// Something is wrong with `element` (a full name like `parlance.v1.Message.sequence`; empty for the whole file) in `file`.
    pub fn new(file: impl fmt::Display, element: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self {
            file: file.to_string(),
            element: element.to_string(),
            reason: reason.to_string(),
        }
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.element.as_str() {
            "" => write!(f, "{}: {}", self.file, self.reason),
            element => write!(f, "{}: {element}: {}", self.file, self.reason),
        }
    }
}
