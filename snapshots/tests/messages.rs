//! Every frame and log payload, as JSON and as bytes. Both forms are read back: what is pinned is what both sides understand.

use im_schema::{catalogue::Entry, topics::TOPICS};
use prost::Message as _;
use prost_reflect::DynamicMessage;
use snapshots::{hex, pretty, sample, samples_of_oneof};

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
    for name in ["Upstream", "Fanout", "DeadLetter"] {
        let name = format!("parlance.internal.v1.{name}");
        insta::assert_snapshot!(name.clone(), both_forms(&name, &sample(&name)));
    }
    for (event, message) in samples_of_oneof("parlance.internal.v1.Downstream", "event") {
        insta::assert_snapshot!(
            format!("downstream_{event}"),
            both_forms("parlance.internal.v1.Downstream", &message)
        );
    }
    assert_eq!(TOPICS.len(), 4, "a new topic needs its payload among the snapshots");
}

#[test]
fn contents() {
    for (kind, message) in samples_of_oneof("parlance.v1.Content", "kind") {
        insta::assert_snapshot!(format!("content_{kind}"), both_forms("parlance.v1.Content", &message));
    }
}
