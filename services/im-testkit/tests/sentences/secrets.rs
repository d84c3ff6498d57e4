//! Nothing that a whole run writes, at the most talkative log level, tells a password, a token or what a message says.

use crate::town_with;
use im_schema::{
    ids::ConversationId,
    rpc::Context,
    services::{AuthServiceClient, MessageServiceClient, auth_service, message_service},
    v1::{self, client_frame, content, server_frame},
};
use im_testkit::{PASSWORD, Protocol, call, message, refresh};
use std::process::Command;
use tokio_tungstenite::tungstenite::Message;
use tonic::transport::Endpoint;

/// Part of every password, token and message of the run that the run itself makes up.
const PLANTED: &str = "planted-7f3a";
/// Before the tokens that the platform issued, on standard output.
const ISSUED: &str = "issued: ";

#[test]
fn a_run_at_level_trace_tells_no_secret() {
    let this = std::env::current_exe().expect("a test has a file");
    let run = [
        "--exact",
        "sentences::secrets::everything_that_has_secrets",
        "--ignored",
        "--nocapture",
    ];
    let output = Command::new(this).args(run).output().expect("the run starts");
    let (out, log) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{log}");
    for shown in ["TRACE", "call refused", "call answered", "parlance.v1.AuthService"] {
        assert!(
            log.contains(shown),
            "the log is not that of a run at level trace: {shown} is missing"
        );
    }
    let issued: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix(ISSUED)).collect();
    assert!(issued.len() >= 4, "{out}");
    let told = out.lines().filter(|line| !line.starts_with(ISSUED)).chain(log.lines());
    for line in told {
        for secret in issued.iter().chain(&[PLANTED, PASSWORD]) {
            assert!(!line.contains(secret), "{secret} is told: {line}");
        }
    }
}

/// What the platform says to a client is looked through like its log.
#[expect(clippy::print_stdout, reason = "the test above reads it")]
fn note(line: &str) {
    println!("\n{line}");
}

fn request(body: &str) -> v1::SendMessageRequest {
    message(ConversationId(0), body)
}

