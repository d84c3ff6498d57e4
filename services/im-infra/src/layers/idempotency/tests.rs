//! A handler that counts its calls, behind the layer.

use super::{super::memory::LONGEST_WORK, *};
use crate::{
    clock::ManualClock,
    kv::{Kv, embedded::EmbeddedKv},
};
use im_schema::{
    ids::{SessionId, UserId},
    rpc::{self, Caller, Context as With},
    services::{ConversationServiceClient, conversation_service},
    v1::{Conversation, CreateGroupRequest, CreateGroupResponse, GetConversationRequest},
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::Semaphore;

const SECRET: &[u8] = b"a secret of thirty-two bytes or more";
const WINDOW: Duration = Duration::from_secs(3600);

/// What the handler answers.
#[derive(Clone, Copy)]
enum Answer {
    Group,
    Refusal,
    Away,
    Panic,
}

struct House {
    client: ConversationServiceClient,
    calls: Arc<AtomicU64>,
    /// The handler answers once for each permit.
    gate: Arc<Semaphore>,
    clock: Arc<ManualClock>,
    kv: Arc<EmbeddedKv>,
}

fn house(answers: &'static [Answer]) -> House {
    let clock = ManualClock::at(1_700_000_000_000);
    let kv = Arc::new(EmbeddedKv::new(clock.clone()));
    house_on(kv, clock, answers)
}

fn house_on(kv: Arc<EmbeddedKv>, clock: Arc<ManualClock>, answers: &'static [Answer]) -> House {
    let (calls, gate) = (Arc::new(AtomicU64::new(0)), Arc::new(Semaphore::new(1000)));
    let (counted, opened) = (Arc::clone(&calls), Arc::clone(&gate));
    let handler = tower::service_fn(move |_: Call<conversation_service::Request>| {
        let (counted, opened) = (Arc::clone(&counted), Arc::clone(&opened));
        async move {
            let number = counted.fetch_add(1, Ordering::Relaxed);
            opened.acquire().await.expect("never closed").forget();
            match answers[(number as usize).min(answers.len() - 1)] {
                Answer::Group => Ok(conversation_service::Response::CreateGroup(group(number))),
                Answer::Refusal => Err(Failure::group_full("too many")),
                Answer::Away => Err(Failure::unavailable("away")),
                Answer::Panic => panic!("a bug"),
            }
        }
    });
    let layer = IdempotencyLayer::new(Memory::new(kv.clone(), SECRET, WINDOW));
    House {
        client: ConversationServiceClient::from_service(layer.layer(handler)),
        calls,
        gate,
        clock,
        kv,
    }
}

fn group(number: u64) -> CreateGroupResponse {
    CreateGroupResponse {
        conversation: Some(Conversation {
            conversation_id: number,
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn user(id: u64, key: &str) -> With {
    With {
        idempotency_key: Some(key.into()),
        ..With::user(Caller {
            user: UserId(id),
            session: SessionId(2),
            device: "laptop".into(),
            admin: false,
            expires_at_ms: 0,
        })
    }
}

impl House {
    /// Another process of the same deployment.
    fn neighbour(&self, answers: &'static [Answer]) -> Self {
        house_on(Arc::clone(&self.kv), Arc::clone(&self.clock), answers)
    }

    async fn creates(&self, with: With, title: &str) -> Result<CreateGroupResponse, Failure> {
        let request = CreateGroupRequest {
            title: title.into(),
            ..Default::default()
        };
        self.client.create_group(with, request).await
    }

    fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn the_same_call_again_gets_the_same_answer_and_does_nothing() {
    let house = house(&[Answer::Group]);
    let first = house.creates(user(1, "k"), "tea").await.expect("a group");
    let again = house.creates(user(1, "k"), "tea").await.expect("a group");
    assert_eq!((first, house.calls()), (again, 1));
}

#[tokio::test]
async fn another_key_caller_or_none_is_another_call() {
    let house = house(&[Answer::Group]);
    let mut ids = Vec::new();
    let without = With {
        idempotency_key: None,
        ..user(1, "k")
    };
    for with in [user(1, "k"), user(1, "l"), user(2, "k"), without.clone(), without] {
        ids.push(house.creates(with, "tea").await.expect("a group"));
    }
    assert_eq!(ids, (0..5).map(group).collect::<Vec<_>>());
}

#[tokio::test]
async fn another_request_under_the_same_key_is_refused() {
    let house = house(&[Answer::Group]);
    house.creates(user(1, "k"), "tea").await.expect("a group");
    let refused = house.creates(user(1, "k"), "coffee").await.expect_err("another title");
    assert_eq!((refused.reason(), house.calls()), (Reason::IdempotencyKeyReused, 1));
}

#[tokio::test]
async fn what_would_not_change_is_remembered_and_what_may_is_not() {
    let refusing = house(&[Answer::Refusal, Answer::Group]);
    for _ in 0..2 {
        let refused = refusing.creates(user(1, "k"), "tea").await.expect_err("refused");
        assert_eq!((refused.reason(), refused.message()), (Reason::GroupFull, "too many"));
    }
    assert_eq!(refusing.calls(), 1);
    let away = house(&[Answer::Away, Answer::Group]);
    away.creates(user(1, "k"), "tea").await.expect_err("away");
    away.creates(user(1, "k"), "tea")
        .await
        .expect("the second attempt is a new one");
    assert_eq!(away.calls(), 2);
}

/// A repetition in flight, which has found the first call at work.
macro_rules! waits {
    ($call:expr) => {{
        let mut call = Box::pin($call);
        assert!(futures::poll!(&mut call).is_pending(), "it waits");
        call
    }};
}

#[tokio::test(start_paused = true)]
async fn a_repetition_waits_for_the_answer_of_the_first_in_this_process_and_in_another() {
    let house = house(&[Answer::Group]);
    house.gate.forget_permits(1000);
    let idle = house.neighbour(&[Answer::Panic]);
    let started = Instant::now();
    let first = waits!(house.creates(user(1, "k"), "tea"));
    let here = waits!(house.creates(user(1, "k"), "tea"));
    let there = waits!(idle.creates(user(1, "k"), "tea"));
    let other = house
        .creates(user(1, "k"), "coffee")
        .await
        .expect_err("another request");
    assert_eq!(other.reason(), Reason::IdempotencyKeyReused, "it need not wait");
    house.gate.add_permits(1);
    for answer in futures::future::join_all([first, here, there]).await {
        assert_eq!(answer.expect("a group"), group(0));
    }
    assert_eq!((house.calls(), idle.calls()), (1, 0));
    assert!(started.elapsed() < Duration::from_millis(50), "they are told at once");
}

#[tokio::test(start_paused = true)]
async fn who_has_waited_in_vain_is_told_before_the_deadline_to_come_back() {
    let house = house(&[Answer::Group]);
    house.gate.forget_permits(1000);
    let impatient = tokio::time::timeout(Duration::from_millis(20), house.creates(user(1, "k"), "tea")).await;
    assert!(impatient.is_err(), "the handler is held up");
    let (started, time) = (Instant::now(), Duration::from_secs(5));
    for deadline in [Some((started + time).into_std()), None] {
        let early = With {
            deadline,
            ..user(1, "k")
        };
        let early = house.creates(early, "tea").await.expect_err("at work");
        assert_eq!(
            (early.reason(), early.spec().retryable, early.wait()),
            (Reason::IdempotencyKeyInUse, true, Some(COME_BACK))
        );
        let room = started + time - Instant::now();
        assert!(
            deadline.is_none() || (Duration::from_millis(100)..time / 2).contains(&room),
            "{room:?}"
        );
    }
    // the first call comes to its end although nobody waits for it
    house.gate.add_permits(1);
    let answer = house.creates(user(1, "k"), "tea").await;
    assert_eq!((answer.expect("that of the first"), house.calls()), (group(0), 1));
}

#[tokio::test(start_paused = true)]
async fn where_the_first_fails_for_now_one_of_those_who_wait_is_the_next_attempt() {
    let house = house(&[Answer::Away, Answer::Group]);
    house.gate.forget_permits(1000);
    let first = waits!(house.creates(user(1, "k"), "tea"));
    let (second, third) = (
        waits!(house.creates(user(1, "k"), "tea")),
        waits!(house.creates(user(1, "k"), "tea")),
    );
    house.gate.add_permits(2);
    let (first, second, third) = futures::join!(first, second, third);
    assert_eq!(first.expect_err("away").reason(), Reason::Unavailable);
    assert_eq!(
        (second.expect("a group"), third.expect("a group")),
        (group(1), group(1))
    );
    assert_eq!(house.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_key_of_a_process_that_died_is_free_again_after_a_minute() {
    let house = house(&[Answer::Group]);
    let mut died = vec![0];
    died.extend(
        Memory::new(house.kv.clone(), SECRET, WINDOW)
            .entry(&call("tea"), "my-key")
            .fingerprint,
    );
    let died = [(name(&house), died.into())];
    house
        .kv
        .set_if_absent(&died, Some(LONGEST_WORK))
        .await
        .expect("kv is there");
    let waiting = waits!(house.creates(user(1, "my-key"), "tea"));
    house.clock.advance(LONGEST_WORK);
    assert_eq!(waiting.await.expect("nobody is at work"), group(0));
}

#[tokio::test(start_paused = true)]
async fn a_memory_that_goes_away_meanwhile_does_not_make_a_repetition_a_new_call() {
    let house = house(&[Answer::Group]);
    house.gate.forget_permits(1000);
    let idle = house.neighbour(&[Answer::Group]);
    let _first = waits!(house.creates(user(1, "my-key"), ""));
    let second = waits!(idle.creates(user(1, "my-key"), ""));
    let third = waits!(idle.creates(user(1, "my-key"), ""));
    break_memory(&house).await;
    let refused = second.await.expect_err("the memory fails");
    assert_eq!(refused.reason(), Reason::IdempotencyKeyInUse);
    house.kv.close();
    let refused = third.await.expect_err("the engine is closed");
    assert_eq!(refused.reason(), Reason::IdempotencyKeyInUse);
}

#[tokio::test]
async fn a_panic_leaves_nothing_behind() {
    let house = house(&[Answer::Panic, Answer::Group]);
    let panicked = AssertUnwindSafe(house.creates(user(1, "k"), "tea"))
        .catch_unwind()
        .await;
    assert!(panicked.is_err());
    house
        .creates(user(1, "k"), "tea")
        .await
        .expect("the second attempt is a new one");
}

#[tokio::test]
async fn answers_are_forgotten_after_the_window() {
    let house = house(&[Answer::Group]);
    house.creates(user(1, "k"), "tea").await.expect("a group");
    house.clock.advance(WINDOW - Duration::from_millis(1));
    assert_eq!(house.creates(user(1, "k"), "tea").await.expect("remembered"), group(0));
    house.clock.advance(Duration::from_millis(1));
    assert_eq!(house.creates(user(1, "k"), "tea").await.expect("a new one"), group(1));
}

fn call(title: &str) -> Call<conversation_service::Request> {
    Call {
        method: &conversation_service::CREATE_GROUP,
        context: user(1, "my-key"),
        request: conversation_service::Request::CreateGroup(CreateGroupRequest {
            title: title.into(),
            ..Default::default()
        }),
    }
}

/// Where the memory keeps the call under the key `my-key`.
fn name(house: &House) -> String {
    let memory = Memory::new(house.kv.clone(), SECRET, WINDOW);
    memory.entry(&call(""), "my-key").name
}

/// Whatever asks for the call under the key `my-key` gets an error.
async fn break_memory(house: &House) {
    let hash = [("field".to_owned(), bytes::Bytes::new())];
    house.kv.delete(&[name(house)]).await.expect("kv is there");
    house.kv.hash_set(&name(house), &hash, None).await.expect("kv is there");
}

#[tokio::test]
async fn nothing_can_be_read_in_kv() {
    let house = house(&[Answer::Refusal]);
    house.creates(user(1, "my-key"), "tea").await.expect_err("refused");
    let name = name(&house);
    assert!(!name.contains("my-key"));
    let kept = house.kv.get(&name).await.expect("kv is there").expect("the answer");
    let holds = |text: &str| kept.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(!holds("too many") && !holds("tea") && !holds("GROUP_FULL"));
}

#[tokio::test]
async fn methods_that_need_no_key_take_no_notice_of_one() {
    let house = house(&[Answer::Away]);
    assert_eq!(conversation_service::GET_CONVERSATION.effect, rpc::Effect::Read);
    for expected in 1..=2 {
        let request = GetConversationRequest::default();
        house
            .client
            .get_conversation(user(1, "k"), request)
            .await
            .expect_err("away");
        assert_eq!(house.calls(), expected);
    }
}

#[tokio::test]
async fn where_the_memory_fails_calls_are_made_all_the_same() {
    let house = house(&[Answer::Group]);
    break_memory(&house).await;
    for expected in 0..2 {
        let answer = house.creates(user(1, "my-key"), "tea").await.expect("a group");
        assert_eq!(answer, group(expected));
    }
}
