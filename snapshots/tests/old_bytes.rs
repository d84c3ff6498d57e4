//! What a release wrote, today's code reads, and the other way round: records in the log, frames, and what is stored.

use build_support::{
    SchemaError,
    compare::baseline::{Baseline, baselines},
    corpus::{self, Sample, agree, written_anew},
    load,
    model::Schema,
};
use im_schema::{catalogue::Entry, frame::Direction, frames::FRAMES, topics::TOPICS};
use prost_reflect::{DescriptorPool, DynamicMessage};
use std::collections::BTreeSet;

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema");

fn today() -> Schema {
    load(SCHEMA).unwrap_or_else(|error| panic!("{error}"))
}

/// Each release with its descriptors and the samples that it froze.
fn releases() -> Vec<(Baseline, DescriptorPool, Vec<Sample>)> {
    let read = |baseline: Baseline| {
        let pool = DescriptorPool::decode(baseline.schema.descriptor_set.as_slice()).expect("the loader read it");
        let samples = corpus::parse(&baseline.corpus).unwrap_or_else(|error| panic!("{}: {error}", baseline.release));
        (baseline, pool, samples)
    };
    let found: Result<Vec<Baseline>, SchemaError> = baselines(SCHEMA);
    found
        .unwrap_or_else(|error| panic!("{error}"))
        .into_iter()
        .map(read)
        .collect()
}

/// What the schema gave up on purpose: it may get lost.
fn given_up(schema: &Schema) -> Vec<&str> {
    schema.waivers.iter().map(|waiver| waiver.element.as_str()).collect()
}

/// Fails unless today's code reads a sample and writes it anew without losing what the release of `pool` knows.
fn is_readable(pool: &DescriptorPool, sample: &Sample, given_up: &[&str]) -> Result<(), String> {
    let Some(entry) = Entry::named(&sample.message) else {
        // The gate refused that, unless it is waived.
        return Ok(());
    };
    let anew = entry
        .anew(&sample.bytes)
        .map_err(|error| format!("{} cannot be read: {error}", sample.message))?;
    written_anew(pool, sample, &anew, given_up)
}

#[test]
fn todays_code_reads_what_each_release_wrote() {
    let schema = today();
    for (baseline, pool, samples) in releases() {
        for sample in samples {
            is_readable(&pool, &sample, &given_up(&schema))
                .unwrap_or_else(|why| panic!("written by {} ({}): {why}", baseline.release, sample.variant));
        }
    }
}

#[test]
fn todays_code_reads_the_text_frames_of_each_release() {
    let schema = today();
    for (baseline, pool, samples) in releases() {
        for sample in samples.iter().filter(|sample| sample.message.ends_with("Frame")) {
            let descriptor = pool
                .get_message_by_name(&sample.message)
                .expect("it is a message of the release");
            let written = DynamicMessage::decode(descriptor, sample.bytes.as_slice()).expect("so are its bytes");
            let json = serde_json::to_string(&written).expect("a message has a form in JSON");
            let Some(entry) = Entry::named(&sample.message) else {
                continue;
            };
            let read = entry
                .from_json(json.as_bytes())
                .unwrap_or_else(|why| panic!("written by {}: {json}: {why:?}", baseline.release));
            written_anew(&pool, sample, &read, &given_up(&schema))
                .unwrap_or_else(|why| panic!("written by {} as {json}: {why}", baseline.release));
        }
    }
}

#[test]
fn each_release_reads_what_todays_code_writes() {
    let schema = today();
    let theirs = DescriptorPool::decode(schema.descriptor_set.as_slice()).expect("the loader read it");
    for (baseline, pool, _) in releases() {
        let known = |sample: &Sample| pool.get_message_by_name(&sample.message).is_some();
        for mut sample in corpus::samples(&schema).into_iter().filter(known) {
            // What the compiled code writes, not what the descriptors would.
            let entry = Entry::named(&sample.message).expect("it is a message of today");
            sample.bytes = entry.anew(&sample.bytes).expect("so are its bytes");
            agree(&pool, &theirs, &sample)
                .unwrap_or_else(|why| panic!("read by {} ({}): {why}", baseline.release, sample.variant));
        }
    }
}

#[test]
fn the_corpus_holds_all_that_is_stored_or_sent() {
    let schema = today();
    let samples = corpus::samples(&schema);
    let messages: BTreeSet<&str> = samples.iter().map(|sample| sample.message.as_str()).collect();
    assert_eq!(schema.topics().count(), TOPICS.len());
    for (message, _) in schema.topics() {
        assert!(messages.contains(message.full_name.as_str()), "{}", message.full_name);
    }
    assert!(messages.contains("parlance.v1.Content"), "the database holds contents");
    for frame in FRAMES {
        let message = match frame.direction {
            Direction::Client => "parlance.v1.ClientFrame",
            Direction::Server => "parlance.v1.ServerFrame",
        };
        let holds = |sample: &Sample| sample.message == message && sample.variant == frame.name;
        assert!(samples.iter().any(holds), "{}", frame.name);
    }
}

#[test]
fn a_loss_would_be_seen() {
    let schema = today();
    let pool = DescriptorPool::decode(schema.descriptor_set.as_slice()).expect("the loader read it");
    let samples = corpus::samples(&schema);
    let full = samples
        .iter()
        .find(|sample| sample.message == "parlance.v1.Text" && sample.variant == "full");
    let sample = full.expect("it is stored within contents");
    assert_eq!(is_readable(&pool, sample, &[]), Ok(()));
    let why = written_anew(&pool, sample, &[], &[]).expect_err("everything is lost");
    let text = pool.get_message_by_name("parlance.v1.Text").expect("it has a sample");
    let fields: Vec<_> = text.fields().map(|field| field.full_name().to_owned()).collect();
    assert!(fields.iter().any(|field| why.contains(field)), "{why}");
    let given_up: Vec<_> = fields.iter().map(String::as_str).collect();
    assert_eq!(written_anew(&pool, sample, &[], &given_up), Ok(()), "it is given up");
}
