//! Compiles the schema; everything else is in `build-support`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let out_dir = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts");
    match build_support::generate("../schema", out_dir) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
