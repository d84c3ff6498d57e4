//! `parlance dev`: the whole platform until Ctrl-C.

use crate::{
    platform::Platform,
    settings::{Settings, key_and_value},
};
use anyhow::{Context as _, bail};
use clap::Args;
use im_infra::{telemetry, trace::Traces};
use std::{
    net::SocketAddr,
    path::PathBuf,
    time::{Duration, Instant},
};
use tokio::signal::unix::{SignalKind, signal};

/// How long the end may take after a failure.
const LONGEST_STOP: Duration = Duration::from_secs(30);

/// Run the whole platform in this process.
#[derive(Debug, Args)]
pub(crate) struct Dev {
    /// Configuration file (see `parlance config` for all keys and their defaults)
    #[arg(long, value_name = "FILE", env = "PARLANCE_CONFIG")]
    config: Option<PathBuf>,
    /// Where data is kept
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Address and port to serve on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Set one key of the configuration; may be given many times
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    set: Vec<(String, String)>,
}

impl Dev {
    /// Runs until Ctrl-C or SIGTERM, or until a part of the platform fails.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let started = Instant::now();
        let mut settings = Settings::load(self.config.as_deref(), &self.set)?;
        settings.data = self.data.unwrap_or(settings.data);
        settings.gateway.listen = self.listen.unwrap_or(settings.gateway.listen);
        let telemetry = telemetry::install(settings.telemetry.format, &settings.telemetry.level);
        let traces = Traces::start(&settings.telemetry.traces(), "parlance")?;
        let data = settings.data.clone();
        let address_file = data.join("address");
        let scheme = if settings.gateway.tls.enabled { "https" } else { "http" };
        let mut platform = Platform::start(settings, telemetry.metrics).await?;
        let url = format!("{scheme}://{}", platform.address());
        std::fs::write(&address_file, &url).with_context(|| format!("write {}", address_file.display()))?;
        announce(&url, &data, started);
        let told = until_told(platform.failed()).await?;
        // whoever looks for the address must not find one where nobody answers
        let _ = std::fs::remove_file(&address_file);
        let ended = match told {
            Outcome::Told => platform.stop().await,
            Outcome::Failed(what) => what.end(platform.stop()).await,
        };
        traces.stop().await;
        ended
    }
}

/// Why a process ends.
pub(crate) enum Outcome {
    /// It was told to.
    Told,
    /// It cannot go on.
    Failed(Failed),
}

/// What failed.
pub(crate) struct Failed(String);

impl Failed {
    /// Ends the rest. What failed may keep others from a good end; whoever restarts this process is waiting for it.
    ///
    /// # Errors
    /// Always: what failed.
    pub(crate) async fn end(self, stop: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
        let Self(what) = self;
        match tokio::time::timeout(LONGEST_STOP, stop).await {
            Ok(stopped) => stopped.context(what.clone())?,
            Err(_) => bail!("{what}; the rest did not end within {LONGEST_STOP:?}"),
        }
        bail!(what)
    }
}

/// Waits for Ctrl-C or SIGTERM, or until the process cannot go on.
///
/// # Errors
/// Signals cannot be waited for.
pub(crate) async fn until_told(failed: impl Future<Output = String>) -> anyhow::Result<Outcome> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(tokio::select! {
        _ = interrupt.recv() => Outcome::Told,
        _ = terminate.recv() => Outcome::Told,
        what = failed => Outcome::Failed(Failed(what)),
    })
}

fn announce(url: &str, data: &std::path::Path, started: Instant) {
    let socket = url.replacen("http", "ws", 1);
    #[expect(clippy::print_stdout, reason = "this is what the user waits for")]
    {
        println!(
            "Parlance is ready after {:.0} ms. Data: {}",
            started.elapsed().as_secs_f64() * 1e3,
            data.display()
        );
        println!("  REST       {url}/v1         API page  {url}/docs");
        println!("  WebSocket  {socket}/v1/ws      metrics   {url}/metrics");
        println!("  gRPC       {url}            health    {url}/health/ready");
        println!("Chat: parlance chat --url {url} --user NAME     End: Ctrl-C");
    }
}
