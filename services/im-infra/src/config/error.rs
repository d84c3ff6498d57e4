//! What can be wrong with a configuration, told so that it can be put right.

use std::{fmt, io, path::PathBuf};

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The defaults are not TOML: a mistake in the program.
    #[error("the default configuration cannot be read")]
    Defaults(#[source] toml::de::Error),
    /// The file cannot be opened or is not text.
    #[error("read configuration file {path}", path = path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is not TOML.
    #[error("configuration file {path} line {line}", path = path.display())]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
        /// Why.
        #[source]
        source: toml::de::Error,
    },
    /// Settings that are unknown or wrong.
    #[error("{}", listed(.0))]
    Invalid(Vec<Problem>),
}

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The program's own defaults.
    Default,
    /// A line of the configuration file, from 1.
    File {
        /// Which file.
        path: PathBuf,
        /// Where.
        line: usize,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        variable: String,
    },
    /// A flag.
    CommandLine,
    /// The registry, from which a running process takes it.
    Registry,
}

/// One setting that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The setting, e.g. `gateway.listen`.
    pub key: String,
    /// Where it was given.
    pub source: Source,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// There is no such setting.
    Unknown {
        /// The known one that is nearest, if any is near.
        nearest: Option<String>,
    },
    /// The value is of another kind.
    WrongType {
        /// What is expected, e.g. `a whole number`.
        expected: &'static str,
        /// What was given, e.g. `a string`.
        found: &'static str,
    },
    /// The value is of the right kind but means nothing; why.
    Invalid(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("built-in default"),
            Self::File { path, line } => write!(f, "{} line {line}", path.display()),
            Self::Environment { variable } => write!(f, "environment variable {variable}"),
            Self::CommandLine => f.write_str("command line"),
            Self::Registry => f.write_str("registry"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, source, fault } = self;
        match fault {
            Fault::Unknown { nearest: None } => write!(f, "unknown setting `{key}` ({source})"),
            Fault::Unknown { nearest: Some(known) } => {
                write!(f, "unknown setting `{key}` ({source}): did you mean `{known}`?")
            }
            Fault::WrongType { expected, found } => {
                write!(f, "setting `{key}` ({source}) must be {expected}, not {found}")
            }
            Fault::Invalid(why) => write!(f, "setting `{key}` ({source}): {why}"),
        }
    }
}

fn listed(problems: &[Problem]) -> String {
    match problems {
        [one] => one.to_string(),
        many => {
            let lines = many.iter().map(|problem| format!("\n  {problem}"));
            format!("{} settings are wrong:{}", many.len(), lines.collect::<String>())
        }
    }
}
