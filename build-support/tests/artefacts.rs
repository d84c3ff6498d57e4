//! What is checked in is what the schema says now.

use build_support::{MEND, artefacts, left_over};
use std::path::Path;

#[test]
fn artefacts_are_up_to_date() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let artefacts = artefacts(root).expect("the schema is consistent");
    let stale: Vec<_> = artefacts
        .iter()
        .filter(|artefact| !artefact.is_current())
        .map(|artefact| &artefact.path)
        .collect();
    assert!(stale.is_empty(), "not up to date: {stale:?}; mend it with: {MEND}");
    let left_over = left_over(root, &artefacts).expect("the folder can be read");
    assert!(left_over.is_empty(), "left over: {left_over:?}; mend it with: {MEND}");
}
