//! Redis, which asks for certificates of its clients.

use crate::{Server, authority::Authority, chain, free_port, trusting};
use bytes::Bytes;
use im_infra::{
    clock::SystemClock,
    kv::{
        Kv as _, Received,
        redis::{RedisKv, RedisOptions, inspect},
    },
    tls::Tls,
};
use std::{path::Path, time::Duration};

fn start(tls: &Tls, port: u16) -> Server {
    let file = |path: &Path| path.display().to_string();
    let port = port.to_string();
    let (ca, certificate, key) = (file(&tls.ca), file(&tls.certificate), file(&tls.key));
    let arguments = [
        "--bind",
        "127.0.0.1",
        "--port",
        "0",
        "--tls-port",
        &port,
        "--save",
        "",
        "--tls-ca-cert-file",
        &ca,
        "--tls-cert-file",
        &certificate,
        "--tls-key-file",
        &key,
        "--tls-auth-clients",
        "yes",
    ];
    Server::start("redis-server", &arguments.map(str::to_owned))
}

#[tokio::test]
async fn keys_and_messages_go_encrypted_and_a_stranger_is_refused_with_the_cause() {
    let _installed = im_infra::engines::address("redis");
    let (authority, port) = (Authority::new(), free_port());
    let tls = authority.issue("127.0.0.1");
    let _server = start(&tls, port);
    let options = RedisOptions {
        timeout: Duration::from_secs(5),
        tls: tls.clone(),
        ..RedisOptions::new(format!("127.0.0.1:{port}"), "encrypted")
    };
    let kv = RedisKv::connect(options.clone()).await.unwrap();
    let mut patience = 300;
    while let Err(error) = kv.set("key", Bytes::from_static(b"value"), None).await {
        patience -= 1;
        assert!(patience > 0, "{}", chain(&error));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(kv.get("key").await.unwrap(), Some(Bytes::from_static(b"value")));
    let mut messages = loop {
        if let Ok(messages) = kv.subscribe("channel").await {
            break messages;
        }
    };
    kv.publish("channel", Bytes::from_static(b"hello")).await.unwrap();
    let message = loop {
        // it may have missed some before it was there
        if let Some(Received::Message(message)) = messages.next().await {
            break message;
        }
    };
    assert_eq!(message, Bytes::from_static(b"hello"));

    let (clock, other) = (SystemClock::shared(), Authority::new());
    let refused = |tls: Tls| {
        let (options, clock) = (RedisOptions { tls, ..options.clone() }, &clock);
        async move { chain(&inspect(&options, &**clock).await.unwrap_err()) }
    };
    let distrusted = refused(trusting(&other, &tls)).await;
    assert!(distrusted.contains("UnknownIssuer"), "{distrusted}");
    let nobody = Tls {
        certificate: "".into(),
        key: "".into(),
        ..tls.clone()
    };
    let unknown = refused(nobody).await;
    assert!(unknown.to_lowercase().contains("certificate"), "{unknown}");
    let plain = refused(Tls::default()).await;
    assert!(!plain.is_empty());
}
