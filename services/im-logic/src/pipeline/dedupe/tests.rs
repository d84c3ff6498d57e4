use super::{horizon::horizon_of, *};
use async_trait::async_trait;
use im_infra::{clock::ManualClock, kv::embedded::EmbeddedKv};
use im_schema::{
    errors::{ReadHeadsError, ReadMessagesError, StoreMessagesError},
    internal::v1::{
        Head, ReadHeadsRequest, ReadHeadsResponse, ReadMessagesResponse, StoreMessagesRequest, StoreMessagesResponse,
    },
    rpc::Peer,
    services::MessageRepo,
    wkt::Timestamp,
};
use proptest::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const NOW: u64 = 1_764_000_000_000;
const SECOND: u64 = 1_000;

/// A conversation's history with times of our choice, which no real store would take.
#[derive(Default)]
struct History(Mutex<Vec<Message>>, AtomicUsize);

#[async_trait]
impl MessageRepo for History {
    async fn store_messages(
        &self,
        _: Peer,
        _: StoreMessagesRequest,
    ) -> Result<StoreMessagesResponse, StoreMessagesError> {
        Err(StoreMessagesError::internal(std::fmt::Error))
    }

    async fn read_messages(
        &self,
        _: Peer,
        request: ReadMessagesRequest,
    ) -> Result<ReadMessagesResponse, ReadMessagesError> {
        self.1.fetch_add(1, Relaxed);
        let history = self.0.lock();
        let before = |message: &&Message| request.from_sequence == 0 || message.sequence <= request.from_sequence;
        let messages = history
            .iter()
            .rev()
            .filter(before)
            .take(request.limit as usize)
            .cloned()
            .collect();
        Ok(ReadMessagesResponse {
            messages,
            last_sequence: history.len() as u64,
            ..Default::default()
        })
    }

    async fn read_heads(&self, _: Peer, request: ReadHeadsRequest) -> Result<ReadHeadsResponse, ReadHeadsError> {
        let history = self.0.lock();
        let head = |conversation_id| Head {
            conversation_id,
            last_sequence: history.len() as u64,
            last_at_ms: history.last().map_or(NOW, sent_at_ms),
            ..Default::default()
        };
        Ok(ReadHeadsResponse {
            heads: request.conversation_ids.into_iter().map(head).collect(),
            ..Default::default()
        })
    }
}

struct World {
    clock: Arc<ManualClock>,
    history: Arc<History>,
    dedupe: Dedupe,
    trust: Trust,
}

impl World {
    /// A process that begins, with an empty kv engine and what others stored before.
    fn begins(clock: Arc<ManualClock>, history: Arc<History>) -> Self {
        let kv = Arc::new(EmbeddedKv::new(clock.clone()));
        let dedupe = Dedupe::new(kv, MessageRepoClient::local(history.clone()), clock.clone());
        let trust = dedupe.trust_from_now();
        Self {
            clock,
            history,
            dedupe,
            trust,
        }
    }

    fn new() -> Self {
        Self::begins(ManualClock::at(NOW), Arc::default())
    }

    /// The same with kv emptied and the process begun anew.
    fn restarts(self) -> Self {
        Self::begins(self.clock, self.history)
    }

    async fn suspects(&mut self, made_at: &[u64]) -> Vec<bool> {
        let batch: Vec<_> = made_at.iter().map(|made_at| upstream(*made_at)).collect();
        self.dedupe.suspects(&batch, &mut self.trust).await
    }

    /// Time passes, and what has to be kept is kept.
    async fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds / 60 {
            self.clock.advance(Duration::from_secs(60));
            self.dedupe.keep().await;
        }
        self.clock.advance(Duration::from_secs(seconds % 60));
    }

    fn stored(&self, made_at: u64, sent_at: u64) {
        let mut history = self.history.0.lock();
        let sequence = history.len() as u64 + 1;
        history.push(Message {
            sequence,
            client_message_id: uuid::Uuid::from_bytes(id(made_at)).to_string(),
            sent_at: Some(Timestamp::from_millis(sent_at)),
            ..Message::default()
        });
    }
}

