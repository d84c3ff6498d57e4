use super::super::Received;
use super::{Subject, bytes};

/// More than any engine keeps for a subscriber that does not read.
const FLOOD: usize = 20_000;

pub(super) async fn subscribers_get_what_is_published_in_order(subject: &Subject) {
    let (kv, channel) = (&subject.kv, subject.key("channel"));
    kv.publish(&channel, bytes("nobody hears it")).await.unwrap();
    let mut one = kv.subscribe(&channel).await.unwrap();
    let mut two = kv.subscribe(&channel).await.unwrap();
    let mut other = kv.subscribe(&subject.key("channel other")).await.unwrap();
    for n in 0..100 {
        kv.publish(&channel, bytes(&n.to_string())).await.unwrap();
    }
    for messages in [&mut one, &mut two] {
        for n in 0..100 {
            assert_eq!(messages.next().await, Some(Received::Message(bytes(&n.to_string()))));
        }
    }
    kv.publish(&subject.key("channel other"), bytes("mine")).await.unwrap();
    assert_eq!(
        other.next().await,
        Some(Received::Message(bytes("mine"))),
        "channels are apart"
    );
    drop(one);
    kv.publish(&channel, bytes("last")).await.unwrap();
    assert_eq!(
        two.next().await,
        Some(Received::Message(bytes("last"))),
        "one who leaves takes nothing from the others"
    );
}

pub(super) async fn who_falls_behind_is_told(subject: &Subject) {
    let (kv, channel) = (&subject.kv, subject.key("channel flooded"));
    let mut messages = kv.subscribe(&channel).await.unwrap();
    for n in 0..FLOOD {
        kv.publish(&channel, bytes(&n.to_string())).await.unwrap();
    }
    let (mut next, mut missed) = (0, false);
    while next < FLOOD {
        match messages.next().await.expect("the engine is open") {
            Received::Missed => missed = true,
            Received::Message(message) => {
                let n: usize = std::str::from_utf8(&message).unwrap().parse().unwrap();
                assert!(
                    n == next || (missed && n > next),
                    "{n} follows {next} without a word on what was missed"
                );
                (next, missed) = (n + 1, false);
            }
        }
    }
}
