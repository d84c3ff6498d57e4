//! Bad input on every surface: a clear answer with a reason of the catalogue, or a close with its code; never a fault of the server.

use im_schema::{
    failure::Failure,
    json,
    parlance::Reason,
    rest::ROUTES,
    rpc::Context,
    services::{MessageServiceClient, message_service},
    v1::{self, client_frame, server_frame},
};
use im_testkit::{Device, Protocol, Town, User, message};
use rand::{Rng as _, RngCore as _, SeedableRng as _, rngs::StdRng};
use std::time::Duration;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};
use tonic::{
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::{Channel, Endpoint},
};

/// Status and problem with which REST refuses.
async fn refused(user: &User, verb: &str, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> (u16, v1::Problem) {
    let request = reqwest::Client::new().request(verb.parse().expect("a verb"), format!("{}{path}", user.url()));
    let request = request
        .bearer_auth(&user.tokens.access_token)
        .header("content-type", kind)
        .body(body.into());
    let response = request.send().await.expect("an answer");
    let (status, body) = (response.status().as_u16(), response.bytes().await.expect("a body"));
    let problem: v1::Problem =
        json::from_slice(&body).unwrap_or_else(|_| panic!("{verb} {path}: {status} with {body:?}"));
    let reason = (1..200)
        .filter_map(|number| Reason::try_from(number).ok())
        .find(|reason| reason.spec().name == problem.reason);
    assert_eq!(
        reason.expect("a reason of the catalogue").spec().http,
        status,
        "{verb} {path}"
    );
    (status, problem)
}

#[tokio::test]
async fn rest_says_what_is_wrong() {
    let town = Town::start().await;
    let (mut alice, bob, mallory) = (
        town.user("alice").await,
        town.user("bob").await,
        town.user("mallory").await,
    );
    let theirs = alice.with(&bob).await;
    let messages = format!("/v1/conversations/{theirs}/messages");
    let long = json::to_vec(&v1::SendMessageRequest {
        conversation_id: 0,
        ..message(theirs, &"x".repeat(8_193))
    });
    let json = "application/json";
    let nested = format!("{{\"title\":{}", "[".repeat(20_000));
    type Case<'a> = (&'a str, &'a str, &'a str, Vec<u8>, &'a str, &'a str);
    let cases: [Case<'_>; 19] = [
        ("POST", "/v1/groups", json, b"{".to_vec(), "MALFORMED", ""),
        ("POST", "/v1/groups", json, b"\xff\xfe".to_vec(), "MALFORMED", ""),
        (
            "POST",
            "/v1/groups",
            json,
            nested.into_bytes(),
            "INVALID_ARGUMENT",
            "title",
        ),
        ("POST", "/v1/groups", json, b"[]".to_vec(), "INVALID_ARGUMENT", ""),
        (
            "POST",
            "/v1/groups",
            json,
            b"{\"title\":7}".to_vec(),
            "INVALID_ARGUMENT",
            "title",
        ),
        (
            "POST",
            "/v1/groups",
            json,
            b"{\"title\":\"t\",\"colour\":1}".to_vec(),
            "INVALID_ARGUMENT",
            "colour",
        ),
        (
            "POST",
            "/v1/groups",
            json,
            b"{\"title\":\"\",\"userIds\":[\"1\",\"1\"]}".to_vec(),
            "INVALID_ARGUMENT",
            "title",
        ),
        ("POST", "/v1/groups", json, vec![b' '; 70 * 1024], "TOO_LARGE", ""),
        (
            "POST",
            "/v1/groups",
            "text/plain",
            b"{}".to_vec(),
            "UNSUPPORTED_MEDIA_TYPE",
            "",
        ),
        ("POST", &messages, json, long, "INVALID_ARGUMENT", "content.text.body"),
        ("GET", "/v1/nothing", json, vec![], "NO_SUCH_ROUTE", ""),
        ("PUT", "/v1/groups", json, b"{}".to_vec(), "METHOD_NOT_ALLOWED", ""),
        (
            "GET",
            "/v1/conversations/seven",
            json,
            vec![],
            "INVALID_ARGUMENT",
            "conversationId",
        ),
        (
            "GET",
            "/v1/conversations/99999999999999999999",
            json,
            vec![],
            "INVALID_ARGUMENT",
            "conversationId",
        ),
        ("GET", "/v1/conversations/%ff", json, vec![], "INVALID_ARGUMENT", ""),
        (
            "GET",
            "/v1/conversations?pageSize=-1",
            json,
            vec![],
            "INVALID_ARGUMENT",
            "pageSize",
        ),
        (
            "GET",
            "/v1/conversations?pageSize=101",
            json,
            vec![],
            "INVALID_ARGUMENT",
            "pageSize",
        ),
        (
            "GET",
            "/v1/conversations?colour=red",
            json,
            vec![],
            "INVALID_ARGUMENT",
            "colour",
        ),
        ("GET", &messages, json, vec![], "NOT_A_MEMBER", ""),
    ];
    for (verb, path, kind, body, reason, field) in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let (_, problem) = refused(&mallory, verb, path, kind, body).await;
        assert_eq!(problem.reason, reason, "{verb} {path} {shown}: {problem:?}");
        let named = field.is_empty() || problem.violations.iter().any(|violation| violation.field == field);
        assert!(named, "{verb} {path} {shown}: {problem:?}");
    }
}

