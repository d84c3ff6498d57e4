//! The program `parlance`, for tests that run it in processes of their own.

use std::process::ExitCode;

fn main() -> ExitCode {
    parlance::cli::run()
}
