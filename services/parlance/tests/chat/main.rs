//! `parlance chat tail` and `send` as child processes, and what becomes of them when their session is over.

#[path = "../kit/server.rs"]
mod server;

use im_schema::{
    rpc::Context,
    services::{AuthServiceClient, auth_service},
    v1,
};
use server::Server;
use std::{
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};
use tonic::transport::Endpoint;

const PATIENCE: Duration = Duration::from_secs(60);
const PASSWORD: &str = "correct horse";

/// `parlance chat` of a user, whose sessions are kept in `home`.
fn chat(server: &str, home: &Path, user: &str, arguments: &[&str]) -> Command {
    let password = home.join("password");
    std::fs::write(&password, PASSWORD).expect("a file can be written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlance"));
    command
        .args(["chat", "--url", server, "--user", user, "--register", "--password-file"])
        .arg(password)
        .args(arguments)
        .env("HOME", home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn ends(child: Child) -> (Option<i32>, String) {
    let ended = tokio::time::timeout(PATIENCE, child.wait_with_output());
    let Output { status, stderr, .. } = ended.await.expect("it ends").expect("it is ours");
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}

/// `tail` of bob, who has received a message already.
async fn listening(server: &Server, home: &TempDir) -> Child {
    let mut tail = chat(server.url(), home.path(), "bob", &["tail"])
        .spawn()
        .expect("tail can be started");
    let mut lines = BufReader::new(tail.stdout.as_mut().expect("piped")).lines();
    let first = async {
        loop {
            let said = chat(server.url(), home.path(), "ada", &["send", "--to", "bob", "hello"])
                .output()
                .await;
            // bob may still be about to register
            let said = said.expect("send can be started").status.success();
            let line = tokio::time::timeout(Duration::from_millis(500), lines.next_line()).await;
            if said && let Ok(line) = line {
                return line.expect("a line").expect("tail goes on");
            }
        }
    };
    let first = tokio::time::timeout(PATIENCE, first).await.expect("tail receives");
    assert!(first.ends_with(": hello"), "{first}");
    tail
}

/// Ends all sessions of bob from elsewhere.
async fn log_out_everywhere(server: &Server) {
    let channel = Endpoint::from_shared(server.url().to_owned())
        .expect("an address")
        .connect()
        .await;
    let auth = AuthServiceClient::from_service(auth_service::remote(channel.expect("the server listens")));
    let request = v1::LogInRequest {
        name: "bob".to_owned(),
        password: PASSWORD.to_owned(),
        device_id: "elsewhere".to_owned(),
        ..Default::default()
    };
    let tokens = auth
        .log_in(Context::default(), request)
        .await
        .expect("logged in")
        .tokens;
    let context = Context::bearer(tokens.expect("tokens").access_token.as_str());
    auth.log_out_all(context, v1::LogOutAllRequest::default())
        .await
        .expect("logged out");
}

/// Ends bob's sessions while his `tail` cannot hear of it, and lets it come back to a server that knows.
async fn ended_meanwhile(settings: &[&str]) -> (Option<i32>, String) {
    let mut server = Server::start_with(settings).await;
    let home = tempfile::tempdir().expect("a temporary folder can be made");
    let tail = listening(&server, &home).await;
    let listen = server.url().trim_start_matches("http://").to_owned();
    server.kill().await;
    server.start_again().await;
    log_out_everywhere(&server).await;
    server.kill().await;
    server.start_again_at(&listen).await;
    ends(tail).await
}

#[tokio::test]
async fn tail_ends_when_the_user_logs_out_everywhere() {
    let server = Server::start().await;
    let home = tempfile::tempdir().expect("a temporary folder can be made");
    let tail = listening(&server, &home).await;
    log_out_everywhere(&server).await;
    let (code, said) = ends(tail).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the session is over"), "{said}");
}

#[tokio::test]
async fn tail_ends_when_its_session_was_ended_while_it_was_offline() {
    let (code, said) = ended_meanwhile(&[]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("the session is over") && said.contains("SESSION_ENDED"),
        "{said}"
    );
}

#[tokio::test]
async fn tail_ends_when_its_refresh_token_is_refused() {
    let (code, said) = ended_meanwhile(&["logic.access_token_lifetime=1s"]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the session is over"), "{said}");
    assert!(
        said.contains("REFRESH_INVALID") || said.contains("SESSION_ENDED"),
        "{said}"
    );
}
