//! The port itself: what is spoken on it, and for how long it waits for somebody to say something.

use crate::{
    grpc::{channel, health},
    kit::{BINARY, House, PATIENCE, config},
};
use im_gateway::Config;
use im_schema::v1::{Ping, client_frame, server_frame};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{interval, timeout},
};
use tonic_health::pb::health_check_response::ServingStatus;

async fn impatient() -> House {
    let impatient = Config {
        header_timeout: Duration::from_millis(300),
        ..config()
    };
    House::with(impatient, 1_000_000).await
}

/// What the server says to these bytes before it closes the connection.
async fn answer(house: &House, said: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(house.address).await.expect("the port is open");
    stream.write_all(said).await.expect("somebody listens");
    let mut answer = Vec::new();
    let closed = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    // a reset is a close too: what was sent was not read to its end
    let _ = closed.expect("it is closed in time");
    answer
}

#[tokio::test]
async fn who_does_not_say_a_whole_head_in_time_is_closed_and_others_are_not() {
    let house = impatient().await;
    let mut device = house.device(1, BINARY).await;
    let grpc = channel(&house).await;
    let half = b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: ";
    let cases: [&[u8]; 4] = [b"", b"G", half, b"PRI * HTTP/2.0\r\n\r\nSM"];
    for said in cases {
        let answer = String::from_utf8(answer(&house, said).await).expect("text");
        // hyper may answer 408 before it closes
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    // all of them took longer than a head may take: what was open before them still is
    device.says([(9, client_frame::Body::Ping(Ping::default()))]).await;
    assert!(matches!(device.next().await.body, Some(server_frame::Body::Pong(_))));
    assert_eq!(health(&grpc, "").await, Ok(ServingStatus::Serving));
    house.close().await;
}

#[tokio::test]
async fn a_byte_now_and_then_does_not_keep_a_connection() {
    let house = impatient().await;
    let mut stream = TcpStream::connect(house.address).await.expect("the port is open");
    stream.write_all(b"GET / HTTP/1.1\r\n").await.expect("somebody listens");
    let (mut read, mut write) = stream.split();
    let dribble = async {
        let mut now_and_then = interval(Duration::from_millis(20));
        while write.write_all(b"x").await.is_ok() {
            now_and_then.tick().await;
        }
    };
    let mut rest = Vec::new();
    let closed = async {
        tokio::select! {
            () = dribble => {}
            _ = read.read_to_end(&mut rest) => {}
        }
    };
    assert!(timeout(PATIENCE, closed).await.is_ok(), "it is closed in time");
    house.close().await;
}

#[tokio::test]
async fn a_connection_serves_one_request_after_another_and_shutdown_does_not_wait_for_the_next() {
    let house = House::open().await;
    let mut stream = TcpStream::connect(house.address).await.expect("the port is open");
    let mut buffer = vec![0; 4096];
    for _ in 0..3 {
        stream
            .write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .expect("the connection is kept");
        let read = timeout(PATIENCE, stream.read(&mut buffer))
            .await
            .expect("in time")
            .expect("an answer");
        assert!(buffer[..read].starts_with(b"HTTP/1.1 200"));
    }
    let grpc = channel(&house).await;
    assert_eq!(health(&grpc, "").await, Ok(ServingStatus::Serving));
    let (mut device, address) = (house.device(1, BINARY).await, house.address);
    house.begin_to_close();
    device.is_closed(1001, "GOING_AWAY").await;
    house.close().await;
    assert_eq!(
        timeout(PATIENCE, stream.read(&mut buffer))
            .await
            .expect("in time")
            .expect("closed in order"),
        0
    );
    TcpStream::connect(address).await.expect_err("nobody listens any more");
}
