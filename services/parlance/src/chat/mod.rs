//! `parlance chat`: a terminal client, and its two commands for scripts.

mod account;
mod app;
mod catchup;
mod keys;
mod live;
mod order;
mod outbox;
mod script;
mod state;
mod view;

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Chat in this terminal.
#[derive(Debug, Args)]
pub(crate) struct Chat {
    /// The server
    #[arg(long, default_value = "http://127.0.0.1:7700", global = true)]
    url: String,
    /// Who you are; asked for if missing
    #[arg(long, short, global = true)]
    user: Option<String>,
    /// File with the password, for scripts; asked for if missing
    #[arg(long, value_name = "FILE", global = true)]
    password_file: Option<PathBuf>,
    /// Register the user if there is none of this name
    #[arg(long, global = true)]
    register: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Send a message, or each line of the standard input, and wait until it is stored
    Send {
        /// Whom to: a user's name
        #[arg(
            long,
            short,
            conflicts_with = "conversation",
            required_unless_present = "conversation"
        )]
        to: Option<String>,
        /// Where to: a conversation's id
        #[arg(long, short)]
        conversation: Option<u64>,
        /// What to say; without it each line of the standard input is a message
        text: Option<String>,
    },
    /// Print messages as they arrive
    Tail {
        /// Only those of this conversation
        #[arg(long, short)]
        conversation: Option<u64>,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
        /// End after so many messages
        #[arg(long, short = 'n')]
        number: Option<u64>,
    },
}

impl Chat {
    /// Runs until the user leaves.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let account =
            account::Account::open(&self.url, self.user, self.password_file.as_deref(), self.register).await?;
        match self.command {
            None => app::run(account).await,
            Some(Command::Send { to, conversation, text }) => script::send(account, to, conversation, text).await,
            Some(Command::Tail {
                conversation,
                json,
                number,
            }) => script::tail(account, conversation, json, number).await,
        }
    }
}
