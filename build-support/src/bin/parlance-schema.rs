//! `parlance-schema write` brings the checked-in artefacts up to date with the schema; `parlance-schema check` says which ones are not, and
//! fails if there are any.

use build_support::{MEND, artefacts};
use std::{error::Error, path::Path, process::ExitCode};

#[expect(clippy::print_stdout, reason = "a command line tool talks on standard output")]
fn main() -> Result<ExitCode, Box<dyn Error>> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let stale: Vec<_> = artefacts(root)?
        .into_iter()
        .filter(|artefact| !artefact.is_current())
        .collect();
    let names = stale
        .iter()
        .map(|artefact| artefact.path.strip_prefix(root).unwrap_or(&artefact.path).display());
    match std::env::args().nth(1).as_deref() {
        Some("write") => {
            for (artefact, name) in stale.iter().zip(names) {
                artefact.write()?;
                println!("written: {name}");
            }
            Ok(ExitCode::SUCCESS)
        }
        Some("check") => {
            names.for_each(|name| println!("not up to date: {name}"));
            if stale.is_empty() {
                return Ok(ExitCode::SUCCESS);
            }
            println!("mend it with: {MEND}");
            Ok(ExitCode::FAILURE)
        }
        _ => Err("usage: parlance-schema write | check".into()),
    }
}
