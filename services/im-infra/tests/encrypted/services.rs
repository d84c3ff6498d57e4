//! Calls between services.

use crate::{authority::Authority, chain, trusting};
use axum::{Router, serve::Listener};
use im_infra::{
    discovery::{self, Channel, Encryption},
    registry::{Instance, Instances},
    tls::{Acceptor, Stream, Tls},
};
use std::{io, net::SocketAddr};
use tokio::{net::TcpListener, sync::watch};
use tonic::{Code, Status};

/// Serves those whose certificate it trusts.
struct Encrypted(TcpListener, Acceptor);

impl Listener for Encrypted {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        loop {
            let (stream, peer) = self.0.accept().await.unwrap();
            if let Ok(stream) = self.1.accept(stream).await {
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A server that says so; its port.
async fn serve(tls: &Tls) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = Acceptor::new(tls.read().unwrap().as_ref()).unwrap();
    let app = Router::new().fallback(async || Status::aborted("it was served").into_http::<axum::body::Body>());
    tokio::spawn(async move { axum::serve(Encrypted(listener, acceptor), app).await.unwrap() });
    port
}

fn channel(address: String, tls: &Tls, name: &str) -> Channel {
    let instance = Instance {
        id: "a".into(),
        address,
    };
    let (_, instances) = watch::channel(Instances::from([("a".to_owned(), instance)]));
    let encryption = tls.read().unwrap().map(|pem| Encryption { pem, name: name.into() });
    discovery::channel("tested", instances, encryption)
}

async fn call(channel: Channel) -> Status {
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/test/Ask");
    let answer = grpc.unary::<(), (), _>(tonic::Request::new(()), path, im_schema::grpc::Codec::default());
    answer.await.unwrap_err()
}

#[tokio::test]
async fn those_who_trust_each_other_call_each_other_and_nobody_else() {
    let (authority, other) = (Authority::new(), Authority::new());
    let tls = authority.issue("parlance.test");
    let port = serve(&tls).await;
    let address = format!("https://127.0.0.1:{port}");
    let call = |address: &str, tls: &Tls, name: &str| call(channel(address.to_owned(), tls, name));

    let served = call(&address, &tls, "parlance.test").await;
    assert_eq!(served.message(), "it was served", "{}", chain(&served));

    let refused = async |address: &str, tls: &Tls, name: &str, cause: &str| {
        let status = call(address, tls, name).await;
        assert_eq!(status.code(), Code::Unavailable, "{}", chain(&status));
        assert!(chain(&status).contains(cause), "{cause}: {}", chain(&status));
    };
    refused(&address, &trusting(&other, &tls), "parlance.test", "UnknownIssuer").await;
    refused(&address, &tls, "other.test", "NotValidForName").await;
    // on both sides: who shows nothing, and who shows what another one has issued
    let nobody = Tls {
        certificate: "".into(),
        key: "".into(),
        ..tls.clone()
    };
    refused(&address, &nobody, "parlance.test", "").await;
    let stranger = Tls {
        ca: tls.ca.clone(),
        ..other.issue("parlance.test")
    };
    refused(&address, &stranger, "parlance.test", "").await;
    // nothing goes unencrypted, neither there nor from here
    refused(
        &format!("http://127.0.0.1:{port}"),
        &tls,
        "parlance.test",
        "no instance",
    )
    .await;
    refused(&format!("http://127.0.0.1:{port}"), &Tls::default(), "", "").await;
}

#[test]
fn a_server_without_a_certificate_does_not_start() {
    let authority = Authority::new();
    let tls = Tls {
        certificate: "".into(),
        key: "".into(),
        ..authority.issue("parlance.test")
    };
    let error = Acceptor::new(tls.read().unwrap().as_ref()).err().unwrap();
    assert_eq!(error.to_string(), "a server needs a certificate and its key");
    let other = authority.issue("other.test");
    let mixed = Tls {
        key: other.key,
        ..authority.issue("parlance.test")
    };
    let error = chain(&Acceptor::new(mixed.read().unwrap().as_ref()).err().unwrap());
    assert!(error.contains("the certificate cannot be used"), "{error}");
}
