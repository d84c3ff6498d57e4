//! What clients repeat, and how patiently. Time is paused: pauses cost nothing.

use im_schema::{
    failure::Failure,
    parlance::Reason,
    retry::Retry,
    rpc::{Call, Context},
    services::{ConversationServiceClient, conversation_service},
    v1::*,
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::{Instant, sleep};

type Asked = Arc<Mutex<Vec<Call<conversation_service::Request>>>>;

/// A client of a server that answers as the script says, `None` being success, and then succeeds.
fn client(script: Vec<Option<Failure>>) -> (ConversationServiceClient, Asked) {
    let asked = Asked::default();
    let (noted, script) = (Arc::clone(&asked), Arc::new(script));
    let server = tower::service_fn(move |call: Call<conversation_service::Request>| {
        let mut noted = noted.lock().unwrap();
        let answer = script.get(noted.len()).cloned().flatten();
        noted.push(call.clone());
        async move {
            match (answer, call.request) {
                (Some(failure), _) => Err(failure),
                (None, conversation_service::Request::GetConversation(_)) => {
                    Ok(conversation_service::Response::GetConversation(Default::default()))
                }
                (None, conversation_service::Request::CreateGroup(_)) => {
                    Ok(conversation_service::Response::CreateGroup(Default::default()))
                }
                (None, other) => panic!("not asked for here: {other:?}"),
            }
        }
    });
    (ConversationServiceClient::from_service(Retry::new(server)), asked)
}

fn away() -> Option<Failure> {
    Some(Failure::unavailable("away"))
}

async fn get(client: &ConversationServiceClient, context: Context) -> Result<(), Failure> {
    client
        .get_conversation(context, GetConversationRequest::default())
        .await
        .map(drop)
}

#[tokio::test(start_paused = true)]
async fn what_may_succeed_later_is_tried_again() {
    let (client, asked) = client(vec![away(), away()]);
    let started = Instant::now();
    get(&client, Context::default())
        .await
        .expect("the third attempt goes well");
    assert_eq!(asked.lock().unwrap().len(), 3);
    let paused = started.elapsed();
    assert!(
        (Duration::from_millis(75)..Duration::from_millis(160)).contains(&paused),
        "{paused:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn no_more_often_than_the_schema_says() {
    let (client, asked) = client(vec![away(); 9]);
    let failure = get(&client, Context::default()).await.expect_err("it stays away");
    assert_eq!(failure.reason(), Reason::Unavailable);
    assert_eq!(
        asked.lock().unwrap().len(),
        conversation_service::GET_CONVERSATION.attempts as usize
    );
}

#[tokio::test(start_paused = true)]
async fn what_will_not_change_is_told_at_once() {
    let (client, asked) = client(vec![Some(Failure::conversation_not_found(""))]);
    get(&client, Context::default()).await.expect_err("it is not there");
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_the_time_of_the_schema_and_no_more_than_the_caller() {
    let hangs = || {
        ConversationServiceClient::from_service(Retry::new(tower::service_fn(
            |_: Call<conversation_service::Request>| async {
                sleep(Duration::from_secs(3600)).await;
                Err::<conversation_service::Response, _>(Failure::internal("it woke up"))
            },
        )))
    };
    let method = &conversation_service::GET_CONVERSATION;
    let started = Instant::now();
    let failure = get(&hangs(), Context::default()).await.expect_err("nobody answers");
    assert_eq!(failure.reason(), Reason::DeadlineExceeded);
    assert!(started.elapsed() >= method.timeout * method.attempts);
    assert!(started.elapsed() < method.timeout * method.attempts + Duration::from_secs(1));

    let started = Instant::now();
    let soon = Context {
        deadline: Some((started + Duration::from_secs(7)).into_std()),
        ..Context::default()
    };
    get(&hangs(), soon).await.expect_err("nobody answers");
    assert!(
        started.elapsed() <= Duration::from_millis(7010),
        "{:?}",
        started.elapsed()
    );
    assert!(
        started.elapsed() > method.timeout,
        "there was time for a second attempt"
    );
}

#[tokio::test(start_paused = true)]
async fn the_server_may_ask_for_a_longer_pause_within_reason() {
    let asks_for = |wait| Some(Failure::rate_limited("").retry_after(wait));
    let (patient, _) = client(vec![asks_for(Duration::from_secs(3))]);
    let started = Instant::now();
    get(&patient, Context::default())
        .await
        .expect("the second attempt goes well");
    assert!(started.elapsed() >= Duration::from_secs(3));

    let (impatient, asked) = client(vec![asks_for(Duration::from_secs(60))]);
    let failure = get(&impatient, Context::default())
        .await
        .expect_err("a minute is too long");
    assert_eq!(failure.wait(), Some(Duration::from_secs(60)));
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_needs_a_key_has_the_same_one_in_each_attempt() {
    let keys = |asked: &Asked| -> Vec<_> {
        let asked = asked.lock().unwrap();
        asked.iter().map(|call| call.context.idempotency_key.clone()).collect()
    };
    let (client, asked) = client(vec![away(), None, None]);
    let create = |context| client.create_group(context, CreateGroupRequest::default());
    create(Context::default()).await.expect("the second attempt goes well");
    create(Context::default()).await.expect("it goes well");
    let mine = Context {
        idempotency_key: Some("mine".into()),
        ..Context::default()
    };
    create(mine).await.expect("it goes well");
    get(&client, Context::default()).await.expect("it goes well");
    let keys = keys(&asked);
    assert!(keys[0].as_ref().is_some_and(|key| key.len() == 32));
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[1], keys[2]);
    assert_eq!(keys[3].as_deref(), Some("mine"));
    assert_eq!(keys[4], None, "reading needs none");
}

#[tokio::test(start_paused = true)]
async fn where_everything_fails_the_budget_ends_the_repetitions() {
    let (client, asked) = client(vec![away(); 10_000]);
    for _ in 0..100 {
        get(&client.clone(), Context::default())
            .await
            .expect_err("it stays away");
    }
    assert_eq!(
        asked.lock().unwrap().len(),
        110,
        "ten repetitions for all clones together"
    );
}
