//! The interactive client without its screen, on a running platform.

use super::*;
use crate::{platform::Platform, settings::Settings};
use im_infra::telemetry::{self, Level, LogFormat};
use im_schema::{
    rpc::Context,
    services::{AuthServiceClient, auth_service},
};
use std::time::Duration;
use tempfile::TempDir;
use tonic::transport::Endpoint;

const PATIENCE: Duration = Duration::from_secs(20);

async fn platform(folder: &TempDir, overrides: &[(&str, &str)]) -> Platform {
    let overrides: Vec<_> = overrides
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let mut settings = Settings::load(None, &overrides).expect("the configuration is valid");
    settings.data = folder.path().join("data");
    settings.gateway.listen = "127.0.0.1:0".parse().expect("an address");
    let telemetry = telemetry::install(LogFormat::Human, &Level::default());
    Platform::start(settings, telemetry.metrics)
        .await
        .expect("the platform starts")
}

async fn register(url: &str, name: &str, folder: &TempDir) -> Account {
    let channel = Endpoint::from_shared(url.to_owned())
        .expect("an address")
        .connect()
        .await;
    let auth = AuthServiceClient::from_service(auth_service::remote(channel.expect("the server listens")));
    let request = v1::RegisterRequest {
        name: name.to_owned(),
        password: "correct horse".to_owned(),
        device_id: "test".to_owned(),
        ..Default::default()
    };
    let answer = auth.register(Context::default(), request).await.expect("registered");
    let kept = std::fs::File::create(folder.path().join(name)).expect("a file can be made");
    Account::new(
        url,
        answer.user.expect("a user"),
        auth,
        answer.tokens.expect("tokens"),
        kept,
    )
}

impl App {
    /// Goes on until `done`.
    async fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let reached = async {
            while !done(self) {
                let event = self.live.next().await.expect("the session goes on");
                self.take_all(event).await.expect("the session goes on");
            }
        };
        assert!(
            tokio::time::timeout(PATIENCE, reached).await.is_ok(),
            "not reached: {what}"
        );
    }

    fn marks(&self) -> Vec<Option<String>> {
        let open = self.open.expect("a conversation is open");
        self.state
            .unsent
            .of(open)
            .map(|unsent| unsent.refused.clone())
            .collect()
    }
}

#[tokio::test]
async fn what_is_said_too_fast_arrives_later_and_what_is_refused_says_why() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let limits = [
        ("repo.bcrypt_cost", "4"),
        ("limits.send.burst", "2"),
        ("limits.send.per_second", "4"),
    ];
    let platform = platform(&folder, &limits).await;
    let url = format!("http://{}", platform.address());
    let account = register(&url, "ada", &folder).await;
    let mut app = App::new(account);
    app.until("online", |app| app.online).await;
    app.grant(Wish::Group {
        title: "alone".to_owned(),
        names: vec!["ada".to_owned()],
    })
    .await;
    app.until("the group is open", |app| app.open.is_some()).await;

    for number in 0..6 {
        app.grant(Wish::Say(number.to_string())).await;
    }
    let said = |app: &App| {
        let thread = &app.state.threads[&app.open.expect("a conversation is open")];
        thread.messages.len()
    };
    app.until("all six are stored", |app| said(app) == 6).await;
    assert_eq!(app.marks(), []);
    assert_eq!(app.notice, None, "the lines themselves said how they stood");

    app.grant(Wish::Say("x".repeat(8_193))).await;
    app.until("it is refused", |app| app.marks().iter().all(Option::is_some))
        .await;
    let mark = app.marks().into_iter().flatten().collect::<String>();
    assert!(mark.starts_with("INVALID_ARGUMENT: "), "{mark}");
    platform.stop().await.expect("the platform ends in order");
}
