//! Every frame and log payload, as JSON and as bytes. Both forms are read back: what is pinned is what both sides understand.

use im_schema::{catalogue::Entry, topics::TOPICS};
use prost::Message as _;
use prost_reflect::DynamicMessage;
use snapshots::{hex, payloads, pretty, sample, samples_of_oneof};

/// A message in both forms, after a round trip through the generated code.
fn both_forms(name: &str, message: &DynamicMessage) -> String {
    let entry = Entry::named(name).unwrap_or_else(|| panic!("no generated message {name}"));
    let bytes = message.encode_to_vec();
    let json = entry
        .to_json(&bytes)
        .expect("the generated code reads what the schema says");
    let back = entry
        .from_json(json.as_bytes())
        .expect("the generated code reads the JSON that it wrote");
    assert_eq!(
        entry.to_json(&back).expect("and writes it again"),
        json,
        "{name} changes on its way through JSON"
    );
    format!("{}\n\n{} bytes\n{}\n", pretty(&json), bytes.len(), hex(&bytes))
}

#[test]
fn client_frames() {
    for (frame, message) in samples_of_oneof("parlance.v1.ClientFrame", "body") {
        insta::assert_snapshot!(
            format!("client_{frame}"),
            both_forms("parlance.v1.ClientFrame", &message)
        );
    }
}

#[test]
fn server_frames() {
    for (frame, message) in samples_of_oneof("parlance.v1.ServerFrame", "body") {
        insta::assert_snapshot!(
            format!("server_{frame}"),
            both_forms("parlance.v1.ServerFrame", &message)
        );
    }
}

#[test]
fn log_payloads() {
    let payloads = payloads();
    assert_eq!(payloads.len(), TOPICS.len(), "every topic has one payload");
    for payload in payloads {
        let name = payload.full_name();
        let mut choices = payload.oneofs().filter(|oneof| !oneof.is_synthetic());
        let Some(choice) = choices.next() else {
            insta::assert_snapshot!(name, both_forms(name, &sample(name)));
            continue;
        };
        for (event, message) in samples_of_oneof(name, choice.name()) {
            let snapshot = format!("{}_{event}", payload.name().to_lowercase());
            insta::assert_snapshot!(snapshot, both_forms(name, &message));
        }
    }
}

#[test]
fn contents() {
    for (kind, message) in samples_of_oneof("parlance.v1.Content", "kind") {
        insta::assert_snapshot!(format!("content_{kind}"), both_forms("parlance.v1.Content", &message));
    }
}
