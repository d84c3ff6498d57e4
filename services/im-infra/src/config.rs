//! Configuration: defaults, under a file, under environment variables, under the command line.
//!
//! The defaults are a TOML text that is **complete**: a key that it does not have is unknown, wherever it is given, and the kind
//! of its value is the kind that is expected. An empty table in the defaults is open: it takes any key.
//!
//! * In the environment `PARLANCE_GATEWAY__MAX_FRAME` is the key `gateway.max_frame`: two underscores are a dot. Lists are
//!   written as TOML (`["a", "b"]`) or with commas (`a,b`).
//! * A key whose default is a string may be given as the path of a file that holds it, under its name with `_file` behind
//!   it: `token.secret_file = "/run/secrets/token"`. Line ends at the end of the file are cut off. That is for secrets.
//! * Spans of time are written `"250ms"`, `"30s"`, `"1h30m"` ([`duration`]), sizes `"8KiB"`, `"64MiB"` ([`size`]).
//!
//! Everything that is wrong is told at once, each with its source and, for an unknown key, the known one that is nearest.

pub mod duration;
mod error;
pub mod hot;
mod merge;
mod nearest;
mod secret;
pub mod size;

pub use error::{ConfigError, Fault, Problem, Source};
pub use secret::Secret;

use merge::Merge;
use serde::de::DeserializeOwned;
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// Loads a configuration from `defaults`, the file, the variables of this process that begin with `env_prefix`, and `overrides` from
/// the command line (`("gateway.listen", "127.0.0.1:0")`), the latter above the former.
///
/// # Errors
/// See [`Loader::load`].
pub fn load<T: DeserializeOwned>(
    defaults: &str,
    file: Option<&Path>,
    env_prefix: &str,
    overrides: &[(String, String)],
) -> Result<T, ConfigError> {
    Loader::new(defaults)
        .file(file)
        .environment(env_prefix)
        .overrides(overrides)
        .load()
}

/// Gathers the sources of a configuration.
pub struct Loader<'a> {
    defaults: &'a str,
    file: Option<PathBuf>,
    prefix: String,
    reserved: Vec<String>,
    variables: Vec<(OsString, OsString)>,
    overrides: Vec<(String, String)>,
}

impl<'a> Loader<'a> {
    /// Starts with the complete defaults, a TOML text.
    #[must_use]
    pub fn new(defaults: &'a str) -> Self {
        Self {
            defaults,
            file: None,
            prefix: String::new(),
            reserved: Vec::new(),
            variables: Vec::new(),
            overrides: Vec::new(),
        }
    }

    /// A TOML file, which must be there if it is named.
    #[must_use]
    pub fn file(mut self, path: Option<&Path>) -> Self {
        self.file = path.map(Path::to_owned);
        self
    }

    /// The variables of this process that begin with `prefix`, but for `<prefix>CONFIG`, which by custom names the file.
    #[must_use]
    pub fn environment(self, prefix: &str) -> Self {
        self.variables(prefix, std::env::vars_os())
    }

    /// The same, with given variables.
    #[must_use]
    pub fn variables(mut self, prefix: &str, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        self.prefix = prefix.into();
        self.reserved.push(format!("{prefix}CONFIG"));
        self.variables = variables.into_iter().collect();
        self
    }

    /// Variables that begin with the prefix and are no settings.
    #[must_use]
    pub fn reserved(mut self, names: &[&str]) -> Self {
        self.reserved.extend(names.iter().map(|name| String::from(*name)));
        self
    }

    /// Settings from the command line, key and value; the later ones win.
    #[must_use]
    pub fn overrides(mut self, overrides: &[(String, String)]) -> Self {
        self.overrides.extend_from_slice(overrides);
        self
    }

    /// Puts the sources over each other and reads the result.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] with all unknown keys and wrong values; the other kinds when a source cannot be read at all.
    pub fn load<T: DeserializeOwned>(self) -> Result<T, ConfigError> {
        self.gather()?.read()
    }

    /// Puts the sources over each other. What is wrong with single values is told when they are read.
    ///
    /// # Errors
    /// A source cannot be read at all.
    pub fn gather(self) -> Result<Sources, ConfigError> {
        let mut merge = Merge::new(self.defaults)?;
        if let Some(path) = &self.file {
            merge.file(path)?;
        }
        let mut variables: Vec<(String, String)> = self
            .variables
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string_lossy().into_owned(),
                    value.to_string_lossy().into_owned(),
                )
            })
            .filter(|(name, _)| name.starts_with(&self.prefix) && !self.reserved.contains(name))
            .collect();
        // The environment has no order; problems are told in the same one every time.
        variables.sort();
        for (name, value) in variables {
            let key = name[self.prefix.len()..].to_lowercase().replace("__", ".");
            merge.text(&key, &value, Source::Environment { variable: name });
        }
        for (key, value) in self.overrides {
            merge.text(&key, &value, Source::CommandLine);
        }
        Ok(Sources(merge))
    }
}

/// All sources of a configuration, over each other, as they were when they were gathered.
#[derive(Clone)]
pub struct Sources(Merge);

impl Sources {
    /// The configuration.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] with all unknown keys and wrong values.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        self.0.clone().read()
    }

    /// One value from the registry over everything else. A section is written like `{ per_second = 2, burst = 20 }`.
    fn put(&mut self, key: &str, text: &str) {
        self.0.text(key, text, Source::Registry);
    }
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // there are secrets in them
        f.write_str("Sources(..)")
    }
}

#[cfg(test)]
mod tests;
