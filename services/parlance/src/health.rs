//! `parlance health`: asks a process whether it can serve, for probes of containers that have nothing else to ask with.

use anyhow::{Context as _, bail};
use clap::Args;
use im_infra::tls::Address;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

/// Longer answers are not read.
const LONGEST_ANSWER: u64 = 64 * 1024;

/// Ask a process whether it can serve.
#[derive(Debug, Args)]
pub(crate) struct Health {
    /// Where it is: `http://host:port`, or `https://host:port`
    #[arg(default_value = "http://127.0.0.1:7700")]
    url: String,
    /// The name in its certificate, if that is not the host's; SSL_CERT_FILE names certificates to trust in place of the system's
    #[arg(long)]
    name: Option<String>,
    /// Give up after so many seconds
    #[arg(long, default_value_t = 2)]
    seconds: u64,
}

impl Health {
    /// # Errors
    /// It cannot be reached, or it is not ready; what it says.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let address = Address::parse(&self.url)?;
        ready(&address, self.name.as_deref(), Duration::from_secs(self.seconds)).await
    }
}

/// Asks the process at an address, whose certificate has this name.
///
/// # Errors
/// It cannot be reached, does not answer in time, or is not ready; what it says.
pub(crate) async fn ready(address: &Address, name: Option<&str>, patience: Duration) -> anyhow::Result<()> {
    let authority = address.authority();
    let answer = timeout(patience, ask(address, name))
        .await
        .with_context(|| format!("{authority} does not answer"))??;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split_whitespace().nth(1).context("the answer is not HTTP")?;
    if status != "200" {
        bail!("{authority} is not ready: {status} {}", body.trim());
    }
    Ok(())
}

async fn ask(address: &Address, name: Option<&str>) -> anyhow::Result<String> {
    let authority = address.authority();
    let mut stream = address.dial(name).await?;
    // 1.0: one answer, whole, and then the end
    let request = format!("GET /health/ready HTTP/1.0\r\nHost: {authority}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
