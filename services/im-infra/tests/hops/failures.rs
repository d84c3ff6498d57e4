//! Whatever goes wrong, a client gets a reason of the catalogue, and nothing of what is inside.

use crate::road::{ROOM, Road, content, handler};
use futures::future::join_all;
use schema_corpus::{failure::Failure, parlance::Reason};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::Semaphore,
};
use tonic::Status;
use tonic_types::StatusExt as _;

const PATIENT: Duration = Duration::from_secs(60);

/// The status is that of the reason in the catalogue, with its details, and says no more than that does.
fn is(status: &Status, reason: Reason) {
    let spec = reason.spec();
    let details = status.get_error_details();
    let info = details
        .error_info()
        .unwrap_or_else(|| panic!("{status:?} has no ErrorInfo"));
    assert_eq!(
        (info.reason.as_str(), info.domain.as_str()),
        (spec.name, "parlance"),
        "{status:?}"
    );
    assert_eq!((status.code(), status.message()), (spec.code, spec.summary));
    let details = String::from_utf8_lossy(status.details());
    let told = format!("{details} {:?}", status.metadata()).to_lowercase();
    for inside in [
        "127.0.0.1",
        "tcp",
        "h2",
        "hyper",
        "transport",
        "::",
        "select",
        "panic",
        "secret",
    ] {
        assert!(!told.contains(inside), "{inside}: {told}");
    }
}

#[tokio::test]
async fn a_handler_that_takes_too_long() {
    let road = Road::to(handler(|_| std::future::pending())).await;
    is(&road.call(PATIENT).await.unwrap_err(), Reason::DeadlineExceeded);
}

#[tokio::test]
async fn a_handler_that_panics() {
    let road = Road::to(handler(|_| async { panic!("index 7 of secret table") })).await;
    is(&road.call(PATIENT).await.unwrap_err(), Reason::Internal);
}

#[tokio::test]
async fn an_engine_that_is_away() {
    let cause = "SELECT * FROM users at 127.0.0.1:3306: connection refused";
    let road = Road::to(handler(move |_| async move {
        Err(Failure::new(Reason::Unavailable, "").because(std::io::Error::other(cause)))
    }))
    .await;
    is(&road.call(PATIENT).await.unwrap_err(), Reason::Unavailable);
}

#[tokio::test]
async fn more_calls_than_there_is_room_for() {
    static GATE: Semaphore = Semaphore::const_new(0);
    let road = Road::to(handler(|_| async {
        let _open = GATE.acquire().await;
        content()
    }))
    .await;
    road.capacity.set(1.try_into().unwrap());
    let calls = join_all((0..5).map(|_| async {
        let answer = road.call(PATIENT).await;
        // whoever is refused lets those through who were not
        GATE.add_permits(ROOM);
        answer
    }));
    let refused: Vec<Status> = calls.await.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 4);
    for status in &refused {
        is(status, Reason::Overloaded);
    }
}

#[tokio::test]
async fn a_caller_beyond_its_quota() {
    let road = Road::to(handler(|_| async { content() })).await;
    let refused = loop {
        if let Err(status) = road.call(PATIENT).await {
            break status;
        }
    };
    is(&refused, Reason::RateLimited);
    assert!(refused.get_details_retry_info().is_some(), "it says when to come back");
}

#[tokio::test]
async fn no_instance() {
    let road = Road::without_instances().await;
    is(&road.call(PATIENT).await.unwrap_err(), Reason::Unavailable);
}

#[tokio::test]
async fn an_instance_that_is_dead_before_and_after_its_circuit_opens() {
    let mut road = Road::without_instances().await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    road.register("middle", address).await;
    for _ in 0..5 {
        is(&road.call(PATIENT).await.unwrap_err(), Reason::Unavailable);
    }
}

#[tokio::test]
async fn an_instance_that_is_none_and_answers_anything() {
    for anything in ["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "\0\0\0\0\0\0\0\0\0\0\0"] {
        let mut road = Road::without_instances().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        road.register("middle", format!("http://{}", listener.local_addr().unwrap()))
            .await;
        let answering = tokio::spawn(async move {
            loop {
                let (mut connection, _) = listener.accept().await.unwrap();
                let _read = connection.read(&mut [0; 1024]).await;
                let _written = connection.write_all(anything.as_bytes()).await;
            }
        });
        is(&road.call(PATIENT).await.unwrap_err(), Reason::Unavailable);
        answering.abort();
    }
}

#[tokio::test]
async fn an_instance_of_something_else_that_speaks_http() {
    let mut road = Road::without_instances().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    road.register("middle", format!("http://{}", listener.local_addr().unwrap()))
        .await;
    let page = axum::Router::new().fallback(async || "<html>SELECT 1</html>");
    let serving = tokio::spawn(async move { axum::serve(listener, page).await.unwrap() });
    is(&road.call(PATIENT).await.unwrap_err(), Reason::Internal);
    serving.abort();
}
