//! The schema of this project against its own releases.

use build_support::{
    compare::{baseline::baselines, judge},
    corpus, load,
};

#[test]
fn no_release_breaks() {
    let schema = load("../schema").unwrap_or_else(|error| panic!("{error}"));
    let releases = baselines("../schema").unwrap_or_else(|error| panic!("{error}"));
    let verdict = judge(&schema, &releases);
    assert!(verdict.is_clean(), "the schema breaks what was released:\n\n{verdict}");
}

#[test]
fn each_release_is_frozen_as_it_was() {
    for baseline in baselines("../schema").unwrap_or_else(|error| panic!("{error}")) {
        assert_eq!(
            corpus::parse(&baseline.corpus).map(|samples| samples.is_empty()),
            Ok(false),
            "the corpus of {}",
            baseline.release
        );
    }
}
