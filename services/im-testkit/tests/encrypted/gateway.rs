//! A gateway without a load balancer in front.

use crate::{authority::Authority, borrowed, settings};
use im_infra::tls::Tls;
use im_schema::{rpc::Context, services::AuthServiceClient, v1::RegisterRequest};
use im_testkit::{Ground, Town};
use std::{path::Path, process::Output};
use tokio::process::Command;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

const PASSWORD: &str = "correct horse battery staple";

/// A platform whose gateway shows this certificate, and asks for none.
async fn encrypted(tls: &Tls) -> Town {
    let open = Tls {
        ca: "".into(),
        ..tls.clone()
    };
    Town::start(Ground::Embedded, &borrowed(&settings("gateway.tls", &open))).await
}

async fn connect(url: &str, tls: &Tls) -> Result<Channel, tonic::transport::Error> {
    let ca = Certificate::from_pem(std::fs::read(&tls.ca).unwrap());
    let tls = ClientTlsConfig::new().ca_certificate(ca);
    let endpoint = Endpoint::from_shared(url.replace("http://", "https://")).unwrap();
    endpoint.tls_config(tls).unwrap().connect().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_call_it_encrypted_if_they_trust_it_and_not_otherwise() {
    let (authority, other) = (Authority::new(), Authority::new());
    let tls = authority.issue("127.0.0.1");
    let mut town = encrypted(&tls).await;
    register(&town, &tls, "alice").await;

    let refused = format!(
        "{:?}",
        connect(&town.url(), &other.issue("127.0.0.1")).await.unwrap_err()
    );
    assert!(refused.contains("UnknownIssuer"), "{refused}");
    let plain = reqwest::get(format!("{}/health/live", town.url())).await;
    assert!(plain.is_err(), "nothing is served unencrypted: {plain:?}");
    town.stop().await;
}

async fn register(town: &Town, tls: &Tls, name: &str) {
    let client = AuthServiceClient::remote(connect(&town.url(), tls).await.unwrap());
    let request = RegisterRequest {
        name: name.into(),
        password: PASSWORD.into(),
        device_id: "laptop".into(),
        ..RegisterRequest::default()
    };
    client.register(Context::default(), request).await.unwrap();
}

/// The program, which trusts these certificates and keeps its sessions in `home`.
async fn parlance(ca: &Path, home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_parlance-node"))
        .args(arguments)
        .env("SSL_CERT_FILE", ca)
        .env_remove("SSL_CERT_DIR")
        .env("HOME", home)
        .env_remove("XDG_STATE_HOME")
        .kill_on_drop(true)
        .output()
        .await
        .expect("it runs")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_asks_and_chats_encrypted() {
    let (authority, other) = (Authority::new(), Authority::new());
    let tls = authority.issue("127.0.0.1");
    let mut town = encrypted(&tls).await;
    let url = town.url().replace("http://", "https://");
    let home = tempfile::tempdir().expect("a folder");
    let asks = async |ca: &Path, more: &[&str]| parlance(ca, home.path(), &[&["health"], more].concat()).await;
    let refused = |output: &Output, why: &str| {
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && told.contains(why), "{told}");
    };
    let ready = asks(&tls.ca, &[&url]).await;
    assert!(ready.status.success(), "{ready:?}");
    refused(&asks(&other.issue("127.0.0.1").ca, &[&url]).await, "UnknownIssuer");
    refused(
        &asks(&tls.ca, &[&url, "--name", "chat.example.org"]).await,
        "not valid for name",
    );
    refused(
        &asks(Path::new("/nowhere.pem"), &[&url]).await,
        "no certificates to trust",
    );
    refused(&asks(&tls.ca, &[&town.url()]).await, "the answer is not HTTP");

    register(&town, &tls, "alice").await;
    register(&town, &tls, "bob").await;
    let password = home.path().join("password");
    std::fs::write(&password, PASSWORD).expect("a file can be written");
    let password = password.display().to_string();
    let chats = async |name: &str, more: &[&str]| {
        let who = ["chat", "--url", &url, "--user", name, "--password-file", &password];
        let output = parlance(&tls.ca, home.path(), &[&who, more].concat()).await;
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    // who listens hears what is sent from then on
    let heard = chats("bob", &["tail", "-n", "1"]);
    let said = async {
        loop {
            chats("alice", &["send", "--to", "bob", "hello"]).await;
        }
    };
    let read = tokio::select! {
        read = heard => read,
        () = said => String::new(),
    };
    assert!(read.contains("hello"), "{read}");
    town.stop().await;
}
