//! Compiles `proto/` together with the shared definitions of the real schema, of which im-schema has made Rust already.

use build_support::emit::EMITTERS;
use std::{env, error::Error, fs, path::Path};

/// What this schema has nothing for.
const NOT_HERE: [&str; 4] = ["catalogue.rs", "frames.rs", "ids.rs", "topics.rs"];

fn main() -> Result<(), Box<dyn Error>> {
    let out_dir = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR for build scripts")?;
    let out_dir = Path::new(&out_dir);
    let schema_dir = out_dir.join("schema");
    for folder in ["buf/validate", "google/api", "parlance"] {
        fs::create_dir_all(schema_dir.join(folder))?;
    }
    for (from, to) in [
        ("proto/club.proto", "club.proto"),
        ("proto/corpus.proto", "corpus.proto"),
        ("proto/garden.proto", "garden.proto"),
        ("proto/secrets.proto", "secrets.proto"),
        ("../../schema/parlance/errors.proto", "parlance/errors.proto"),
        ("../../schema/parlance/options.proto", "parlance/options.proto"),
        (
            "../../schema/google/api/annotations.proto",
            "google/api/annotations.proto",
        ),
        ("../../schema/google/api/http.proto", "google/api/http.proto"),
        (
            "../../schema/google/api/field_behavior.proto",
            "google/api/field_behavior.proto",
        ),
        (
            "../../schema/buf/validate/validate.proto",
            "buf/validate/validate.proto",
        ),
    ] {
        fs::copy(from, schema_dir.join(to))?;
        println!("cargo:rerun-if-changed={from}");
    }
    let schema = build_support::load(&schema_dir)?.without("parlance");
    fs::write(out_dir.join("descriptor.bin"), &schema.descriptor_set)?;
    for emitter in EMITTERS.iter().filter(|emitter| !NOT_HERE.contains(&emitter.file)) {
        fs::write(out_dir.join(emitter.file), emitter.source(&schema)?)?;
    }
    Ok(())
}