fn id(made_at: u64) -> [u8; 16] {
    let mut id = [0x77; 16];
    id[..6].copy_from_slice(&made_at.to_be_bytes()[2..]);
    id[8] = 0x80;
    id
}

fn upstream(made_at: u64) -> Upstream {
    Upstream {
        conversation_id: 1,
        sender_id: 2,
        client_message_id: id(made_at).to_vec().into(),
        ..Upstream::default()
    }
}

#[tokio::test]
async fn what_is_new_is_trusted_and_what_comes_again_is_not() {
    let mut world = World::new();
    assert_eq!(world.suspects(&[NOW, NOW + 1]).await, [false, false]);
    assert_eq!(world.suspects(&[NOW + 1, NOW + 2]).await, [true, false]);
}

#[tokio::test]
async fn of_equal_ids_in_one_batch_the_second_is_suspect() {
    assert_eq!(World::new().suspects(&[NOW, NOW]).await, [false, true]);
}

#[tokio::test]
async fn the_same_id_of_another_sender_is_another_message() {
    let mut world = World::new();
    let other = Upstream {
        sender_id: 3,
        ..upstream(NOW)
    };
    assert_eq!(
        world
            .dedupe
            .suspects(&[upstream(NOW), other], &mut world.trust.clone())
            .await,
        [false, false]
    );
    assert_eq!(world.suspects(&[NOW]).await, [true]);
}

#[tokio::test]
async fn after_a_crash_everything_made_before_is_suspect() {
    let mut world = World::new();
    assert_eq!(world.suspects(&[NOW]).await, [false]);
    world.pass(10).await;
    let mut world = world.restarts();
    let now = NOW + 10 * SECOND;
    assert_eq!(
        world.suspects(&[NOW, now - SKEW_MS, now + 1]).await,
        [true, true, false]
    );
}

#[tokio::test]
async fn an_id_that_was_ahead_of_its_time_is_suspect_after_a_crash() {
    let world = World::new();
    world.stored(NOW + 50 * SECOND, NOW);
    let mut world = world.restarts();
    world.pass(50).await;
    let ahead = NOW + 50 * SECOND;
    assert_eq!(world.suspects(&[ahead, ahead + 1]).await, [true, false]);
    let mut world = World::begins(ManualClock::at(NOW + SECOND), world.history);
    assert_eq!(
        world.suspects(&[ahead - SECOND, ahead, ahead + 1]).await,
        [true, true, false]
    );
}

#[tokio::test]
async fn a_conversation_that_was_too_busy_before_a_crash_is_not_trusted_at_first() {
    let world = World::new();
    for number in 0..10_000 {
        world.stored(NOW - 10_000 + number, NOW - 10_000 + number);
    }
    let mut world = world.restarts();
    assert_eq!(world.suspects(&[NOW + 1]).await, [true]);
    world.pass(70).await;
    let now = NOW + 70 * SECOND;
    assert_eq!(world.suspects(&[now]).await, [false], "a minute later marks alone tell");
}

#[tokio::test]
async fn messages_stored_long_before_do_not_matter() {
    let world = World::new();
    world.stored(NOW - 90 * SECOND, NOW - 90 * SECOND);
    assert_eq!(world.restarts().suspects(&[NOW]).await, [false]);
}

#[tokio::test]
async fn after_a_start_only_conversations_that_were_busy_shortly_before_are_read() {
    let world = World::new();
    let mut world = world.restarts();
    assert_eq!(world.suspects(&[NOW]).await, [false]);
    world.stored(NOW - 90 * SECOND, NOW - 90 * SECOND);
    let mut world = world.restarts();
    assert_eq!(world.suspects(&[NOW]).await, [false]);
    assert_eq!(world.history.1.load(Relaxed), 0, "empty, then quiet");
    world.stored(NOW - 60 * SECOND, NOW - 60 * SECOND);
    let mut world = world.restarts();
    assert_eq!(world.suspects(&[NOW]).await, [false]);
    assert_ne!(world.history.1.load(Relaxed), 0, "busy a minute ago");
}

