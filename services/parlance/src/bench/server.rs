//! The server under load: a child process of this very program, or processes that run already.

use super::watched::Watched;
use anyhow::{Context as _, bail};
use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// A running server.
pub(crate) struct Server {
    /// Base addresses, e.g. `http://127.0.0.1:7700`; at least one.
    urls: Vec<String>,
    child: Option<(Child, TempDir)>,
    pid: Option<u32>,
}

/// How a server is started for the purpose.
pub(crate) struct Start<'a> {
    /// Where its data folder is made.
    pub(crate) folder: Option<&'a Path>,
    pub(crate) config: Option<&'a Path>,
}

impl Server {
    /// Starts `parlance dev` on an empty folder and a free port, with cheap passwords and without rate limits.
    pub(crate) async fn start(start: Start<'_>) -> anyhow::Result<Self> {
        let data = match start.folder {
            Some(folder) => TempDir::new_in(folder),
            None => TempDir::new(),
        }
        .context("make a data folder")?;
        let program = std::env::current_exe().context("find this program")?;
        let mut command = Command::new(program);
        command
            .arg("dev")
            .arg("--data")
            .arg(data.path())
            .args(["--listen", "127.0.0.1:0"]);
        if let Some(config) = start.config {
            command.arg("--config").arg(config);
        }
        command.args([
            "--set",
            "repo.bcrypt_cost=4",
            "--set",
            "telemetry.level=warn",
            "--set",
            "gateway.max_connections_per_user=1000",
        ]);
        for class in ["credentials", "read", "write", "send"] {
            command.arg("--set").arg(format!("limits.{class}.per_second=1000000"));
            command.arg("--set").arg(format!("limits.{class}.burst=1000000"));
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("start the server")?;
        let url = wait_for_address(&data.path().join("address")).await?;
        let pid = child.id();
        Ok(Self {
            urls: vec![url],
            child: Some((child, data)),
            pid,
        })
    }

    /// Takes a server that runs already, at one or more addresses.
    pub(crate) fn running(urls: Vec<String>) -> Self {
        Self {
            urls,
            child: None,
            pid: None,
        }
    }

    /// Where the `number`th connection goes: the addresses in turn.
    pub(crate) fn url(&self, number: usize) -> &str {
        &self.urls[number % self.urls.len()]
    }

    /// The process that was started for the purpose.
    pub(crate) fn watched(&self) -> Option<Watched> {
        self.pid.map(|pid| Watched::new("server", pid))
    }

    /// Memory that the server holds, in KiB; 0 for a server elsewhere.
    pub(crate) fn resident_kib(&self) -> u64 {
        self.pid.map_or(0, |pid| status_kib(pid, "VmRSS:"))
    }

    /// Ends the server as Ctrl-C would and waits for it.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        let Some((mut child, data)) = self.child else {
            return Ok(());
        };
        if let Some(pid) = self
            .pid
            .and_then(|pid| rustix::process::Pid::from_raw(pid.cast_signed()))
        {
            rustix::process::kill_process(pid, rustix::process::Signal::INT).context("stop the server")?;
        }
        let status = tokio::time::timeout(Duration::from_secs(20), child.wait())
            .await
            .context("the server does not stop")??;
        drop(data);
        if !status.success() {
            bail!("the server ended with {status}");
        }
        Ok(())
    }
}

/// `parlance dev` writes its address into its folder when it is ready.
async fn wait_for_address(file: &Path) -> anyhow::Result<String> {
    let started = Instant::now();
    loop {
        match tokio::fs::read_to_string(file).await {
            Ok(address) if !address.trim().is_empty() => return Ok(address.trim().to_owned()),
            _ if started.elapsed() > Duration::from_secs(30) => bail!("the server is not ready after 30 s"),
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// Processor time of a process (`self` for this one), in seconds; `None` if there is no such process.
pub(crate) fn cpu_seconds(process: &str) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // the name in parentheses may hold blanks; utime and stime are the 12th and 13th field behind it
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = behind_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Some(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

fn status_kib(pid: u32, key: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .unwrap_or_default();
    line.split_whitespace()
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}
