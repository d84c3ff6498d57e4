//! Several payloads in one record.

use im_schema::{
    internal::v1::{DeadLetter, Downstream, Upstream},
    parlance::Reason,
    topic::{TopicPayload, pack, unpack, unpack_shared},
    topics::TOPICS,
};

fn letter(offset: u64) -> DeadLetter {
    DeadLetter {
        topic: "t".into(),
        offset,
        payload: vec![offset as u8; 5].into(),
        ..DeadLetter::default()
    }
}

#[test]
fn what_is_packed_comes_out_in_order() {
    let letters = [letter(1), letter(2), DeadLetter::default(), letter(3)];
    let record = pack(&letters);
    assert_eq!(unpack::<DeadLetter>(&record).expect("whole"), letters);
    assert_eq!(unpack_shared::<DeadLetter>(record).expect("whole"), letters);
    assert!(unpack::<DeadLetter>(&pack::<DeadLetter>([])).expect("empty").is_empty());
}

#[test]
fn a_record_that_is_cut_off_is_refused_at_every_byte_but_the_seams() {
    let letters = [letter(1), letter(2)];
    let record = pack(&letters);
    let seam = pack(&letters[..1]).len();
    for length in 1..record.len() {
        match unpack::<DeadLetter>(&record[..length]) {
            Ok(some) => assert_eq!((length, some.len()), (seam, 1)),
            Err(failure) => assert_eq!(failure.reason(), Reason::Malformed),
        }
    }
}

#[test]
fn payloads_know_their_topic_and_key() {
    let upstream = Upstream {
        conversation_id: 5,
        ..Upstream::default()
    };
    assert_eq!((Upstream::TOPIC.name, upstream.key()), ("parlance.upstream", 5));
    assert_eq!(
        (Downstream::TOPIC.name_for("g1"), Downstream::default().key()),
        ("parlance.downstream.g1".into(), 0)
    );
    assert_eq!(Upstream::TOPIC.name_for("g1"), "parlance.upstream");
    assert!(TOPICS.iter().all(|topic| {
        topic
            .dead_letter
            .is_none_or(|dead| TOPICS.iter().any(|other| other.name == dead))
    }));
}
