//! Makes the vectors of the real schema and of the corpus, and a table from names of messages to their types.

use build_support::{
    emit::{asyncapi, openapi},
    load,
    model::Schema,
    vectors,
};
use serde_json::json;
use std::{env, error::Error, fmt::Write, fs, path::Path};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Outcome {
    let out_dir = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR for build scripts")?;
    let out_dir = Path::new(&out_dir);
    let real = Path::new("../../schema");
    println!("cargo:rerun-if-changed={}", real.display());
    println!("cargo:rerun-if-changed=proto");
    println!("cargo:rerun-if-changed=../corpus/proto");

    // The corpus has no routes; with one for each of its messages it gets an OpenAPI document too.
    let corpus = out_dir.join("schema");
    for part in ["google", "buf", "parlance/options.proto", "parlance/errors.proto"] {
        copy(&real.join(part), &corpus.join(part))?;
    }
    copy(Path::new("../corpus/proto"), &corpus)?;
    copy(Path::new("proto"), &corpus)?;

    let mut arms = String::new();
    for (name, schema, package, krate) in [
        ("real", load(real)?, "parlance.", "im_schema"),
        ("corpus", load(&corpus)?, "corpus.", "schema_corpus"),
    ] {
        write(out_dir, name, &schema, package)?;
        for message in schema
            .messages
            .values()
            .filter(|message| message.full_name.starts_with(package))
        {
            let (full_name, rust) = (&message.full_name, message.rust.replacen("crate", krate, 1));
            writeln!(arms, "{full_name:?} => checked::<{rust}>(json),")?;
        }
    }
    let table = format!("match message {{ {arms} _ => None }}");
    Ok(fs::write(out_dir.join("messages.rs"), table)?)
}

fn write(out_dir: &Path, name: &str, schema: &Schema, package: &str) -> Outcome {
    let mut all = vectors::vectors(schema)?;
    all.retain(|vector| vector.message.starts_with(package));
    fs::write(out_dir.join(format!("{name}.vectors.json")), vectors::to_json(&all))?;
    fs::write(out_dir.join(format!("{name}.openapi.json")), openapi::openapi(schema))?;
    fs::write(out_dir.join(format!("{name}.descriptor.bin")), &schema.descriptor_set)?;
    fs::write(
        out_dir.join(format!("{name}.asyncapi.json")),
        asyncapi::asyncapi(schema)?,
    )?;
    let components =
        json!({"openapi": openapi::component_names(schema), "asyncapi": asyncapi::component_names(schema)?});
    Ok(fs::write(
        out_dir.join(format!("{name}.components.json")),
        components.to_string(),
    )?)
}

fn copy(from: &Path, to: &Path) -> Outcome {
    if from.is_dir() {
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    fs::create_dir_all(to.parent().ok_or("files are in folders")?)?;
    fs::copy(from, to)?;
    Ok(())
}