#[tokio::test]
async fn marks_that_may_have_ended_are_not_missed() {
    let mut world = World::new();
    world.suspects(&[NOW]).await;
    world.pass(3_000).await;
    let now = NOW + 3_000 * SECOND;
    // the mark of an id that was ahead, by a clock that was late, ends this long before the window does
    let trusted = WINDOW.as_millis() as u64 - MAX_AHEAD_MS - 2 * SKEW_MS;
    assert_eq!(world.suspects(&[now - trusted + 1, now - trusted]).await, [false, true]);
    assert_eq!(world.suspects(&[now - 20 * 24 * 3_600 * SECOND]).await, [true]);
}

#[tokio::test]
async fn while_marks_cannot_be_read_and_for_what_came_then_nothing_is_trusted() {
    let mut world = World::new();
    world
        .dedupe
        .kv
        .hash_set(SINCE, &[("not a time".to_owned(), Bytes::new())], None)
        .await
        .unwrap();
    assert_eq!(world.suspects(&[NOW]).await, [true]);
    world.pass(30).await;
    assert_eq!(world.suspects(&[NOW + 30 * SECOND]).await, [true]);
    world.dedupe.kv.delete(&[SINCE.to_owned()]).await.unwrap();
    assert_eq!(
        world.suspects(&[NOW + 25 * SECOND, NOW + 30 * SECOND + 1]).await,
        [true, false]
    );
}

#[tokio::test]
async fn a_partition_that_another_process_had_is_not_trusted_about_that_time() {
    let mut world = World::new();
    world.suspects(&[NOW]).await;
    world.pass(300).await;
    let now = NOW + 300 * SECOND;
    // the other process stored this one, and could not mark it
    world.stored(now - 10 * SECOND, now - 10 * SECOND);
    world.trust = world.dedupe.trust_from_now();
    assert_eq!(world.suspects(&[now - 10 * SECOND, now]).await, [true, false]);
}

#[tokio::test]
async fn no_version_7_uuid_is_always_suspect() {
    let world = World::new();
    let odd = Upstream {
        client_message_id: vec![0; 16].into(),
        ..upstream(NOW)
    };
    assert_eq!(world.dedupe.suspects(&[odd], &mut world.trust.clone()).await, [true]);
}

proptest! {
    /// The argument at the top of the file, by brute force: whatever the clocks say within their bounds, a message whose mark is gone is never new.
    #[test]
    fn a_message_that_was_handled_before_is_never_judged_new(
        handled_at in 10_000_000_u64..20_000_000,
        ahead in 0..=MAX_AHEAD_MS,
        skew in 0..=SKEW_MS,
        later in 0..2_000_000_u64,
        lost_after in 0..2_000_000_u64,
    ) {
        let made_at = handled_at + ahead + skew;
        let now = handled_at + later;
        let emptied_at = handled_at + lost_after;
        let expired = later >= WINDOW.as_millis() as u64 - SKEW_MS;
        let emptied = emptied_at <= now;
        prop_assume!(expired || emptied);
        let since = if emptied { emptied_at } else { 0 };
        let verdict = judge(true, &id(made_at), now, since);
        prop_assert_ne!(verdict, Verdict::New);
        if verdict == Verdict::BeyondHorizon {
            let sent_at = Some(Timestamp::from_millis(handled_at));
            let client_message_id = uuid::Uuid::from_bytes(id(made_at)).to_string();
            let stored = Message { client_message_id, sent_at, sequence: 1, ..Message::default() };
            let (horizon, complete) = horizon_of(&[stored], since);
            prop_assert!(!complete && made_at <= horizon);
        }
    }
}
