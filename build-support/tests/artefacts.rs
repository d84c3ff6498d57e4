//! What is checked in is what the schema says now.

use build_support::{MEND, artefacts};
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
}
