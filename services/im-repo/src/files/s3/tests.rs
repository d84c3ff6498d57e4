use super::*;
use crate::files::{
    conformance::{World, new},
    whole,
};
use im_infra::{config::Secret, engines};
use std::time::Instant;

fn options(address: &str) -> S3Options {
    S3Options {
        bucket: "parlance".to_owned(),
        endpoint: format!("http://{address}"),
        access_key: "parlance".to_owned(),
        secret_key: Secret::new("parlance-secret"),
        prefix: "tests/files".to_owned(),
        retry_for: Duration::from_secs(1),
        ..S3Options::default()
    }
}

async fn world() -> World {
    let files = S3Files::open(&options(&engines::address("s3"))).await.unwrap();
    World::new(Arc::new(files), format!("room-{}", rand::random::<u64>()), ())
}

mod conformance {
    use super::*;

    crate::files_conformance_tests!(world().await);
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn urls_let_others_put_and_get_one_file_and_nothing_else() {
    let world = world().await;
    let (key, kind) = (world.key("file"), "image/png".parse().unwrap());
    let http = reqwest::Client::new();
    let put = |url: String, kind: &'static str, body: &'static str| {
        http.put(url).header("content-type", kind).body(body).send()
    };
    let url = world.files.url_to_put(&key, &kind, MINUTE).await.unwrap().unwrap();
    assert_eq!(put(url.clone(), "text/html", "hello").await.unwrap().status(), 403);
    let elsewhere = put(url.replace("/file?", "/other?"), "image/png", "hello")
        .await
        .unwrap();
    assert_eq!(elsewhere.status(), 403);
    assert!(world.files.head(&key).await.unwrap().is_none());
    let answer = put(url.clone(), "image/png", "hello").await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    let info = world.files.head(&key).await.unwrap().unwrap();
    assert_eq!((info.size, info.content_type.as_str()), (5, "image/png"));

    assert_eq!(http.get(url).send().await.unwrap().status(), 403, "it is for putting");
    let url = world.files.url_to_get(&key, MINUTE).await.unwrap().unwrap();
    let answer = http.get(&url).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "image/png");
    assert_eq!(answer.text().await.unwrap(), "hello");
    let part = http.get(&url).header("range", "bytes=1-2").send().await.unwrap();
    assert_eq!(
        (part.status().as_u16(), part.text().await.unwrap().as_str()),
        (206, "el")
    );
    assert_eq!(
        http.delete(&url).send().await.unwrap().status(),
        403,
        "it is for getting"
    );
}

#[tokio::test]
async fn a_url_ends() {
    let world = world().await;
    let key = world.key("file");
    world.put(&key, b"hello").await.unwrap();
    let url = world
        .files
        .url_to_get(&key, Duration::from_secs(1))
        .await
        .unwrap()
        .unwrap();
    let ended = async {
        while reqwest::get(&url).await.unwrap().status() != 403 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ended).await.unwrap();
}

#[tokio::test]
async fn while_the_store_is_away_calls_fail_in_time_and_then_go_on() {
    let engine = engines::Own::up(&["s3"]);
    let files = S3Files::open(&options(engine.address("s3"))).await.unwrap();
    let key: Key = "file".parse().unwrap();
    let put = || files.put(new(&key, "a/b", 10), whole("hello"));
    put().await.unwrap();
    engine.kill("s3");
    let began = Instant::now();
    let refused = [
        put().await.unwrap_err(),
        files.head(&key).await.unwrap_err(),
        files.get(&key, None).await.unwrap_err(),
        files.get(&key, Some(0..1)).await.unwrap_err(),
        files.delete(&key).await.unwrap_err(),
        files.health().await.unwrap_err(),
    ];
    assert!(
        refused.iter().all(|error| matches!(error, FilesError::Unavailable(_))),
        "{refused:?}"
    );
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    engine.start("s3");
    files.health().await.unwrap();
    assert_eq!(files.head(&key).await.unwrap().unwrap().size, 5);
    put().await.unwrap();
}

#[tokio::test]
async fn wrong_options_are_told_at_once() {
    let right = options(&engines::address("s3"));
    let of = |change: fn(&mut S3Options)| {
        let mut options = right.clone();
        change(&mut options);
        async move { S3Files::open(&options).await.unwrap_err() }
    };
    let source = |error| match error {
        OpenError::S3 { bucket, source } => (bucket, source),
        other => panic!("{other:?}"),
    };
    let (bucket, cause) = source(of(|options| "nobodys".clone_into(&mut options.bucket)).await);
    assert!(
        bucket == "nobodys" && matches!(cause, FilesError::Setup(_)),
        "{cause:?}"
    );
    let (_, cause) = source(of(|options| options.secret_key = Secret::new("wrong")).await);
    assert!(matches!(cause, FilesError::Refused(_)), "{cause:?}");
    let (_, cause) = source(of(|options| "http://127.0.0.1:1".clone_into(&mut options.endpoint)).await);
    assert!(matches!(cause, FilesError::Unavailable(_)), "{cause:?}");
    let (_, cause) = source(of(|options| "a//b".clone_into(&mut options.prefix)).await);
    assert!(matches!(cause, FilesError::Setup(_)), "{cause:?}");
}
