//! REST and OpenAPI of a small schema that has every way to bind a request.

use build_support::{emit::EMITTERS, load, model::Schema, openapi};
use std::{fs, path::Path};

/// The small schema, with the options that this project declares.
fn library(folder: &str) -> Schema {
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("routes").join(folder);
    for part in ["google", "buf", "parlance/options.proto"] {
        copy(&Path::new("../schema").join(part), &to.join(part));
    }
    copy(Path::new("tests/routes/schema"), &to);
    load(&to).unwrap_or_else(|error| panic!("{error}"))
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        for entry in fs::read_dir(from).expect("the folder is there") {
            let entry = entry.expect("the folder can be read");
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::create_dir_all(to.parent().expect("files are in folders")).expect("the target folder can be written");
        fs::copy(from, to).expect("the file can be copied");
    }
}

#[test]
fn every_way_to_bind_a_request() {
    let rest = EMITTERS
        .iter()
        .find(|emitter| emitter.file == "rest.rs")
        .expect("REST is emitted");
    insta::assert_snapshot!(rest.source(&library("rest")).expect("the schema is consistent"));
}

#[test]
fn the_description_of_every_way_to_bind_a_request() {
    let document = openapi(&library("openapi"));
    assert_eq!(
        document,
        openapi(&library("openapi")),
        "the bytes depend on nothing but the schema"
    );
    insta::assert_snapshot!(document);
}
