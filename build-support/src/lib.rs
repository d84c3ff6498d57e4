#![doc = include_str!("../README.md")]

mod artefacts;
pub mod compare;
pub mod corpus;
pub mod emit;
mod error;
pub mod lint;
mod load;
pub mod model;
pub mod vectors;

pub use artefacts::{Artefact, MEND, artefacts, left_over};
pub use emit::{asyncapi::asyncapi, openapi::openapi, reference::reference};
pub use error::SchemaError;
pub use load::{load, load_set};

use std::{fs, path::Path};

/// Compiles the schema in `schema_dir` and writes one file for each of [`emit::EMITTERS`] to `out_dir`, with the descriptor set as
/// `descriptor.bin` beside them. For build scripts: prints what makes cargo run it again.
///
/// # Errors
/// The first inconsistency of the schema; files of earlier emitters may have been written by then.
pub fn generate(schema_dir: impl AsRef<Path>, out_dir: impl AsRef<Path>) -> Result<(), SchemaError> {
    let (schema_dir, out_dir) = (schema_dir.as_ref(), out_dir.as_ref());
    let schema = load(schema_dir)?;
    let write = |name: &str, bytes: &[u8]| {
        let path = out_dir.join(name);
        fs::write(&path, bytes)
            .map_err(|error| SchemaError::new(path.display(), "", format!("cannot be written: {error}")))
    };
    write("descriptor.bin", &schema.descriptor_set)?;
    for emitter in emit::EMITTERS {
        write(emitter.file, emitter.source(&schema)?.as_bytes())?;
    }
    // The folder as a whole, so that a new file counts too.
    #[expect(clippy::print_stdout, reason = "this is how a build script talks to cargo")]
    {
        println!("cargo:rerun-if-changed={}", schema_dir.display());
    }
    Ok(())
}
