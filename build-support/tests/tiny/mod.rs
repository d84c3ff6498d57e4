//! Schemas of a few lines: how every test of the compiler makes and loads its own.

use build_support::{SchemaError, model::Schema};
use std::{collections::BTreeMap, fs, path::Path};

/// A catalogue of three reasons.
pub(crate) const REASONS: &str = r#"
enum Reason {
  REASON_UNSPECIFIED = 0;
  // The kettle is empty. Nobody filled it.
  KETTLE_EMPTY = 1 [(error) = {code: FAILED_PRECONDITION, http: 409, advice: "Fill it."}];
  // It is away.
  UNAVAILABLE = 9 [(error) = {code: UNAVAILABLE, http: 503, close: 1013, retryable: true, advice: "Wait."}];
  // A fault.
  INTERNAL = 10 [(error) = {code: INTERNAL, http: 500, advice: "Report it."}];
}
"#;

/// A service without methods of its own, to be put around some.
pub(crate) fn service(methods: &str) -> String {
    format!(
        "service Kitchen {{ {methods} }} message Ask {{ uint64 pot_id = 1; repeated Cup cups = 2; }} message Cup {{}} message Tell {{}}"
    )
}

/// The options that a method needs.
pub(crate) const OPTIONS: &str = "option (parlance.policy) = {caller: USER, rate: READ}; option (parlance.errors) = {};
    option (parlance.call) = {effect: REPEATABLE, timeout: {seconds: 1}, attempts: 2};";

/// One of them.
pub(crate) const CALL: &str = "option (parlance.call) = {effect: READ, timeout: {seconds: 1}, attempts: 2};";

/// What a tiny file begins with: the package `tiny.v1`, and everything that it may want to import.
pub(crate) const HEAD: &str = r#"syntax = "proto3"; package tiny.v1;
import "buf/validate/validate.proto"; import "google/api/annotations.proto"; import "google/api/field_behavior.proto";
import "google/protobuf/any.proto"; import "google/protobuf/field_mask.proto"; import "google/protobuf/timestamp.proto";
import "parlance/options.proto";
"#;

/// The file that it is in, as long as a test does not say otherwise.
pub(crate) const FILE: &str = "tiny/v1/tiny.proto";

/// What is edited: the first text, which is there exactly once, becomes the second.
pub(crate) type Edit<'a> = (&'a str, &'a str);

/// A schema made for a test: files of its own, beside those of the real schema that say what options and rules there are.
#[derive(Debug, Clone)]
pub(crate) struct Tiny {
    files: BTreeMap<String, String>,
}

impl Tiny {
    /// Nothing but options and a catalogue of three reasons.
    pub(crate) fn empty() -> Self {
        let files = BTreeMap::new();
        Self { files }.reasons(REASONS)
    }

    /// One file, `tiny/v1/tiny.proto`, after its head.
    pub(crate) fn of(proto: &str) -> Self {
        Self::empty().file(FILE, &format!("{HEAD}{proto}"))
    }

    /// Another file, or another text of one that is there.
    pub(crate) fn file(mut self, name: &str, text: &str) -> Self {
        self.files.insert(name.to_owned(), text.to_owned());
        self
    }

    /// Another catalogue, from `enum Reason` on.
    pub(crate) fn reasons(self, reasons: &str) -> Self {
        let errors = real(CATALOGUE);
        let (before, _) = errors.split_once("// Why a request").expect("the catalogue comes last");
        self.file(CATALOGUE, &format!("{before}{reasons}"))
    }

    /// The same after some edits, whichever file they are about.
    pub(crate) fn edited(mut self, edits: &[Edit<'_>]) -> Self {
        for (from, to) in edits {
            let name = self.holding(from).to_owned();
            let text = self.files[&name].replace(from, to);
            self.files.insert(name, text);
        }
        self
    }

    /// The file that holds a text, which has to be there exactly once.
    pub(crate) fn holding(&self, text: &str) -> &str {
        let count: usize = self.files.values().map(|file| file.matches(text).count()).sum();
        assert_eq!(count, 1, "`{text}` has to be there once");
        let found = self.files.iter().find(|(_, file)| file.contains(text));
        found.expect("it was counted").0
    }

    /// What the compiler says to it.
    pub(crate) fn load(&self) -> Result<Schema, SchemaError> {
        let folder = tempfile::tempdir().expect("a folder");
        let put = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder above")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        for name in LANGUAGE {
            put(name, &real(name));
        }
        for (name, text) in &self.files {
            put(name, text);
        }
        build_support::load(folder.path())
    }
}

/// Loads a schema of one file with the catalogue above.
pub(crate) fn load(proto: &str) -> Result<Schema, SchemaError> {
    Tiny::of(proto).load()
}

const CATALOGUE: &str = "parlance/errors.proto";

/// Files of the real schema that every schema is written in.
const LANGUAGE: [&str; 5] = [
    "buf/validate/validate.proto",
    "google/api/annotations.proto",
    "google/api/field_behavior.proto",
    "google/api/http.proto",
    "parlance/options.proto",
];

/// A file of the real schema.
fn real(name: &str) -> String {
    let schema = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../schema"));
    fs::read_to_string(schema.join(name)).expect("the real schema")
}
