//! `parlance gateway`, `logic`, `repo`, `task`: one role until SIGTERM or Ctrl-C.

use crate::{
    dev::{Outcome, until_told},
    node::{Node, Role},
    settings::{Settings, key_and_value},
};
use clap::Args;
use im_infra::{telemetry, trace::Traces};
use std::{path::PathBuf, time::Instant};

/// Run one role of the platform in this process, on the engines that processes share.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Configuration file (see `parlance config` for all keys and their defaults)
    #[arg(long, value_name = "FILE", env = "PARLANCE_CONFIG")]
    config: Option<PathBuf>,
    /// Set one key of the configuration; may be given many times
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    set: Vec<(String, String)>,
}

impl Serve {
    /// Runs until it is told to stop, or until it cannot go on.
    pub(crate) async fn run(self, role: Role) -> anyhow::Result<()> {
        let started = Instant::now();
        let settings = Settings::load(self.config.as_deref(), &self.set)?;
        let telemetry = telemetry::install(settings.telemetry.format, &settings.telemetry.level);
        let traces = Traces::start(&settings.telemetry.traces(), role.name())?;
        let node = Node::start(role, settings, telemetry.metrics).await?;
        announce(&node, started);
        let ended = match until_told(node.failed()).await? {
            Outcome::Told => node.stop().await,
            Outcome::Failed(what) => what.end(node.stop()).await,
        };
        traces.stop().await;
        ended
    }
}

fn announce(node: &Node, started: Instant) {
    #[expect(clippy::print_stdout, reason = "this is what the user waits for")]
    {
        println!(
            "{} is ready after {:.0} ms at {}://{}",
            node.name(),
            started.elapsed().as_secs_f64() * 1e3,
            node.scheme(),
            node.address()
        );
    }
}
