//! Connections that do nothing: what each of them costs the server in memory.

use super::{arena::Account, server::Server};
use crate::link::{self, Incoming};
use anyhow::bail;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use indicatif::ProgressBar;
use std::time::Duration;

/// Connections that are opened at once.
const CONCURRENCY: usize = 64;

/// Opens `count` connections, spread over the accounts, and returns the server's KiB for each of them.
pub(crate) async fn run(
    server: &Server,
    accounts: &[Account],
    count: usize,
    hold: Duration,
    progress: &ProgressBar,
) -> anyhow::Result<f64> {
    let before = server.resident_kib();
    progress.set_length(count as u64);
    progress.set_position(0);
    progress.set_message("opening connections");
    let connections: Vec<_> = stream::iter(0..count)
        .map(|number| async move {
            let (sender, mut receiver) =
                link::connect(server.url(number), &accounts[number % accounts.len()].token).await?;
            let Incoming::Frames(_) = receiver.next().await? else {
                bail!("connection {number} was closed at once")
            };
            progress.inc(1);
            anyhow::Ok((sender, receiver))
        })
        .buffer_unordered(CONCURRENCY)
        .try_collect()
        .await?;
    tokio::time::sleep(hold).await;
    let after = server.resident_kib();
    drop(connections);
    Ok(after.saturating_sub(before) as f64 / count.max(1) as f64)
}
