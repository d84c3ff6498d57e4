//! What is wrong is refused with a reason of the catalogue, on the connection and before it.

mod kit;

use im_schema::v1::{Ping, client_frame, server_frame};
use kit::{BINARY, House, JSON, config, send};
use tokio_tungstenite::tungstenite::{Error, Message};

async fn is_alive(device: &mut kit::Device) {
    device.says([(99, client_frame::Body::Ping(Ping::default()))]).await;
    let pong = device.next().await;
    assert_eq!(pong.request_id, 99);
    assert!(matches!(pong.body, Some(server_frame::Body::Pong(_))));
}

#[tokio::test]
async fn a_frame_that_breaks_a_rule_is_refused_and_the_connection_stays() {
    let house = House::open().await;
    let mut device = house.device(1, JSON).await;
    let cases = [
        (r#"{"requestId":"1","send":{"conversationId":"9"}}"#, 1, "content"),
        (
            r#"{"requestId":"2","send":{"conversationId":"9","colour":"red"}}"#,
            2,
            "colour",
        ),
        (r#"{"requestId":"3"}"#, 3, "body"),
        (r#"{"requestId":"4","resume":{"positions":[]}}"#, 4, "resume.positions"),
        (
            r#"{"requestId":"5","markRead":{"conversationId":"0","sequence":"1"}}"#,
            5,
            "conversationId",
        ),
        (
            r#"{"requestId":"6","send":{"conversationId":true}}"#,
            6,
            "conversationId",
        ),
    ];
    for (text, request_id, field) in cases {
        device.raw(Message::text(text)).await;
        let problem = device.is_refused(request_id, "INVALID_ARGUMENT").await;
        assert!(
            problem.violations.iter().any(|violation| violation.field == field),
            "{text}: {problem:?}"
        );
    }
    is_alive(&mut device).await;
    house.close().await;
}

#[tokio::test]
async fn what_is_good_in_a_message_is_taken_beside_what_is_not() {
    let mut house = House::open().await;
    let mut device = house.device(1, BINARY).await;
    device
        .says([(1, send(9, 1, "hi")), (2, send(9, 2, "")), (3, send(9, 3, "hi"))])
        .await;
    device.is_refused(2, "INVALID_ARGUMENT").await;
    for id in [1, 3] {
        assert_eq!(device.next().await.request_id, id);
        assert_eq!(house.next_upstream().await.origin.expect("an origin").request_id, id);
    }
    house.close().await;
}

#[tokio::test]
async fn what_is_no_frame_ends_the_connection_with_its_code() {
    let house = House::open().await;
    let large = "x".repeat(config().max_frame + 1);
    let cases = [
        (JSON, Message::text("{"), "MALFORMED", 4400),
        (JSON, Message::text("hello"), "MALFORMED", 4400),
        (JSON, Message::binary(vec![1, 2, 3]), "MALFORMED", 4400),
        (BINARY, Message::text("{}"), "MALFORMED", 4400),
        (BINARY, Message::binary(vec![200, 1, 1]), "MALFORMED", 4400),
        (BINARY, Message::binary(vec![2, 255, 255]), "MALFORMED", 4400),
        (JSON, Message::text(large.clone()), "TOO_LARGE", 1009),
        (BINARY, Message::binary(large), "TOO_LARGE", 1009),
    ];
    for (protocol, message, reason, code) in cases {
        let mut device = house.device(1, protocol).await;
        device.raw(message).await;
        device.is_refused(0, reason).await;
        device.is_closed(code, reason).await;
    }
    house.close().await;
}

#[tokio::test]
async fn too_many_frames_in_a_message_are_too_large() {
    let house = House::open().await;
    let mut device = house.device(1, BINARY).await;
    device.raw(Message::binary(vec![0; 5_000])).await;
    device.is_closed(1009, "TOO_LARGE").await;
    house.close().await;
}

#[tokio::test]
async fn who_sends_too_often_is_told_to_wait() {
    let house = House::with(config(), 5).await;
    let mut device = house.device(1, JSON).await;
    device.says((1..=8).map(|n| (n, send(9, n, "hi")))).await;
    let mut limited = 0;
    for _ in 1..=8 {
        match device.next().await.body {
            Some(server_frame::Body::Accepted(_)) => {}
            Some(server_frame::Body::Error(problem)) => {
                assert_eq!(problem.reason, "RATE_LIMITED");
                assert!(problem.retryable && problem.retry_after_ms > 0);
                limited += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(limited, 3);
    house.close().await;
}

/// Status and reason of an upgrade that is refused.
async fn refusal(house: &House, headers: &[(&'static str, &str)]) -> (u16, String) {
    match house.upgrade(headers).await {
        Err(Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            let problem: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
            (
                response.status().as_u16(),
                problem["reason"].as_str().unwrap_or_default().to_owned(),
            )
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was not refused"),
    }
}

#[tokio::test]
async fn an_upgrade_is_refused_by_http() {
    let house = House::open().await;
    let bearer = format!("Bearer {}", house.token(1));
    let known = ("sec-websocket-protocol", JSON);
    assert_eq!(refusal(&house, &[known]).await, (401, "UNAUTHENTICATED".into()));
    assert_eq!(
        refusal(&house, &[known, ("authorization", "Bearer rubbish")]).await,
        (401, "UNAUTHENTICATED".into())
    );
    assert_eq!(
        refusal(&house, &[("authorization", &bearer)]).await,
        (400, "SUBPROTOCOL_UNKNOWN".into())
    );
    let other = ("sec-websocket-protocol", "mqtt");
    assert_eq!(
        refusal(&house, &[other, ("authorization", &bearer)]).await,
        (400, "SUBPROTOCOL_UNKNOWN".into())
    );
    let evil = ("origin", "https://evil.example.com");
    assert_eq!(
        refusal(&house, &[known, ("authorization", &bearer), evil]).await,
        (403, "ORIGIN_NOT_ALLOWED".into())
    );
    house.ended.mark(&[im_schema::ids::SessionId(1_001)]).await;
    assert_eq!(
        refusal(&house, &[known, ("authorization", &bearer)]).await,
        (401, "SESSION_ENDED".into())
    );
    house.clock.advance(std::time::Duration::from_secs(kit::TOKEN_SECONDS));
    assert_eq!(
        refusal(&house, &[known, ("authorization", &bearer)]).await,
        (401, "TOKEN_EXPIRED".into())
    );
    house.close().await;
}

#[tokio::test]
async fn a_browser_gives_its_token_as_a_subprotocol_and_only_the_protocol_comes_back() {
    let house = House::open().await;
    let offered = format!("bearer.{}, {JSON}", house.token(1));
    let own = format!("http://{}", house.address);
    let mut device = house
        .upgrade(&[("sec-websocket-protocol", &offered), ("origin", &own)])
        .await
        .expect("connected");
    assert!(matches!(device.next().await.body, Some(server_frame::Body::Ready(ready)) if ready.user_id == 1));
    house.close().await;
}

#[tokio::test]
async fn a_user_has_so_many_connections() {
    let house = House::with(
        im_gateway::Config {
            max_connections_per_user: 2,
            ..config()
        },
        1_000,
    )
    .await;
    let _both = (house.device(1, JSON).await, house.device(1, JSON).await);
    let bearer = format!("Bearer {}", house.token(1));
    let third = [("sec-websocket-protocol", JSON), ("authorization", bearer.as_str())];
    assert_eq!(refusal(&house, &third).await, (429, "TOO_MANY_CONNECTIONS".into()));
    house.device(2, JSON).await;
    house.close().await;
}

#[tokio::test]
async fn the_rest_of_the_port_answers_too() {
    let house = House::open().await;
    let get = async |path: &str| {
        let answer = reqwest::get(format!("http://{}{path}", house.address))
            .await
            .expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    };
    assert_eq!(get("/health/live").await, (200, "{\"status\":\"alive\"}".to_owned()));
    let ready = "{\"status\":\"ready\",\"failing\":[],\"degraded\":[]}";
    assert_eq!(get("/health/ready").await, (200, ready.to_owned()));
    assert!(get("/metrics").await.1.contains("gateway_connections"));
    assert!(get("/openapi.json").await.1.contains("/v1/conversations"));
    assert!(get("/docs/").await.1.contains("swagger"));
    let (status, body) = get("/v1/nowhere").await;
    assert!(status == 404 && body.contains("NO_SUCH_ROUTE"), "{status} {body}");
    let (status, body) = get("/v1/ws").await;
    assert!(status == 401 && body.contains("UNAUTHENTICATED"), "{status} {body}");
    let (status, body) = get("/v1/conversations").await;
    assert!(status == 503 && body.contains("UNAVAILABLE"), "{status} {body}");
    house.close().await;
}
