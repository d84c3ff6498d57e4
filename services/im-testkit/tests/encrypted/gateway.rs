//! A gateway without a load balancer in front.

use crate::{authority::Authority, borrowed, settings};
use im_infra::tls::Tls;
use im_schema::{rpc::Context, services::AuthServiceClient, v1::RegisterRequest};
use im_testkit::{Ground, Town};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

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
    // clients show no certificate
    let open = Tls {
        ca: "".into(),
        ..tls.clone()
    };
    let mut town = Town::start(Ground::Embedded, &borrowed(&settings("gateway.tls", &open))).await;
    let client = AuthServiceClient::remote(connect(&town.url(), &tls).await.unwrap());
    let request = RegisterRequest {
        name: "alice".into(),
        password: "correct horse battery staple".into(),
        device_id: "laptop".into(),
        ..RegisterRequest::default()
    };
    client.register(Context::default(), request).await.unwrap();

    let refused = format!(
        "{:?}",
        connect(&town.url(), &other.issue("127.0.0.1")).await.unwrap_err()
    );
    assert!(refused.contains("UnknownIssuer"), "{refused}");
    let plain = reqwest::get(format!("{}/health/live", town.url())).await;
    assert!(plain.is_err(), "nothing is served unencrypted: {plain:?}");
    town.stop().await;
}
