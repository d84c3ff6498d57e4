//! `parlance move`: carries the data of an embedded folder into the engines that processes share.

#[cfg(feature = "cluster")]
mod log;
#[cfg(feature = "cluster")]
mod report;
#[cfg(feature = "cluster")]
mod run;

use crate::settings::key_and_value;
use clap::Args;
use std::path::PathBuf;

/// Carry the data of an embedded folder into the engines that processes share.
#[derive(Debug, Args)]
#[command(
    after_help = "The folder is that of a server that ran without engines of others and is stopped now; the target is the empty database \
of repo.mysql in the configuration. Users with their passwords, sessions, conversations, members with their read positions, and messages with \
their sequences go there; the folder stays as it is. What is interrupted goes on where it was with the same command. At the end every row is \
compared: exit code 0 says that both are the same. Then start the roles with the same auth.secret, and people stay logged in.

Files that people attached are copied apart: from the folder `repo/files` to repo.files."
)]
pub(crate) struct Move {
    /// The data folder that the data comes from
    #[arg(long, value_name = "FOLDER")]
    pub(crate) from: PathBuf,
    /// Configuration file (see `parlance config` for all keys and their defaults)
    #[arg(long, value_name = "FILE", env = "PARLANCE_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Set one key of the configuration; may be given many times
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub(crate) set: Vec<(String, String)>,
    /// Rows that are carried in one transaction, at most
    #[arg(long, value_name = "ROWS", default_value_t = 500)]
    pub(crate) batch: usize,
    /// Only look whether it can be done, and say how much there is
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[cfg(not(feature = "cluster"))]
impl Move {
    /// A program that knows no engines has nowhere to move to.
    pub(crate) async fn run(self) -> anyhow::Result<bool> {
        anyhow::bail!("this program was built without engines that processes share: build it with `--features cluster`")
    }
}
