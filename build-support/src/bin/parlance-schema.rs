//! The schema's own tool:
//!
//! - `write` brings the checked-in artefacts up to date with the schema,
//! - `check` fails if one is not, if the schema breaks a release, or if it breaks a rule of the house,
//! - `freeze 0.2` makes the schema of today the baseline of a release.

use build_support::{
    MEND, artefacts,
    compare::{
        baseline::{baselines, freeze},
        judge,
    },
    left_over,
    lint::lint,
    load,
};
use std::{error::Error, fs, path::Path, process::ExitCode};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        say(&error.to_string());
        ExitCode::FAILURE
    })
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["write"] => write(),
        ["check"] => check(),
        ["freeze", release] => {
            for path in freeze(schema(), release)? {
                say(&format!("written: {}", short(&path)));
            }
            Ok(ExitCode::SUCCESS)
        }
        _ => Err("usage: parlance-schema write | check | freeze RELEASE".into()),
    }
}

fn write() -> Result<ExitCode, Box<dyn Error>> {
    let artefacts = artefacts(Path::new(ROOT))?;
    for artefact in artefacts.iter().filter(|artefact| !artefact.is_current()) {
        artefact.write()?;
        say(&format!("written: {}", short(&artefact.path)));
    }
    for path in left_over(Path::new(ROOT), &artefacts)? {
        fs::remove_file(&path)?;
        say(&format!("removed: {}", short(&path)));
    }
    Ok(ExitCode::SUCCESS)
}

fn check() -> Result<ExitCode, Box<dyn Error>> {
    let model = load(schema())?;
    let verdict = judge(&model, &baselines(schema())?);
    // what is wrong with the schema comes first: who is told to write would write that down everywhere
    let mut complaints: Vec<_> = verdict.findings.iter().map(ToString::to_string).collect();
    complaints.extend(verdict.mistakes.iter().map(ToString::to_string));
    complaints.extend(lint(&model).iter().map(ToString::to_string));
    let artefacts = artefacts(Path::new(ROOT))?;
    let stale = artefacts.iter().filter(|artefact| !artefact.is_current());
    let mut drift: Vec<_> = stale
        .map(|artefact| format!("not up to date: {}", short(&artefact.path)))
        .collect();
    let left_over = left_over(Path::new(ROOT), &artefacts)?;
    drift.extend(left_over.iter().map(|path| format!("left over: {}", short(path))));
    if !drift.is_empty() {
        drift.push(format!("    mend it with: {MEND}"));
    }
    complaints.extend(drift);
    for complaint in &complaints {
        say(complaint);
    }
    Ok(if complaints.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn schema() -> std::path::PathBuf {
    Path::new(ROOT).join("schema")
}

fn short(path: &Path) -> String {
    path.strip_prefix(ROOT).unwrap_or(path).display().to_string()
}

#[expect(clippy::print_stdout, reason = "a command line tool talks on standard output")]
fn say(text: &str) {
    println!("{text}");
}
