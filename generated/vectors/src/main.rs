//! Writes what the oracle needs into a folder: the vectors and descriptor sets of both schemas, and the cases of ProtoJSON.

use base64::{Engine, prelude::BASE64_STANDARD};
use schema_corpus::cases::{self, Outcome};
use schema_vectors::SOURCES;
use serde_json::{Value, json};
use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args_os().nth(1).ok_or("usage: schema-vectors <folder>")?;
    let folder = PathBuf::from(folder);
    fs::create_dir_all(&folder)?;
    for source in SOURCES {
        fs::write(folder.join(format!("{}.vectors.json", source.name)), source.vectors)?;
        fs::write(
            folder.join(format!("{}.descriptor.bin", source.name)),
            source.descriptor_set,
        )?;
    }
    let all = cases::all().into_iter().map(|case| {
        json!({
            "place": case.place,
            "input": BASE64_STANDARD.encode(&case.input),
            "strict": outcome(&case.strict),
            "lenient": outcome(&case.lenient),
        })
    });
    Ok(fs::write(
        folder.join("cases.json"),
        serde_json::to_string(&all.collect::<Vec<_>>())?,
    )?)
}

/// The value as JSON text, or `null` for a refusal.
fn outcome(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Value(text) => text.as_str().into(),
        Outcome::Broken(..) | Outcome::Malformed => Value::Null,
    }
}