#[tokio::test]
async fn no_route_answers_rubbish_with_a_fault_of_its_own() {
    let town = Town::start().await;
    let alice = town.user("alice").await;
    let mut random = StdRng::seed_from_u64(7);
    for route in ROUTES
        .iter()
        .filter(|route| !route.path.starts_with("/v1/sessions") || route.verb != "DELETE")
    {
        let path = route.path.replace("{conversation_id}", "1").replace("{user_id}", "2");
        let mut noise = vec![0; 100];
        random.fill_bytes(&mut noise);
        for body in [
            &b"{"[..],
            b"[]",
            b"\"\"",
            b"1e999",
            b"{\"\":{}}",
            b"{\"role\":\"\\ud800\"}",
            &noise,
        ] {
            let (status, problem) = refused(&alice, route.verb, &path, "application/json", body).await;
            assert!(
                (400..500).contains(&status),
                "{} {path} {body:?}: {problem:?}",
                route.verb
            );
        }
        let url = format!("{}{path}", town.url());
        let response = reqwest::Client::new()
            .request(route.verb.parse().expect("a verb"), url)
            .send()
            .await
            .expect("an answer");
        assert!(
            response.status().is_client_error(),
            "{} {path} without a token",
            route.verb
        );
    }
}

/// What a frame is answered with; the connection must be good afterwards.
async fn refusal(device: &mut Device, message: Message) -> v1::Problem {
    device.send_raw(message).await;
    let pick = |frame: &v1::ServerFrame| match &frame.body {
        Some(server_frame::Body::Error(problem)) => Some(problem.clone()),
        _ => None,
    };
    let problem = device.find("a refusal", pick).await;
    assert!(device.so_far().await.is_empty());
    problem
}

#[tokio::test]
async fn a_frame_that_is_wrong_is_refused_and_the_connection_stays() {
    let town = Town::start().await;
    let alice = town.user("alice").await;
    let mut device = alice.device("phone", Protocol::Text).await;
    for (line, reason, field) in [
        ("[1]", "INVALID_ARGUMENT", ""),
        ("{\"requestId\":\"1\"}", "INVALID_ARGUMENT", "body"),
        ("{\"requestId\":\"1\",\"dance\":{}}", "INVALID_ARGUMENT", "dance"),
        (
            "{\"requestId\":\"1\",\"ping\":{\"loud\":true}}",
            "INVALID_ARGUMENT",
            "ping.loud",
        ),
        (
            "{\"requestId\":\"1\",\"send\":{\"conversationId\":true}}",
            "INVALID_ARGUMENT",
            "conversationId",
        ),
        (
            "{\"requestId\":\"1\",\"ping\":{},\"resume\":{\"positions\":[]}}",
            "INVALID_ARGUMENT",
            "",
        ),
        (
            "{\"requestId\":\"1\",\"getConversation\":{\"conversationId\":\"42\"}}",
            "CONVERSATION_NOT_FOUND",
            "",
        ),
        (
            "{\"requestId\":\"1\",\"renew\":{\"accessToken\":\"rubbish\"}}",
            "UNAUTHENTICATED",
            "",
        ),
    ] {
        let problem = refusal(&mut device, Message::text(line)).await;
        assert_eq!(problem.reason, reason, "{line}: {problem:?}");
        let named = field.is_empty() || problem.violations.iter().any(|violation| violation.field == field);
        assert!(named, "{line}: {problem:?}");
    }
    let mut device = alice.device("tablet", Protocol::Binary).await;
    let problem = refusal(&mut device, Message::binary(vec![0])).await;
    assert_eq!(
        problem.reason, "INVALID_ARGUMENT",
        "a frame without a body: {problem:?}"
    );
}

#[tokio::test]
async fn what_is_no_frame_ends_the_connection_with_its_code() {
    let town = Town::start().await;
    let alice = town.user("alice").await;
    let no_text = Message::Frame(Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true));
    for (protocol, message, code) in [
        (Protocol::Text, Message::text("{"), 4400),
        (Protocol::Text, Message::binary(vec![0]), 4400),
        (Protocol::Text, Message::text(" ".repeat(70 * 1024)), 1009),
        (Protocol::Text, no_text, 4400),
        (Protocol::Binary, Message::text("{}"), 4400),
        (Protocol::Binary, Message::binary(vec![200]), 4400),
        (Protocol::Binary, Message::binary(vec![5, 1, 2]), 4400),
        (Protocol::Binary, Message::binary(vec![2, 0xff, 0xff]), 4400),
        (Protocol::Binary, Message::binary(vec![0; 70 * 1024]), 1009),
    ] {
        let shown = format!("{protocol:?} {message:?}").chars().take(80).collect::<String>();
        let mut device = alice.device("phone", protocol).await;
        device.send_raw(message).await;
        let closed = tokio::time::timeout(Duration::from_secs(5), device.closed())
            .await
            .map(|closed| closed.code);
        assert_eq!(closed, Ok(code), "{shown}");
    }
}

