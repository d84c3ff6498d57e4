#![doc = include_str!("../README.md")]

mod bench;
mod chat;
mod cli;
mod dev;
mod link;
mod settings;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
