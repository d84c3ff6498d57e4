//! `parlance dev`: the whole platform until Ctrl-C.

use crate::{
    platform::Platform,
    settings::{Settings, key_and_value},
};
use anyhow::{Context as _, bail};
use clap::Args;
use im_infra::telemetry;
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
        let data = settings.data.clone();
        let address_file = data.join("address");
        let mut platform = Platform::start(settings, telemetry.metrics).await?;
        let url = format!("http://{}", platform.address());
        std::fs::write(&address_file, &url).with_context(|| format!("write {}", address_file.display()))?;
        announce(&url, &data, started);
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let failed = tokio::select! {
            _ = interrupt.recv() => None,
            _ = terminate.recv() => None,
            failed = platform.failed() => Some(failed),
        };
        // whoever looks for the address must not find one where nobody answers
        let _ = std::fs::remove_file(&address_file);
        let Some(failed) = failed else {
            return platform.stop().await;
        };
        // what failed may keep others from a good end; whoever restarts this process is waiting for it
        match tokio::time::timeout(LONGEST_STOP, platform.stop()).await {
            Ok(stopped) => stopped.context(failed)?,
            Err(_) => bail!("{failed}; the rest did not end within {LONGEST_STOP:?}"),
        }
        bail!(failed)
    }
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
