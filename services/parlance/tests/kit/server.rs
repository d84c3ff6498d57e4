//! `parlance dev` as a child process.

#![expect(dead_code, reason = "each test uses a part of it")]

use std::{path::PathBuf, process::Stdio, time::Duration};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that can be killed and started again on its data.
pub(crate) struct Server {
    folder: TempDir,
    child: Child,
    url: String,
    settings: Vec<String>,
}

impl Server {
    /// Starts on an empty folder.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts on an empty folder with these settings, each `key=value`, besides cheap passwords and rates without limit.
    pub(crate) async fn start_with(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let settings: Vec<String> = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let (child, url) = spawn(&folder, &settings, "127.0.0.1:0").await;
        Self {
            folder,
            child,
            url,
            settings,
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The process, for as long as it runs.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("the server runs")
    }

    /// SIGKILL, and waits until the process is gone.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.expect("the server runs until it is killed");
    }

    /// Starts on the data that is there, on another port.
    pub(crate) async fn start_again(&mut self) {
        self.start_again_at("127.0.0.1:0").await;
    }

    /// Starts on the data that is there, at this address.
    pub(crate) async fn start_again_at(&mut self, listen: &str) {
        std::fs::remove_file(address(&self.folder)).expect("the killed server left its address");
        (self.child, self.url) = spawn(&self.folder, &self.settings, listen).await;
    }
}

fn address(folder: &TempDir) -> PathBuf {
    folder.path().join("address")
}

async fn spawn(folder: &TempDir, settings: &[String], listen: &str) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlance"));
    command
        .arg("dev")
        .arg("--data")
        .arg(folder.path())
        .args(["--listen", listen]);
    command.args(["--set", "repo.bcrypt_cost=4", "--set", "telemetry.level=error"]);
    for class in ["credentials", "read", "write", "send"] {
        for key in ["per_second", "burst"] {
            command.args(["--set", &format!("limits.{class}.{key}=1000000")]);
        }
    }
    for setting in settings {
        command.args(["--set", setting]);
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("the server can be started");
    let file = address(folder);
    let ready = async {
        loop {
            if let Some(status) = child.try_wait().expect("the server is ours") {
                panic!("the server ended at its start with {status}");
            }
            match tokio::fs::read_to_string(&file).await {
                Ok(url) if !url.is_empty() => return url,
                // another process has no other way to say that it is ready
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    };
    let url = tokio::time::timeout(PATIENCE, ready)
        .await
        .expect("the server is ready in time");
    (child, url)
}
