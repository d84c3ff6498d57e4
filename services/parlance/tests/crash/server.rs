//! `parlance dev` as a child process.

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
}

impl Server {
    /// Starts on an empty folder.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (child, url) = spawn(&folder).await;
        Self { folder, child, url }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// SIGKILL, and waits until the process is gone.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.expect("the server runs until it is killed");
    }

    /// Starts on the data that is there.
    pub(crate) async fn start_again(&mut self) {
        std::fs::remove_file(address(&self.folder)).expect("the killed server left its address");
        (self.child, self.url) = spawn(&self.folder).await;
    }
}

fn address(folder: &TempDir) -> PathBuf {
    folder.path().join("address")
}

async fn spawn(folder: &TempDir) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlance"));
    command
        .arg("dev")
        .arg("--data")
        .arg(folder.path())
        .args(["--listen", "127.0.0.1:0"]);
    command.args(["--set", "repo.bcrypt_cost=4", "--set", "telemetry.level=error"]);
    for class in ["credentials", "read", "write", "send"] {
        for key in ["per_second", "burst"] {
            command.args(["--set", &format!("limits.{class}.{key}=1000000")]);
        }
    }
    // these are the test's, and an unknown setting is an error
    command
        .env_remove("PARLANCE_CRASH_SEEDS")
        .env_remove("PARLANCE_CRASH_SEED");
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
