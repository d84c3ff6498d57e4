//! Schemas of a few lines.

use build_support::{SchemaError, model::Schema};
use std::{fs, path::Path};

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

/// Loads a schema of one file, `tiny/v1/tiny.proto`, with the real options and the catalogue above.
pub(crate) fn load(proto: &str) -> Result<Schema, SchemaError> {
    load_with(REASONS, proto)
}

/// Loads a schema of one file with a catalogue of its own.
pub(crate) fn load_with(reasons: &str, proto: &str) -> Result<Schema, SchemaError> {
    let head = r#"syntax = "proto3"; package tiny.v1; import "buf/validate/validate.proto"; import "google/api/annotations.proto";
        import "google/api/field_behavior.proto"; import "google/protobuf/field_mask.proto";
        import "google/protobuf/any.proto"; import "google/protobuf/timestamp.proto"; import "parlance/options.proto";"#;
    load_file(reasons, "tiny/v1/tiny.proto", &format!("{head}\n{proto}"))
}

/// Loads a schema of one file, the whole of which is given with its name.
pub(crate) fn load_file(reasons: &str, name: &str, text: &str) -> Result<Schema, SchemaError> {
    let folder = tempfile::tempdir().expect("a folder");
    let real = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../schema"));
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder above")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    for shared in [
        "buf/validate/validate.proto",
        "google/api/http.proto",
        "google/api/annotations.proto",
        "google/api/field_behavior.proto",
        "parlance/options.proto",
    ] {
        put(shared, &fs::read_to_string(real.join(shared)).expect("the real schema"));
    }
    let errors = fs::read_to_string(real.join("parlance/errors.proto")).expect("the real schema");
    let (before, _) = errors.split_once("// Why a request").expect("the catalogue comes last");
    put("parlance/errors.proto", &format!("{before}{reasons}"));
    put(name, text);
    build_support::load(folder.path())
}
