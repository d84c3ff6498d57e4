//! Whether two releases read each other's bytes: here both are described by descriptors; what the compiled code makes of them is tested
//! beside the other snapshots.

use crate::{
    base::{edited, release},
    tiny::Edit,
};
use build_support::{
    corpus::{self, Sample, agree, written_anew},
    model::Schema,
};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};

fn pool(schema: &Schema) -> DescriptorPool {
    DescriptorPool::decode(schema.descriptor_set.as_slice()).expect("the loader read it")
}

/// What the release's readers and those of the edited schema say to each other's samples.
fn understand(edits: &[Edit<'_>]) -> Result<(), String> {
    let (old, new) = (release(), edited(edits));
    let (old_pool, new_pool) = (pool(&old), pool(&new));
    for sample in corpus::samples(&old) {
        let descriptor = new_pool
            .get_message_by_name(&sample.message)
            .ok_or("the message is gone")?;
        let mut read =
            DynamicMessage::decode(descriptor, sample.bytes.as_slice()).map_err(|error| error.to_string())?;
        // Compiled code does not keep what it does not know.
        forget_unknown(&mut read);
        written_anew(&old_pool, &sample, &read.encode_to_vec(), &[])?;
    }
    let known = |sample: &Sample| old_pool.get_message_by_name(&sample.message).is_some();
    for sample in corpus::samples(&new).into_iter().filter(known) {
        agree(&old_pool, &new_pool, &sample)?;
    }
    Ok(())
}

fn forget_unknown(message: &mut DynamicMessage) {
    let unknown: Vec<_> = message.take_unknown_fields().collect();
    drop(unknown);
}

#[test]
fn what_is_safe_stays_readable() {
    for edits in [
        &[][..],
        &[(
            "string how = 3;",
            "string how = 3; Pot pot = 4; repeated Kind kinds = 5;",
        )],
        &[("KIND_CLAY = 2;", "KIND_CLAY = 2; KIND_GLASS = 3;")],
        &[("Tea tea = 8; }", "Tea tea = 8; Knock soup = 10; }")],
        &[("uint32 litres = 6", "uint32 volume = 6")],
    ] {
        assert_eq!(understand(edits), Ok(()), "{edits:?}");
    }
}

#[test]
fn what_is_lost_is_told() {
    for (edits, words) in [
        (
            &[("string how = 3;", "")][..],
            "tiny.v1.Boiled.how is there for one release and not for the other",
        ),
        (
            &[("string how = 3", "string how = 4")],
            "tiny.v1.Boiled.how is there for",
        ),
        (&[("string how = 3", "uint32 how = 3")], "invalid wire type"),
        (
            &[("uint64 cook_id = 2", "uint32 cook_id = 2")],
            "tiny.v1.Boiled.cook_id is",
        ),
        (&[("uint64 cook_id = 2", "fixed64 cook_id = 2")], "invalid wire type"),
        (
            &[("Knock knock = 3", "Knock knock = 4")],
            "tiny.v1.ClientFrame.knock is there for",
        ),
        (&[("repeated uint32 sizes", "uint32 sizes")], "invalid wire type"),
    ] {
        let why = understand(edits).expect_err(&format!("{edits:?}"));
        assert!(why.contains(words), "{edits:?}: {why}");
    }
}

#[test]
fn a_corpus_is_the_same_each_time_and_can_be_read() {
    let text = corpus::write(&release());
    assert_eq!(text, corpus::write(&release()));
    assert_eq!(corpus::parse(&text), Ok(corpus::samples(&release())));
    insta::assert_snapshot!(text);
    for line in ["tiny.v1.Boiled full", "tiny.v1.Boiled full 0", "tiny.v1.Boiled full zz"] {
        assert!(corpus::parse(line).is_err(), "{line}");
    }
}
