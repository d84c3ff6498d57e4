//! How much is logged.

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};
use tracing_subscriber::{EnvFilter, Registry, reload};

/// What is logged: a level (`info`), and levels for parts of the program (`info,im_logic=debug`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Level(String);

/// The text is no level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no log level: write it like \"info\" or \"info,im_logic=debug\"")]
pub struct NoLevel(String);

/// Crates that log content at trace.
const TELL_ALL: [&str; 5] = ["tungstenite", "tokio_tungstenite", "h2", "hyper", "rustls"];
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

impl Level {
    /// The filter, in which the crates that would write out what goes over the wire say no more than their debug level, whatever was asked for:
    /// at trace, tungstenite logs every frame with its content, and the handshake with its token.
    pub(super) fn filter(&self) -> EnvFilter {
        let filter = EnvFilter::try_new(&self.0).expect("it was tried when it was parsed");
        if !self.0.to_lowercase().contains("trace") {
            return filter;
        }
        TELL_ALL.iter().fold(filter, |filter, name| {
            let capped = format!("{name}=debug").parse().expect("it is written like a directive");
            filter.add_directive(capped)
        })
    }
}

impl Default for Level {
    fn default() -> Self {
        Self("info".into())
    }
}

impl FromStr for Level {
    type Err = NoLevel;

    fn from_str(text: &str) -> Result<Self, NoLevel> {
        // A bare word that is no level would be taken for the name of a part of the program, and all else be silent.
        let known = |part: &str| part.contains(['=', '[']) || LEVELS.contains(&part.trim().to_lowercase().as_str());
        if text.split(',').all(known) && EnvFilter::try_new(text).is_ok() {
            Ok(Self(text.into()))
        } else {
            Err(NoLevel(text.into()))
        }
    }
}

impl TryFrom<String> for Level {
    type Error = NoLevel;

    fn try_from(text: String) -> Result<Self, NoLevel> {
        text.parse()
    }
}

impl From<Level> for String {
    fn from(level: Level) -> Self {
        level.0
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Changes the level while the process runs; clones are the same.
#[derive(Clone)]
pub struct LevelHandle {
    filter: reload::Handle<EnvFilter, Registry>,
    current: Arc<RwLock<Level>>,
}

impl LevelHandle {
    pub(super) fn new(filter: reload::Handle<EnvFilter, Registry>, level: Level) -> Self {
        Self {
            filter,
            current: Arc::new(RwLock::new(level)),
        }
    }

    /// The level now.
    #[must_use]
    pub fn get(&self) -> Level {
        self.current.read().clone()
    }

    /// Logs so much from now on.
    pub fn set(&self, level: &Level) {
        let mut current = self.current.write();
        if *current != *level {
            // Fails only where another subscriber than ours is installed, whose level is not ours to set.
            let _ = self.filter.reload(level.filter());
            *current = level.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_what_the_filter_takes() {
        for text in ["info", "WARN", "off", "info,im_logic=debug", "warn,im_infra::log=trace"] {
            assert_eq!(text.parse::<Level>().unwrap().to_string(), text);
        }
        for text in ["", "loud", "info,im_logic=loud", "inf"] {
            assert_eq!(text.parse::<Level>().unwrap_err(), NoLevel(text.into()));
        }
    }
}