#[tokio::test]
#[ignore = "is run by the test above, in a process whose output that one reads"]
async fn everything_that_has_secrets() {
    let mut town = town_with(&[("telemetry.level", "trace")]).await;
    let url = town.url();
    let (mut alice, bob) = (town.user("alice").await, town.user("bob").await);
    for tokens in [&alice.tokens, &bob.tokens] {
        note(&format!("{ISSUED}{}", tokens.access_token));
        note(&format!("{ISSUED}{}", tokens.refresh_token));
    }
    let conversation = alice.with(&bob).await;
    let messages = format!("/v1/conversations/{conversation}/messages");
    let too_long = format!("{PLANTED}{}", "x".repeat(9_000));

    // REST: valid, broken rules, wrong types, no JSON
    let sent = request(PLANTED);
    let stored = alice.rest::<v1::SendMessageResponse>("POST", &messages, &sent).await;
    assert!(stored.is_ok(), "{stored:?}");
    let refused = alice
        .rest::<v1::SendMessageResponse>("POST", &messages, &request(&too_long))
        .await;
    note(&format!("{:?}", refused.expect_err("it is too long")));
    for (path, body) in [
        (
            "/v1/users",
            format!("{{\"name\":\"carol\",\"deviceId\":\"d\",\"password\":\"{too_long}\"}}"),
        ),
        (
            "/v1/users",
            format!("{{\"name\":\"carol\",\"deviceId\":\"d\",\"password\":[\"{PLANTED}\"]}}"),
        ),
        (
            "/v1/sessions",
            format!("{{\"name\":\"alice\",\"deviceId\":\"d\",\"password\":\"{PLANTED}\"}}"),
        ),
        (
            "/v1/sessions",
            format!("{{\"name\":\"alice\",\"deviceId\":\"d\",\"password\":\"{PLANTED}\\x\"}}"),
        ),
        ("/v1/sessions/refresh", format!("{{\"refreshToken\":\"{PLANTED}\"}}")),
        ("/v1/sessions/refresh", format!("{{\"refreshToken\":\"{PLANTED}")),
    ] {
        let asked = reqwest::Client::new().post(format!("{url}{path}"));
        let asked = asked.header("content-type", "application/json").body(body);
        let answer = asked.send().await.expect("the server answers");
        assert!(answer.status().is_client_error(), "{path}: {}", answer.status());
        note(&answer.text().await.expect("a body"));
    }
    let forged = call::<v1::GetProfileResponse>(&url, Some(PLANTED), "GET", "/v1/profile", &()).await;
    note(&format!("{:?}", forged.expect_err("it is no token")));
    let tokens = refresh(&url, &bob.tokens.refresh_token).await.expect("new tokens");
    note(&format!("{ISSUED}{}", tokens.access_token));
    note(&format!("{ISSUED}{}", tokens.refresh_token));

    // gRPC
    let endpoint = Endpoint::from_shared(url.clone()).expect("an address");
    let channel = endpoint.connect().await.expect("the server listens");
    let auth = AuthServiceClient::from_service(auth_service::remote(channel.clone()));
    let log_in = v1::LogInRequest {
        name: "alice".into(),
        password: PLANTED.into(),
        device_id: "d".into(),
        ..Default::default()
    };
    let wrong = auth.log_in(Context::default(), log_in).await;
    note(&format!("{:?}", wrong.expect_err("the password is wrong")));
    let by_grpc = MessageServiceClient::from_service(message_service::remote(channel));
    let context = Context::bearer(alice.tokens.access_token.as_str());
    note(&format!("{context:?}"));
    for text in [PLANTED, &too_long] {
        let sent = message(conversation, text);
        note(&format!("{sent:?}"));
        let answer = by_grpc.send_message(context.clone(), sent).await;
        note(&format!("{answer:?}"));
    }
    let forged = by_grpc
        .send_message(Context::bearer(PLANTED), message(conversation, PLANTED))
        .await;
    note(&format!("{:?}", forged.expect_err("it is no token")));

    // both kinds of WebSocket
    for protocol in [Protocol::Text, Protocol::Binary] {
        let mut device = alice.device("secretive", protocol).await;
        device
            .send(client_frame::Body::Send(message(conversation, PLANTED)))
            .await;
        device.fate().await.expect("it is stored");
        let mut custom = message(conversation, "");
        custom.content = Some(v1::Content {
            kind: Some(content::Kind::Custom(v1::Custom {
                kind: "No Kind".into(),
                data: PLANTED.into(),
                ..Default::default()
            })),
            ..Default::default()
        });
        let renew = v1::Renew {
            access_token: PLANTED.into(),
            ..Default::default()
        };
        for body in [
            client_frame::Body::Send(custom),
            client_frame::Body::Send(message(conversation, &too_long)),
            client_frame::Body::Renew(renew),
        ] {
            let problem = device.refused(body).await;
            note(&format!("{problem:?}"));
        }
        if let server_frame::Body::ListMessages(page) = device
            .ask(client_frame::Body::ListMessages(v1::ListMessagesRequest {
                conversation_id: conversation.0,
                ..Default::default()
            }))
            .await
        {
            assert!(page.messages.len() >= 3, "{page:?}");
            note(&format!("{page:?}"));
        }
        let rubbish = match protocol {
            Protocol::Text => Message::text(format!("{{\"send\":{{\"content\":\"{PLANTED}")),
            Protocol::Binary => Message::binary(PLANTED.as_bytes().to_vec()),
        };
        device.send_raw(rubbish).await;
        note(&format!("{:?}", device.closed().await));
    }

    let metrics = reqwest::get(format!("{url}/metrics"))
        .await
        .expect("the server answers");
    note(&metrics.text().await.expect("a page"));
    town.stop().await;
    eprintln!("{}", town.log_of_processes());
}
