//! Every call on gRPC, those between services included: its path, and both messages as bytes, with their JSON for people to read.

use im_schema::{catalogue::Entry, services::METHODS};
use prost::Message as _;
use snapshots::{descriptor, hex, pretty, sample};

fn message(name: &str) -> String {
    let bytes = sample(name).encode_to_vec();
    let entry = Entry::named(name).unwrap_or_else(|| panic!("no generated message {name}"));
    let json = entry
        .to_json(&bytes)
        .expect("the generated code reads what the schema says");
    format!("{name}\n{}\n\n{} bytes\n{}\n", pretty(&json), bytes.len(), hex(&bytes))
}

#[test]
fn calls() {
    for method in METHODS {
        let described = descriptor(method);
        let service = method.service.rsplit('.').next().unwrap_or(method.service);
        insta::assert_snapshot!(
            format!("{service}.{}", method.name),
            format!(
                "{}\n\n--- request: {}\n--- answer: {}",
                method.path,
                message(described.input().full_name()),
                message(described.output().full_name())
            )
        );
    }
}
