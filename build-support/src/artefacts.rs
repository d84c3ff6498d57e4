//! What other people read: generated, checked in byte for byte.

use crate::{
    SchemaError,
    emit::{asyncapi::asyncapi, openapi::openapi, reference::reference, typescript::typescript},
    load,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The command that brings all artefacts up to date, for messages of checks that find one that is not.
pub const MEND: &str = "cargo run -p build-support --bin parlance-schema -- write";

/// A generated file that is checked in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artefact {
    /// Where it is.
    pub path: PathBuf,
    /// What it should hold.
    pub content: String,
}

/// All artefacts of the project in the folder `root`, made of its schema.
///
/// # Errors
/// The first inconsistency of the schema.
pub fn artefacts(root: &Path) -> Result<Vec<Artefact>, SchemaError> {
    let schema = load(root.join("schema"))?;
    let artefact = |path: &str, content| Artefact {
        path: root.join(path),
        content,
    };
    let mut artefacts = vec![
        artefact("openapi/openapi.json", openapi(&schema)),
        artefact("openapi/asyncapi.json", asyncapi(&schema)?),
    ];
    for page in reference(&schema)? {
        artefacts.push(artefact(&format!("openapi/reference/{}", page.path), page.markdown));
    }
    for (name, source) in typescript(&schema)? {
        artefacts.push(artefact(&format!("generated/typescript/src/gen/{name}"), source));
    }
    Ok(artefacts)
}

/// Files among the generated ones that nothing generates any more, such as the page of a call that is gone.
///
/// # Errors
/// Those of the file system.
pub fn left_over(root: &Path, artefacts: &[Artefact]) -> io::Result<Vec<PathBuf>> {
    let mut left = Vec::new();
    let mut folders = vec![
        root.join("openapi/reference"),
        root.join("generated/typescript/src/gen"),
    ];
    while let Some(folder) = folders.pop() {
        if !folder.exists() {
            continue;
        }
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if !artefacts.iter().any(|artefact| artefact.path == path) {
                left.push(path);
            }
        }
    }
    left.sort();
    Ok(left)
}

impl Artefact {
    /// Whether the file holds what it should. A file that is not there does not.
    #[must_use]
    pub fn is_current(&self) -> bool {
        fs::read(&self.path).is_ok_and(|bytes| bytes == self.content.as_bytes())
    }

    /// Writes the file and the folders above it.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.path, &self.content)
    }
}