#[tokio::test]
async fn noise_never_ends_a_connection_without_a_code() {
    let town = Town::start().await;
    let alice = town.user("alice").await;
    let mut random = StdRng::seed_from_u64(11);
    for round in 0..60 {
        let mut noise = vec![0; random.random_range(1..300)];
        random.fill_bytes(&mut noise);
        // often of the right length, so that what is inside is looked at
        if round % 2 == 0 && noise.len() < 128 {
            noise[0] = noise.len() as u8 - 1;
        }
        let mut device = alice.device("phone", Protocol::Binary).await;
        device.send_raw(Message::binary(noise.clone())).await;
        device
            .send_frames(&[v1::ClientFrame {
                request_id: 77,
                body: Some(client_frame::Body::Ping(v1::Ping::default())),
                ..Default::default()
            }])
            .await;
        loop {
            match device.next().await {
                Ok(frame) if frame.request_id == 77 => break,
                Ok(_) => {}
                Err(closed) => {
                    assert!(matches!(closed.code, 4400 | 1009), "{noise:?}: {closed:?}");
                    break;
                }
            }
        }
    }
}

/// Sends and takes bytes as they are.
#[derive(Clone, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = tonic::Status;

    fn encode(&mut self, item: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), tonic::Status> {
        bytes::BufMut::put_slice(out, &item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = tonic::Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, tonic::Status> {
        let mut item = vec![0; bytes::Buf::remaining(bytes)];
        bytes::Buf::copy_to_slice(bytes, &mut item);
        Ok(Some(item))
    }
}

async fn raw(channel: &Channel, token: &str, method: &'static str, body: Vec<u8>) -> tonic::Status {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.expect("the server listens");
    let mut request = tonic::Request::new(body);
    if !token.is_empty() {
        request.metadata_mut().insert(
            "authorization",
            format!("Bearer {token}").parse().expect("a token is a header's value"),
        );
    }
    let path = http::uri::PathAndQuery::from_static(method);
    client.unary(request, path, Raw).await.expect_err("it is refused")
}

#[tokio::test]
async fn grpc_says_what_is_wrong() {
    const LIST: &str = "/parlance.v1.MessageService/ListMessages";
    let town = Town::start().await;
    let (mut alice, bob, mallory) = (
        town.user("alice").await,
        town.user("bob").await,
        town.user("mallory").await,
    );
    let theirs = alice.with(&bob).await;
    let channel = Endpoint::from_shared(town.url())
        .expect("an address")
        .connect()
        .await
        .expect("the server listens");
    let token = mallory.tokens.access_token.clone();
    let reason = |status: &tonic::Status| Failure::from_status(status).spec().name;

    let status = raw(&channel, &token, LIST, vec![0xff; 20]).await;
    assert_eq!(
        (status.code(), reason(&status)),
        (tonic::Code::InvalidArgument, "MALFORMED"),
        "{status:?}"
    );
    let status = raw(&channel, &token, LIST, vec![0; 100 * 1024]).await;
    assert_eq!(
        (status.code(), reason(&status)),
        (tonic::Code::ResourceExhausted, "TOO_LARGE"),
        "{status:?}"
    );
    let status = raw(&channel, "", LIST, vec![8, 1]).await;
    assert_eq!(
        (status.code(), reason(&status)),
        (tonic::Code::Unauthenticated, "UNAUTHENTICATED"),
        "{status:?}"
    );
    let status = raw(&channel, "rubbish", LIST, vec![8, 1]).await;
    assert_eq!(
        (status.code(), reason(&status)),
        (tonic::Code::Unauthenticated, "UNAUTHENTICATED"),
        "{status:?}"
    );
    for unknown in [
        "/parlance.v1.MessageService/Dance",
        "/parlance.v1.NoService/Dance",
        "/parlance.internal.v1.MessageRepo/ReadMessages",
    ] {
        let status = raw(&channel, &token, unknown, vec![]).await;
        assert_eq!(status.code(), tonic::Code::Unimplemented, "{unknown}: {status:?}");
    }

    let messages = MessageServiceClient::from_service(message_service::remote(channel));
    let ask = |request| messages.list_messages(Context::bearer(token.as_str()), request);
    let wrong = v1::ListMessagesRequest {
        conversation_id: 0,
        direction: 9,
        limit: 201,
        ..Default::default()
    };
    let failure = ask(wrong).await.expect_err("it breaks three rules");
    let fields: Vec<_> = failure
        .broken_rules()
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(
        (failure.reason(), fields),
        (Reason::InvalidArgument, vec!["conversationId", "direction", "limit"])
    );
    let foreign = v1::ListMessagesRequest {
        conversation_id: theirs.0,
        ..Default::default()
    };
    assert_eq!(
        ask(foreign).await.expect_err("mallory is no member").reason(),
        Reason::NotAMember
    );
}
