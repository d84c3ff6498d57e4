//! The command line.

use crate::{
    bench::Bench,
    carry::Move,
    chat::Chat,
    dev::Dev,
    dlq::Dlq,
    doctor::Doctor,
    health::Health,
    migrate::Migrate,
    node::Role,
    role::Serve,
    setting::{Get, Set},
};
use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
use std::{io, process::ExitCode};

/// Instant messaging from one schema.
#[derive(Debug, Parser)]
#[command(
    name = "parlance",
    version,
    after_help = "The documentation begins in README.md. Try `parlance dev` in one terminal and `parlance chat` in two others."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the whole platform in this process, on engines of its own
    Dev(Dev),
    /// Hold connections: REST, WebSocket and gRPC for clients; many may run
    Gateway(Serve),
    /// Decide: what clients may do, and the way of messages; many may run
    Logic(Serve),
    /// Keep: users, conversations, messages in the database; many may run
    Repo(Serve),
    /// Do what may wait: messages to large groups; many may run
    Task(Serve),
    /// Bring the database to this version's schema, or look whether it is
    Migrate(Migrate),
    /// Carry the data of an embedded folder into the engines that processes share
    Move(Move),
    /// Look at a deployment: what is wrong, and how to mend it
    Doctor(Doctor),
    /// Look at messages that could not be handled, and put them back
    Dlq(Dlq),
    /// Ask a process whether it can serve
    Health(Health),
    /// Chat in this terminal
    Chat(Chat),
    /// Measure a server under load
    Bench(Bench),
    /// Change a setting in all running processes, within a second
    Set(Set),
    /// Show what was set in running processes
    Get(Get),
    /// Print the commented default configuration
    Config,
    /// Print a completion script for a shell
    Completion {
        /// Which shell
        shell: Shell,
    },
}

/// Parses the command line and does what it says. Exit code 0: done; 1: it failed, or what it looked at is not as it should be; 2: wrong usage.
pub fn run() -> ExitCode {
    match Cli::parse().command {
        Command::Dev(dev) => finish(on_all_cores(dev.run())),
        Command::Gateway(serve) => finish(on_all_cores(serve.run(Role::Gateway))),
        Command::Logic(serve) => finish(on_all_cores(serve.run(Role::Logic))),
        Command::Repo(serve) => finish(on_all_cores(serve.run(Role::Repo))),
        Command::Task(serve) => finish(on_all_cores(serve.run(Role::Task))),
        Command::Chat(chat) => finish(on_one_core(chat.run())),
        Command::Set(set) => finish(on_one_core(set.run())),
        Command::Get(get) => finish(on_one_core(get.run())),
        Command::Migrate(migrate) => judged(on_one_core(migrate.run())),
        Command::Move(carry) => judged(on_one_core(carry.run())),
        Command::Doctor(doctor) => judged(on_one_core(doctor.run())),
        Command::Dlq(dlq) => judged(on_one_core(dlq.run())),
        Command::Health(health) => finish(on_one_core(health.run())),
        Command::Bench(bench) => judged(on_one_core(bench.run())),
        Command::Config => {
            #[expect(clippy::print_stdout, reason = "printing is what the command is for")]
            {
                print!("{}", crate::settings::DEFAULTS);
            }
            ExitCode::SUCCESS
        }
        Command::Completion { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "parlance", &mut io::stdout());
            ExitCode::SUCCESS
        }
    }
}

/// What was looked at is as it should be, or not.
fn judged(result: anyhow::Result<bool>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => finish(Err(error)),
    }
}

fn finish(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("parlance: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn on_all_cores<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// A client is one user's, or a load that must leave the server its cores.
fn on_one_core<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
