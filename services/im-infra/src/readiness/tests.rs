use super::*;
use crate::{
    clock::SystemClock,
    kv::{Kv, embedded::EmbeddedKv},
};
use futures::StreamExt as _;
use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
};
use tonic::Request;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_server::Health as _};

/// An engine that is there or away as it is told.
fn switched(name: &'static str) -> (Arc<AtomicBool>, Engine) {
    let up = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&up);
    let engine = Engine::needed(name, move || {
        let up = asked.load(Ordering::SeqCst);
        std::future::ready(if up { Ok(()) } else { Err(io::Error::other("it is off")) })
    });
    (up, engine)
}

async fn becomes(readiness: &Readiness, json: &str) {
    let mut verdicts = readiness.subscribe();
    let wanted = verdicts.wait_for(|verdict| verdict.to_json() == json);
    if timeout(Duration::from_secs(60), wanted).await.is_err() {
        panic!("{json} is waited for, and it is {}", readiness.verdict().to_json());
    }
}

const READY: &str = r#"{"status":"ready","failing":[],"degraded":[]}"#;

#[tokio::test(start_paused = true)]
async fn it_is_ready_while_what_it_needs_is_there() {
    let (log, needed) = switched("log");
    let (kv, other) = switched("kv");
    let readiness = Readiness::of(vec![needed, other.dispensable()]);
    assert_eq!(readiness.verdict().status(), "starting");
    readiness.open();
    becomes(&readiness, READY).await;
    kv.store(false, Ordering::SeqCst);
    becomes(&readiness, r#"{"status":"ready","failing":[],"degraded":["kv"]}"#).await;
    assert_eq!(readiness.answer().status(), StatusCode::OK);
    log.store(false, Ordering::SeqCst);
    becomes(
        &readiness,
        r#"{"status":"unready","failing":["log"],"degraded":["kv"]}"#,
    )
    .await;
    assert_eq!(readiness.answer().status(), StatusCode::SERVICE_UNAVAILABLE);
    for engine in [log, kv] {
        engine.store(true, Ordering::SeqCst);
    }
    becomes(&readiness, READY).await;
    readiness.leave();
    assert_eq!(readiness.verdict().status(), "leaving");
    readiness.open();
    assert_eq!(readiness.verdict().status(), "leaving", "who leaves does not come back");
}

#[tokio::test(start_paused = true)]
async fn it_is_not_ready_before_every_engine_was_asked_and_others_know_of_it() {
    let (_up, engine) = switched("log");
    let readiness = Readiness::of(vec![engine]);
    readiness.open();
    assert_eq!(readiness.verdict().status(), "starting", "the log was not asked yet");
    becomes(&readiness, READY).await;

    let (_up, engine) = switched("log");
    let readiness = Readiness::of(vec![engine]);
    let mut verdicts = readiness.subscribe();
    verdicts.changed().await.unwrap();
    assert_eq!(readiness.verdict().status(), "starting", "nobody knows of it");
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_does_not_answer_is_away_and_keeps_no_other_from_being_asked() {
    let (log, needed) = switched("log");
    let hangs = Engine::needed("store", std::future::pending::<io::Result<()>>);
    let readiness = Readiness::of(vec![hangs, needed]);
    readiness.open();
    becomes(&readiness, r#"{"status":"unready","failing":["store"],"degraded":[]}"#).await;
    log.store(false, Ordering::SeqCst);
    becomes(
        &readiness,
        r#"{"status":"unready","failing":["log","store"],"degraded":[]}"#,
    )
    .await;
}

#[tokio::test]
async fn a_closed_engine_is_not_held_once_it_has_left() {
    let kv = Arc::new(EmbeddedKv::new(SystemClock::shared()));
    let port: Arc<dyn Kv> = kv.clone();
    let readiness = Readiness::of(vec![Engine::kv(&port)]);
    drop(port);
    readiness.open();
    becomes(&readiness, READY).await;
    readiness.leave();
    let freed = async {
        while Arc::strong_count(&kv) > 1 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(60), freed)
        .await
        .expect("nobody asks it any more");
}

#[tokio::test(start_paused = true)]
async fn grpc_says_the_same_and_tells_every_change() {
    let (log, engine) = switched("log");
    let readiness = Readiness::of(vec![engine]);
    let health = GrpcHealth {
        readiness: readiness.clone(),
        services: ["", "a.Service"].into(),
    };
    let request = |service: &str| {
        Request::new(HealthCheckRequest {
            service: service.to_owned(),
        })
    };
    let unknown = health.check(request("another.Service")).await.unwrap_err();
    assert_eq!(unknown.code(), tonic::Code::NotFound);
    let mut changes = health.watch(request("a.Service")).await.unwrap().into_inner();
    let mut next = async || Some(changes.next().await?.unwrap().status());
    assert_eq!(next().await, Some(ServingStatus::NotServing), "nobody knows of it yet");
    readiness.open();
    assert_eq!(next().await, Some(ServingStatus::Serving));
    let now = health.check(request("")).await.unwrap().into_inner();
    assert_eq!(now.status(), ServingStatus::Serving);
    log.store(false, Ordering::SeqCst);
    assert_eq!(next().await, Some(ServingStatus::NotServing));
    log.store(true, Ordering::SeqCst);
    assert_eq!(next().await, Some(ServingStatus::Serving));
    readiness.leave();
    assert_eq!(next().await, Some(ServingStatus::NotServing));
    assert_eq!(next().await, None, "the end waits for nobody who watches");
}
