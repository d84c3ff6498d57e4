//! A server that fails twice, then answers. Time is paused: pauses cost nothing.

use crate::user;
use schema_corpus::{
    club::*,
    failure::Failure,
    house::House,
    parlance::Reason,
    retry::Retry,
    rpc::{Call, Context},
    services::{ClubServiceClient, club_service},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::{Instant, sleep};
use tower::{ServiceExt as _, service_fn};

type Keys = Arc<Mutex<Vec<Option<Arc<str>>>>>;

/// A patient client of a club whose line gives this failure twice, and the idempotency keys of the attempts.
fn club_that_fails_twice(failure: Failure) -> (ClubServiceClient, Keys) {
    let house = club_service::local(Arc::new(House::new(b"a secret of thirty-two bytes or more")));
    let attempts = Keys::default();
    let noted = Arc::clone(&attempts);
    let line = service_fn(move |call: Call<club_service::Request>| {
        let (house, failure) = (house.clone(), failure.clone());
        let mut noted = noted.lock().expect("nobody panics");
        noted.push(call.context.idempotency_key.clone());
        let fails = noted.len() <= 2;
        async move { if fails { Err(failure) } else { house.oneshot(call).await } }
    });
    (ClubServiceClient::from_service(Retry::new(line)), attempts)
}

fn add() -> AddMemberRequest {
    AddMemberRequest {
        club_id: 1,
        name: "ada".into(),
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_safe_is_repeated_under_one_key_where_it_needs_one() {
    let (club, attempts) = club_that_fails_twice(Failure::unavailable("away"));
    club.count_members(Context::internal(), CountMembersRequest::default())
        .await
        .expect("the third attempt goes well");
    assert_eq!(
        *attempts.lock().expect("nobody panics"),
        [None, None, None],
        "reading needs no key"
    );

    let (club, attempts) = club_that_fails_twice(Failure::unavailable("away"));
    club.add_member(user(7), add())
        .await
        .expect("the third attempt goes well");
    let attempts = attempts.lock().expect("nobody panics");
    assert!(attempts.len() == 3 && attempts[0].is_some());
    assert!(attempts.iter().all(|key| *key == attempts[0]), "one key: {attempts:?}");
}

#[tokio::test(start_paused = true)]
async fn what_the_schema_lets_be_tried_once_is_handed_on_as_it_is() {
    let (club, attempts) = club_that_fails_twice(Failure::unavailable("away"));
    let failure = club.ring_bell(user(7), RingBellRequest::default()).await;
    assert_eq!(failure.expect_err("away").reason(), Reason::Unavailable);
    assert_eq!(*attempts.lock().expect("nobody panics"), [None]);
}

#[tokio::test(start_paused = true)]
async fn what_would_not_change_is_not_repeated() {
    let (club, attempts) = club_that_fails_twice(Failure::name_taken(""));
    club.add_member(user(7), add()).await.expect_err("taken");
    assert_eq!(attempts.lock().expect("nobody panics").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_the_timeout_of_its_method() {
    let started = Instant::now();
    let club = ClubServiceClient::from_service(Retry::new(service_fn(|_: Call<club_service::Request>| async {
        sleep(Duration::from_secs(3600)).await;
        Err::<club_service::Response, _>(Failure::internal("it woke up"))
    })));
    let failure = club.get_member(Context::default(), GetMemberRequest::default()).await;
    assert_eq!(failure.expect_err("nobody answers").reason(), Reason::DeadlineExceeded);
    let lasted = started.elapsed();
    assert!(
        (Duration::from_secs(3)..Duration::from_millis(3200)).contains(&lasted),
        "{lasted:?}"
    );
}
