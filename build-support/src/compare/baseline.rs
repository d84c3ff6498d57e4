//! Baselines: what was released, frozen under `schema/baseline/`, one folder a release.
//!
//! | file | what it is |
//! | --- | --- |
//! | `schema.binpb` | the descriptor set, with all options and comments |
//! | `corpus.txt` | records, frames and contents as the release writes them, see [`crate::corpus`] |

use super::judge;
use crate::{SchemaError, corpus, load, load_set, model::Schema};
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Folder of the baselines in the folder of the schema.
const FOLDER: &str = "baseline";
const SCHEMA: &str = "schema.binpb";
const CORPUS: &str = "corpus.txt";

/// A release: major and minor number; patches do not change the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    major: u32,
    minor: u32,
}

impl Release {
    /// Whether a release may come right after this one: `0.2` and `1.0` after `0.1`.
    #[must_use]
    pub fn may_precede(self, next: Self) -> bool {
        let minor = next.major == self.major && next.minor == self.minor + 1;
        minor || (next.major == self.major + 1 && next.minor == 0)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Release {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no release: it is written like `0.2`");
        let (major, minor) = text.split_once('.').ok_or_else(wrong)?;
        let number = |part: &str| part.parse::<u32>().ok().filter(|number| number.to_string() == part);
        Ok(Self {
            major: number(major).ok_or_else(wrong)?,
            minor: number(minor).ok_or_else(wrong)?,
        })
    }
}

/// A release and what it promised.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// Which release.
    pub release: Release,
    /// Its schema.
    pub schema: Schema,
    /// What it writes, in the form of [`corpus::parse`].
    pub corpus: String,
}

/// All baselines of the schema in a folder, the oldest first.
///
/// # Errors
/// A baseline that cannot be read: a file is missing, its folder's name is no release, or today's loader does not take its schema. In
/// that case `load/` has to know what it means that the release did not say what must be said today.
pub fn baselines(schema_dir: impl AsRef<Path>) -> Result<Vec<Baseline>, SchemaError> {
    let folder = schema_dir.as_ref().join(FOLDER);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))? {
        let path = entry.map_err(|error| unreadable(&folder, &error))?.path();
        if path.is_dir() {
            found.push(read(&path)?);
        }
    }
    found.sort_by_key(|baseline| baseline.release);
    Ok(found)
}

fn read(folder: &Path) -> Result<Baseline, SchemaError> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let release = name
        .parse()
        .map_err(|why: String| SchemaError::new(folder.display(), "", why))?;
    let path = folder.join(SCHEMA);
    let bytes = fs::read(&path).map_err(|error| unreadable(&path, &error))?;
    let schema = load_set(bytes)
        .map_err(|error| SchemaError::new(path.display(), "", format!("is not understood any more: {error}")))?;
    let path = folder.join(CORPUS);
    let corpus = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
    Ok(Baseline {
        release,
        schema,
        corpus,
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> SchemaError {
    SchemaError::new(path.display(), "", format!("cannot be read: {error}"))
}

/// Makes the schema of today the baseline of a release; which files that wrote.
///
/// # Errors
/// The schema is not consistent or breaks an older release, the release does not follow the newest one, or it is there already: what was
/// released does not change any more.
pub fn freeze(schema_dir: impl AsRef<Path>, release: &str) -> Result<Vec<PathBuf>, SchemaError> {
    let schema_dir = schema_dir.as_ref();
    let folder = schema_dir.join(FOLDER).join(release);
    let wrong = |why: String| SchemaError::new(folder.display(), "", why);
    let release: Release = release.parse().map_err(wrong)?;
    if folder.exists() {
        return Err(wrong(
            "is there already; what was released does not change any more. If it never was, delete the folder".into(),
        ));
    }
    let older = baselines(schema_dir)?;
    if let Some(newest) = older.last()
        && !newest.release.may_precede(release)
    {
        return Err(wrong(format!("does not follow {}, the newest release", newest.release)));
    }
    let schema = load(schema_dir)?;
    let verdict = judge(&schema, &older);
    if !verdict.is_clean() {
        return Err(wrong(format!("older releases would break:\n{verdict}")));
    }
    let files = vec![
        (folder.join(SCHEMA), schema.descriptor_set.clone()),
        (folder.join(CORPUS), corpus::write(&schema).into_bytes()),
    ];
    fs::create_dir_all(&folder).map_err(|error| wrong(format!("cannot be made: {error}")))?;
    for (path, bytes) in &files {
        fs::write(path, bytes).map_err(|error| wrong(format!("cannot be written: {error}")))?;
    }
    Ok(files.into_iter().map(|(path, _)| path).collect())
}
