//! The metrics that dashboards and alerts rely on: their names, their kinds and their labels, of all that the code can count. A page of a
//! running process has those only that it has met so far; the test of im-testkit pins such a page.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const KINDS: [&str; 3] = ["counter", "gauge", "histogram"];

#[test]
fn all_that_is_counted() {
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services");
    let mut found: BTreeMap<String, (&str, BTreeSet<String>)> = BTreeMap::new();
    for source in sources(&services) {
        let code = fs::read_to_string(&source).expect("a source is text");
        for (kind, arguments) in KINDS.iter().flat_map(|kind| calls(&code, kind)) {
            let quoted: Vec<&str> = arguments.split('"').skip(1).step_by(2).collect();
            let name = *quoted.first().expect("a metric's name is written where it is counted");
            let (known, labels) = found.entry(name.to_owned()).or_insert_with(|| (kind, BTreeSet::new()));
            assert_eq!(*known, kind, "{name} is of two kinds");
            let keys = arguments.match_indices("\" =>").map(|(end, _)| &arguments[..end]);
            labels.extend(keys.map(|before| before.rsplit('"').next().unwrap_or_default().to_owned()));
        }
    }
    let line = |(name, (kind, labels)): (&String, &(&str, BTreeSet<String>))| {
        let keys: Vec<&str> = labels.iter().map(String::as_str).collect();
        format!("{name} {kind} {{{}}}", keys.join(", ")).replace(" {}", "")
    };
    insta::assert_snapshot!(found.iter().map(line).collect::<Vec<_>>().join("\n"));
}

/// The sources of the services without their tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of sources");
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") && name != "tests.rs" {
            found.push(path);
        }
    }
    found
}

/// What stands between the brackets of each call of the macro `kind!`, before the tests at the end of a file.
fn calls<'a>(code: &'a str, kind: &'static str) -> impl Iterator<Item = (&'static str, &'a str)> {
    let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let start = format!("{kind}!(");
    let starts = code.match_indices(&start).filter(|(at, _)| !code[..*at].ends_with('_'));
    let starts: Vec<usize> = starts.map(|(at, _)| at + start.len()).collect();
    starts.into_iter().map(move |at| (kind, arguments(&code[at..])))
}

/// The text up to the bracket that closes what was opened before it.
fn arguments(code: &str) -> &str {
    let mut depth = 1;
    let end = code.find(|character| {
        depth += match character {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth == 0
    });
    &code[..end.expect("the call is closed")]
}
