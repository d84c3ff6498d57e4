//! Every inconsistency stops the build with a message that names file, element and reason.

mod calls;
mod fields;
mod methods;
mod surfaces;

use crate::tiny::{OPTIONS, load, service};

/// Fails unless the schema is refused with a message that names the element and holds the words.
fn refused(proto: &str, element: &str, words: &str) {
    let error = match load(proto) {
        Ok(_) => panic!("taken, but should be refused with `{words}`: {proto}"),
        Err(error) => error.to_string(),
    };
    let place = format!("tiny/v1/tiny.proto: {element}: ");
    assert!(
        error.starts_with(&place) && error.contains(words),
        "`{place}…{words}` expected, but it is:\n{error}"
    );
}

#[test]
fn the_tiny_schemas_are_fine_without_a_mistake() {
    load(&service(&format!("rpc Do(Ask) returns (Tell) {{ {OPTIONS} }}"))).expect("no mistake");
    load("message M {}").expect("no mistake");
}
