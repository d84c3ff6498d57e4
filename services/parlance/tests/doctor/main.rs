//! `parlance doctor`, `migrate` and `health` as their users run them: as programs, on real engines, some of which are down or not as they should be.

#[cfg(feature = "cluster")]
mod engines;

use serde_json::Value;
use std::process::{Command, Output};

/// Runs `parlance` with nothing of this process's environment that it would take for settings.
fn parlance(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_parlance"))
        .args(arguments)
        .env_remove("PARLANCE_CONFIG")
        .output()
        .expect("the program runs")
}

/// What the doctor says with some settings, and its exit code.
fn doctor(settings: &[String]) -> (Examination, i32) {
    let mut arguments = vec!["doctor", "--json"];
    for setting in settings {
        arguments.extend(["--set", setting]);
    }
    let output = parlance(&arguments);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (Examination(report), output.status.code().expect("it ends by itself"))
}

struct Examination(Value);

impl Examination {
    fn is_well(&self) -> bool {
        self.0["well"].as_bool().unwrap()
    }

    /// Verdict, what was found and how to mend it.
    fn of(&self, subject: &str) -> (&str, &str, &str) {
        let findings = self.0["findings"].as_array().unwrap();
        let finding = findings.iter().find(|finding| finding["subject"] == subject);
        let finding = finding.unwrap_or_else(|| panic!("nothing of {subject} in {:#}", self.0));
        let text = |key: &str| finding[key].as_str().unwrap_or_default();
        (text("verdict"), text("found"), text("mend"))
    }
}

#[test]
fn without_engines_there_is_nothing_to_be_mended_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (report, code) = doctor(&[format!("data={}", data.display())]);
    assert!(report.is_well() && code == 0, "{:#}", report.0);
    let (verdict, found, _) = report.of("migrations");
    assert!(verdict == "good" && found.contains("at the next start"), "{found}");
    assert!(!data.exists(), "looking made the data folder");
}

#[test]
fn a_wrong_setting_is_told_and_is_the_only_finding() {
    let (report, code) = doctor(&["gateway.max_frme=1KiB".into(), "profile=production".into()]);
    assert_eq!(code, 1);
    let (verdict, found, mend) = report.of("configuration");
    assert_eq!(verdict, "bad");
    assert!(found.contains("gateway.max_frame"), "{found}");
    assert!(mend.contains("parlance config"), "{mend}");
}

#[test]
fn people_get_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let output = parlance(&["doctor", "--set", &format!("data={}", folder.path().display())]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("how to mend it") && text.contains("0 bad"), "{text}");
}

#[test]
fn migrate_brings_a_folder_to_this_version_and_says_what_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let data = format!("data={}", folder.path().display());
    let migrate = |more: &[&str]| {
        let output = parlance(&[&["migrate", "--set", &data], more].concat());
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    };
    let (before, code) = migrate(&["--check"]);
    assert!(code == Some(1) && before.contains("1 initial: to be run"), "{before}");
    assert!(!folder.path().join("repo").exists(), "looking made the database");
    let (done, code) = migrate(&[]);
    assert!(code == Some(0) && done.contains("1 initial: done"), "{done}");
    let (after, code) = migrate(&["--check"]);
    assert!(code == Some(0) && after.contains("up to date"), "{after}");
    let (again, code) = migrate(&[]);
    assert!(
        code == Some(0) && again.contains("up to date") && !again.contains("done"),
        "{again}"
    );
}

#[test]
fn health_fails_where_nobody_answers() {
    // a port that was just free; nobody listens there
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let output = parlance(&["health", &format!("http://127.0.0.1:{port}")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("connect to"),
        "{output:?}"
    );
}
