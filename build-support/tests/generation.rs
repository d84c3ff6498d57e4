//! The generator itself: the same bytes each time and everywhere, and quick enough not to be waited for.

use build_support::{artefacts, generate};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tempfile::TempDir;

const SCHEMA: &str = "../schema";

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Every generated file with its content.
fn generated(schema: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let out = folder();
    generate(schema, out.path()).unwrap_or_else(|error| panic!("{error}"));
    let entries = fs::read_dir(out.path()).expect("the output");
    entries
        .map(|entry| {
            let path = entry.expect("the output").path();
            let content = fs::read(&path).expect("a file");
            (
                path.strip_prefix(out.path()).expect("it is in there").to_owned(),
                content,
            )
        })
        .collect()
}

/// All files of a folder, at any depth.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a folder").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// A copy of the schema whose files were made in another order, so that the file system lists them in another one.
fn copied_backwards() -> TempDir {
    let copy = folder();
    let mut all = Vec::new();
    files(Path::new(SCHEMA), &mut all);
    all.sort();
    for path in all.iter().rev() {
        let target = copy
            .path()
            .join("elsewhere/schema")
            .join(path.strip_prefix(SCHEMA).expect("it is in there"));
        fs::create_dir_all(target.parent().expect("a folder above")).expect("a folder");
        fs::copy(path, target).expect("a copy");
    }
    copy
}

fn names_of_what_differs(one: &BTreeMap<PathBuf, Vec<u8>>, other: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<PathBuf> {
    let names = one.keys().chain(other.keys());
    names
        .filter(|name| one.get(*name) != other.get(*name))
        .cloned()
        .collect()
}

/// Maps are seeded anew for each one that is made, so an order that depends on hashes shows between two runs of one process.
#[test]
fn two_runs_make_the_same_bytes() {
    let once = generated(Path::new(SCHEMA));
    assert!(once.len() > 10, "there is something to compare: {}", once.len());
    assert_eq!(
        names_of_what_differs(&once, &generated(Path::new(SCHEMA))),
        [] as [PathBuf; 0]
    );
}

#[test]
fn neither_the_place_nor_the_order_of_files_nor_the_working_directory_matters() {
    let copy = copied_backwards();
    let schema = copy.path().join("elsewhere/schema");
    let here = generated(Path::new(SCHEMA));
    assert_eq!(names_of_what_differs(&here, &generated(&schema)), [] as [PathBuf; 0]);
    let absolute = fs::canonicalize(SCHEMA).expect("the schema");
    assert_eq!(names_of_what_differs(&here, &generated(&absolute)), [] as [PathBuf; 0]);
}

#[test]
fn what_others_read_depends_on_the_schema_alone() {
    let copy = copied_backwards();
    let root = copy.path().join("elsewhere");
    let contents = |root: &Path| -> BTreeMap<PathBuf, Vec<u8>> {
        let made = artefacts(root).unwrap_or_else(|error| panic!("{error}"));
        made.into_iter()
            .map(|artefact| {
                let path = artefact.path.strip_prefix(root).expect("it is in there").to_owned();
                (path, artefact.content.into_bytes())
            })
            .collect()
    };
    assert_eq!(
        names_of_what_differs(&contents(Path::new("..")), &contents(&root)),
        [] as [PathBuf; 0]
    );
}

/// Time that this thread has run, where the system tells it; it does not count how long others made it wait.
fn busy() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

#[test]
fn generation_takes_less_than_two_seconds() {
    let (started, before) = (Instant::now(), busy());
    generated(Path::new(SCHEMA));
    let took = match (before, busy()) {
        (Some(before), Some(after)) => after - before,
        _ => started.elapsed(),
    };
    assert!(took < Duration::from_secs(2), "it took {took:?} without optimisation");
    eprintln!("generation took {took:?} without optimisation");
}
