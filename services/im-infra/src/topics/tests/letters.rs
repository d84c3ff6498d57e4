//! A poisoned message from its failure to its being put back, on every engine.

use super::*;
use crate::{
    clock::SharedClock,
    topics::letters::{LetterId, all, one, replay},
};
use im_schema::parlance::Reason;
use std::sync::atomic::{AtomicBool, Ordering};

/// What must happen has happened by then.
const PATIENCE: Duration = Duration::from_secs(180);

async fn soon<T>(what: &str, happens: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, happens)
        .await
        .unwrap_or_else(|_| panic!("{what} did not happen in {PATIENCE:?}"))
}

async fn written(fixture: &Fixture, count: usize) -> Vec<crate::topics::letters::Letter> {
    soon("the letters", async {
        loop {
            let letters = all(&*fixture.log).await.unwrap();
            if letters.len() >= count {
                return letters;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

async fn a_poisoned_message_is_listed_shown_put_back_and_handled(fixture: Fixture) {
    assert!(all(&*fixture.log).await.unwrap().is_empty());
    let mended = Arc::new(AtomicBool::new(false));
    let well = Arc::clone(&mended);
    let reader = Reader::<Upstream>::new(move |batch| {
        let poisoned = batch.iter().any(|(_, message)| message.sender_id == 13);
        if poisoned && !well.load(Ordering::SeqCst) {
            return Err(Failure::new(Reason::Internal, "cannot bear thirteen"));
        }
        Ok(())
    });
    fixture.read(&reader);
    fixture
        .send(vec![upstream(7, 12), upstream(7, 13), upstream(7, 14)])
        .await;
    soon("the sound ones", reader.has(2)).await;
    let letters = written(&fixture, 1).await;
    let letter = &letters[0];
    assert_eq!((&*letter.letter.topic, letter.letter.key), ("parlance.upstream", 7));
    assert!(letter.letter.cause.contains("cannot bear thirteen"), "{letter:?}");
    assert!(letter.letter.payload.is_empty() && letter.size > 0 && letter.replayed_at_ms.is_none());

    let shown = one(&*fixture.log, letter.id).await.unwrap().unwrap();
    assert_eq!(prost::Message::decode(shown.payload.clone()), Ok(upstream(7, 13)));
    let clock: SharedClock = SystemClock::shared();

    // the cause is still there: it becomes another letter
    replay(&*fixture.log, &clock, letter.id, &shown).await.unwrap();
    let letters = written(&fixture, 2).await;
    assert!(letters[0].replayed_at_ms.is_some(), "the first one was put back");
    assert!(letters[1].replayed_at_ms.is_none(), "the second one waits");

    mended.store(true, Ordering::SeqCst);
    let second = one(&*fixture.log, letters[1].id).await.unwrap().unwrap();
    replay(&*fixture.log, &clock, letters[1].id, &second).await.unwrap();
    let seen = soon("what was put back", reader.has(3)).await;
    assert_eq!(seen[2], upstream(7, 13));
    let letters = all(&*fixture.log).await.unwrap();
    assert_eq!(letters.len(), 2, "that something was put back is no letter");
    assert!(letters.iter().all(|letter| letter.replayed_at_ms.is_some()));
    fixture.stop.cancel();
    fixture.log.close().await;
}

async fn a_record_that_cannot_be_read_goes_back_as_it_was(fixture: Fixture) {
    let reader = Reader::<Upstream>::new(|_| Ok(()));
    fixture.read(&reader);
    let garbage = bytes::Bytes::from_static(b"\xff\xff\xff garbage");
    let append = Append {
        topic: Upstream::TOPIC.name.into(),
        partition: 2,
        payload: garbage.clone(),
    };
    fixture.log.append(vec![append]).await.unwrap();
    let letters = written(&fixture, 1).await;
    assert!(letters[0].letter.unread);
    let letter = one(&*fixture.log, letters[0].id).await.unwrap().unwrap();
    replay(
        &*fixture.log,
        &(SystemClock::shared() as SharedClock),
        letters[0].id,
        &letter,
    )
    .await
    .unwrap();
    let letters = written(&fixture, 2).await;
    assert_eq!(letters[1].letter.partition, 2);
    assert_eq!(
        one(&*fixture.log, letters[1].id).await.unwrap().unwrap().payload,
        garbage
    );
    fixture.stop.cancel();
    fixture.log.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poisoned_message_is_handled_in_the_end_on_the_embedded_log() {
    a_poisoned_message_is_listed_shown_put_back_and_handled(Fixture::new().await).await;
    a_record_that_cannot_be_read_goes_back_as_it_was(Fixture::new().await).await;
}

#[cfg(feature = "kafka")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poisoned_message_is_handled_in_the_end_on_kafka() {
    a_poisoned_message_is_listed_shown_put_back_and_handled(Fixture::on_kafka().await).await;
    a_record_that_cannot_be_read_goes_back_as_it_was(Fixture::on_kafka().await).await;
}

#[tokio::test]
async fn there_are_no_letters_where_nothing_was_ever_made() {
    let folder = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(folder.path(), EmbeddedLogOptions::new(SystemClock::shared())).unwrap();
    assert!(all(&log).await.unwrap().is_empty());
    let id = "0/3".parse::<LetterId>().unwrap();
    assert_eq!(one(&log, id).await.unwrap(), None);
}

#[test]
fn ids_are_written_as_they_are_read() {
    for text in ["0/41", "3/0/2"] {
        assert_eq!(text.parse::<LetterId>().unwrap().to_string(), text);
    }
    for text in ["", "7", "0/x", "0/1/2/3", "4294967296/0"] {
        assert!(text.parse::<LetterId>().is_err(), "{text}");
    }
}
