//! Freezing releases in a folder of their own.

use build_support::{
    compare::baseline::{baselines, freeze},
    load,
};
use std::{fs, path::Path};

/// A copy of the real schema without its baselines.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the schema") {
        let path = entry.expect("the schema").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() && !path.ends_with("baseline") {
            copy(&path, &target);
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}

/// Without the options that say since when something is stored; each stands behind another option.
fn without_since(mut text: String) -> String {
    const OPTION: &str = "(since) = \"";
    while let Some(at) = text.find(OPTION) {
        let comma = text[..at].rfind(',').expect("an option before it");
        let value = at + OPTION.len();
        let end = text[value..].find('"').expect("a string ends");
        text.replace_range(comma..=value + end, "");
    }
    text
}

#[test]
fn a_release_is_frozen_once_and_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema = folder.path();
    copy(Path::new("../schema"), schema);
    // Its waivers and releases are about baselines that the copy does not have.
    let silence = |name: &str| {
        let path = schema.join(name);
        let text = fs::read_to_string(&path).expect("the schema");
        let kept = text
            .lines()
            .filter(|line| !line.starts_with("option (waivers)") && !line.starts_with("option (parlance.waivers)"));
        let kept = without_since(kept.collect::<Vec<_>>().join("\n"));
        fs::write(&path, kept).expect("the copy");
    };
    for name in load(schema).expect("the copy is consistent").files {
        silence(&name);
    }

    assert!(baselines(schema).expect("none").is_empty());
    let files = freeze(schema, "0.1").expect("the first release");
    assert!(
        files.iter().all(|file| file.starts_with(schema.join("baseline/0.1"))),
        "{files:?}"
    );
    let frozen = baselines(schema).expect("one");
    assert_eq!(frozen.len(), 1);
    assert_eq!(frozen[0].release.to_string(), "0.1");
    assert_eq!(
        frozen[0].schema.files,
        load(schema).expect("the copy is consistent").files
    );

    for (release, words) in [
        ("0.1", "is there already"),
        ("0.3", "does not follow 0.1"),
        ("zero", "`zero` is no release"),
    ] {
        let error = freeze(schema, release).expect_err(release).to_string();
        assert!(error.contains(words), "{error}");
    }
    freeze(schema, "0.2").expect("the next release");

    let path = schema.join("parlance/v1/user.proto");
    let text = fs::read_to_string(&path).expect("the copy");
    fs::write(&path, text.replacen("string about =", "string story =", 1)).expect("the copy");
    let error = freeze(schema, "0.3").expect_err("it breaks 0.2").to_string();
    assert!(
        error.contains("older releases would break") && error.contains("field-renamed"),
        "{error}"
    );
    assert!(!schema.join("baseline/0.3").exists(), "nothing is left behind");
}
