//! REST and OpenAPI of a small schema that has every way to bind a request.

#[path = "../tiny/mod.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod tiny;

use build_support::{emit::EMITTERS, model::Schema, openapi};

/// The small schema, with the options that this project declares.
fn library() -> Schema {
    let library = tiny::Tiny::empty()
        .file("library/library.proto", include_str!("library.proto"))
        .file("parlance/errors.proto", include_str!("errors.proto"));
    library.load().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_way_to_bind_a_request() {
    let rest = EMITTERS
        .iter()
        .find(|emitter| emitter.file == "rest.rs")
        .expect("REST is emitted");
    insta::assert_snapshot!(rest.source(&library()).expect("the schema is consistent"));
}

#[test]
fn the_description_of_every_way_to_bind_a_request() {
    let document = openapi(&library());
    assert_eq!(
        document,
        openapi(&library()),
        "the bytes depend on nothing but the schema"
    );
    insta::assert_snapshot!(document);
}
