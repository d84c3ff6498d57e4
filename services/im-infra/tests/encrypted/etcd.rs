//! etcd, which asks for certificates of its clients.

use crate::{Server, authority::Authority, chain, free_port, trusting};
use im_infra::{
    clock::SystemClock,
    registry::{
        Instance, Registry as _,
        etcd::{EtcdOptions, EtcdRegistry},
    },
    tls::Tls,
};
use std::time::Duration;

fn start(tls: &Tls, port: u16, folder: &std::path::Path) -> Server {
    let (client, peer) = (
        format!("https://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{}", free_port()),
    );
    let arguments = [
        format!("--data-dir={}", folder.display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
        format!("--cert-file={}", tls.certificate.display()),
        format!("--key-file={}", tls.key.display()),
        format!("--trusted-ca-file={}", tls.ca.display()),
        "--client-cert-auth".into(),
    ];
    Server::start("etcd", &arguments)
}

#[tokio::test]
async fn processes_find_each_other_encrypted_and_a_stranger_is_refused_with_the_cause() {
    let _installed = im_infra::engines::address("etcd");
    let (authority, port, folder) = (Authority::new(), free_port(), tempfile::tempdir().unwrap());
    let tls = authority.issue("127.0.0.1");
    let _server = start(&tls, port, folder.path());
    let options = EtcdOptions {
        timeout: Duration::from_secs(5),
        tls: tls.clone(),
        ..EtcdOptions::new(format!("127.0.0.1:{port}"), "encrypted")
    };
    let registry = EtcdRegistry::connect(options.clone(), SystemClock::shared())
        .await
        .unwrap();
    let instance = Instance {
        id: "a".into(),
        address: "https://127.0.0.1:1".into(),
    };
    let mut patience = 60;
    let _lease = loop {
        match registry
            .register("service", instance.clone(), Duration::from_secs(60))
            .await
        {
            Ok(lease) => break lease,
            Err(error) => assert!(patience > 0, "{}", chain(&error)),
        }
        patience -= 1;
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    let mut seen = registry.watch("service").await.unwrap();
    seen.wait_for(|instances| instances.get("a") == Some(&instance))
        .await
        .unwrap();

    let other = Authority::new();
    let stranger = EtcdOptions {
        tls: trusting(&other, &tls),
        ..options
    };
    let refused = match EtcdRegistry::connect(stranger, SystemClock::shared()).await {
        Ok(registry) => chain(&registry.config_get("key").await.unwrap_err()),
        Err(error) => chain(&error),
    };
    assert!(refused.contains("UnknownIssuer"), "{refused}");
}
