use super::*;
use serde::Deserialize;
use std::{collections::BTreeMap, fs, time::Duration};

const DEFAULTS: &str = r#"
data = "parlance-data"

[gateway]
listen = "127.0.0.1:7000"
max_frame = "64KiB"
idle = "2m"
origins = []
share = 0.5
compress = false

[token]
secret = ""

[limits.send]
per_second = 50

[labels]
"#;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    data: String,
    gateway: Gateway,
    token: Token,
    limits: Limits,
    labels: BTreeMap<String, toml::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Gateway {
    listen: std::net::SocketAddr,
    #[serde(with = "size")]
    max_frame: usize,
    #[serde(with = "duration")]
    idle: Duration,
    origins: Vec<String>,
    share: f64,
    compress: bool,
}

#[derive(Debug, Deserialize)]
struct Token {
    secret: Secret,
}

#[derive(Debug, Deserialize)]
struct Limits {
    send: Limit,
}

#[derive(Debug, Deserialize)]
struct Limit {
    per_second: u32,
}

fn load_all(file: Option<&str>, variables: &[(&str, &str)], overrides: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parlance.toml");
    if let Some(text) = file {
        fs::write(&path, text).unwrap();
    }
    let pair = |(name, value): &(&str, &str)| (String::from(*name), String::from(*value));
    let variables = variables
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Loader::new(DEFAULTS)
        .file(file.map(|_| path.as_path()))
        .variables("PARLANCE_", variables)
        .reserved(&["PARLANCE_PASSWORD"])
        .overrides(&overrides.iter().map(pair).collect::<Vec<_>>())
        .load()
}

/// The error's text with the folder of the file cut off.
fn complaint(file: Option<&str>, variables: &[(&str, &str)], overrides: &[(&str, &str)]) -> String {
    let text = load_all(file, variables, overrides)
        .expect_err("it is wrong")
        .to_string();
    let mut words: Vec<String> = text.split(' ').map(String::from).collect();
    for word in &mut words {
        if let Some(at) = word.find("parlance.toml") {
            let opening = if word.starts_with('(') { "(" } else { "" };
            *word = format!("{opening}{}", &word[at..]);
        }
    }
    words.join(" ")
}

#[test]
fn defaults_are_enough() {
    let config = load_all(
        None,
        &[("HOME", "/"), ("PARLANCE_CONFIG", "x"), ("PARLANCE_PASSWORD", "x")],
        &[],
    )
    .unwrap();
    assert_eq!(config.data, "parlance-data");
    assert_eq!(config.gateway.max_frame, 64 << 10);
    assert_eq!(config.gateway.idle, Duration::from_secs(120));
    assert!(config.gateway.origins.is_empty() && config.token.secret.is_empty() && config.labels.is_empty());
    load::<Config>(DEFAULTS, None, "A_PREFIX_THAT_NOBODY_USES_", &[]).unwrap();
}

#[test]
fn the_command_line_is_above_the_environment_above_the_file_above_the_defaults() {
    let file = "data = 'file'\n[gateway]\nshare = 1\ncompress = true\nidle = '5s'\n[limits.send]\nper_second = 2";
    let variables = [
        ("PARLANCE_DATA", "variable"),
        ("PARLANCE_GATEWAY__IDLE", "6s"),
        ("PARLANCE_LIMITS__SEND__PER_SECOND", "3"),
        ("PARLANCE_GATEWAY__ORIGINS", "https://a, https://b"),
    ];
    let overrides = [
        ("data", "flag"),
        ("limits.send.per_second", "3"),
        ("limits.send.per_second", "4"),
    ];
    let config = load_all(Some(file), &variables, &overrides).unwrap();
    assert_eq!(config.data, "flag");
    assert_eq!(config.gateway.listen.port(), 7000);
    assert_eq!((config.gateway.share, config.gateway.compress), (1.0, true));
    assert_eq!(config.gateway.idle, Duration::from_secs(6));
    assert_eq!(config.gateway.origins, ["https://a", "https://b"]);
    assert_eq!(config.limits.send.per_second, 4);

    let config = load_all(None, &[("PARLANCE_GATEWAY__ORIGINS", "['https://a,b']")], &[]).unwrap();
    assert_eq!(config.gateway.origins, ["https://a,b"], "a list may be TOML");
    let config = load_all(None, &[("PARLANCE_DATA", "8")], &[("gateway.compress", "true")]).unwrap();
    assert_eq!(
        (config.data.as_str(), config.gateway.compress),
        ("8", true),
        "text for a string is taken as it is"
    );
}

#[test]
fn an_unknown_key_is_told_with_its_source_and_a_hint() {
    assert_eq!(
        complaint(Some("data = 'x'\n\n[gateway]\nlisen = '127.0.0.1:1'"), &[], &[]),
        "unknown setting `gateway.lisen` (parlance.toml line 4): did you mean `gateway.listen`?"
    );
    assert_eq!(
        complaint(Some("[gatway]\nlisten = '127.0.0.1:1'"), &[], &[]),
        "unknown setting `gatway` (parlance.toml line 1): did you mean `gateway`?"
    );
    assert_eq!(
        complaint(None, &[("PARLANCE_GATEWAY__MAXFRAME", "1KiB")], &[]),
        "unknown setting `gateway.maxframe` (environment variable PARLANCE_GATEWAY__MAXFRAME): did you mean `gateway.max_frame`?"
    );
    assert_eq!(
        complaint(None, &[], &[("zzz", "1")]),
        "unknown setting `zzz` (command line)"
    );
}

#[test]
fn a_value_of_another_kind_is_told_with_what_is_expected() {
    assert_eq!(
        complaint(Some("[limits.send]\nper_second = 'many'"), &[], &[]),
        "setting `limits.send.per_second` (parlance.toml line 2) must be a whole number, not a string"
    );
    assert_eq!(
        complaint(Some("gateway = 1"), &[], &[]),
        "setting `gateway` (parlance.toml line 1) must be a section, not a whole number"
    );
    assert_eq!(
        complaint(None, &[("PARLANCE_GATEWAY__COMPRESS", "maybe")], &[]),
        "setting `gateway.compress` (environment variable PARLANCE_GATEWAY__COMPRESS) must be true or false, not this text"
    );
    assert_eq!(
        complaint(None, &[], &[("gateway", "x")]),
        "setting `gateway` (command line) must be a section, not a value"
    );
}

#[test]
fn a_value_that_means_nothing_is_told_with_its_source() {
    let text = complaint(Some("[gateway]\nidle = 'soon'"), &[], &[]);
    assert!(
        text.starts_with("setting `gateway.idle` (parlance.toml line 2): `soon` is no span of time"),
        "{text}"
    );
    let text = complaint(None, &[("PARLANCE_GATEWAY__LISTEN", "here")], &[]);
    assert!(
        text.starts_with("setting `gateway.listen` (environment variable PARLANCE_GATEWAY__LISTEN): "),
        "{text}"
    );
    let text = complaint(None, &[], &[("limits.send.per_second", "-1")]);
    assert!(
        text.starts_with("setting `limits.send.per_second` (command line): "),
        "{text}"
    );
    let text = complaint(Some("[gateway]\norigins = ['a', 1]"), &[], &[]);
    assert!(
        text.starts_with("setting `gateway.origins[1]` (parlance.toml line 2): "),
        "{text}"
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    assert_eq!(
        complaint(
            Some("dat = 1"),
            &[("PARLANCE_GATEWAY__SHARE", "half")],
            &[("token.secrets", "x")]
        ),
        "3 settings are wrong:\n  unknown setting `dat` (parlance.toml line 1): did you mean `data`?\n  \
         setting `gateway.share` (environment variable PARLANCE_GATEWAY__SHARE) must be a number, not this text\n  \
         unknown setting `token.secrets` (command line): did you mean `token.secret`?"
    );
}

#[test]
fn a_secret_can_come_from_a_file_and_is_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    fs::write(&path, "hush hush\n").unwrap();
    let config = load_all(None, &[("PARLANCE_TOKEN__SECRET_FILE", path.to_str().unwrap())], &[]).unwrap();
    assert_eq!(config.token.secret.expose(), "hush hush");
    assert!(!format!("{config:?}").contains("hush"));
    let text = complaint(Some("[token]\nsecret_file = '/nowhere/at/all'"), &[], &[]);
    assert!(
        text.starts_with("setting `token.secret_file` (parlance.toml line 2): /nowhere/at/all cannot be read"),
        "{text}"
    );
    let text = complaint(Some("[limits.send]\nper_second_file = 'x'"), &[], &[]);
    assert!(
        text.starts_with("unknown setting `limits.send.per_second_file`"),
        "only strings can come from a file: {text}"
    );
}

#[test]
fn an_empty_table_takes_any_key() {
    let config = load_all(
        Some("[labels]\nzone = 'a'\n[labels.deep]\nrack = 7"),
        &[("PARLANCE_LABELS__RACK", "8")],
        &[("labels.deep.er", "x")],
    )
    .unwrap();
    assert_eq!(config.labels["zone"].as_str(), Some("a"));
    assert_eq!(config.labels["rack"].as_integer(), Some(8));
    assert_eq!(config.labels["deep"]["er"].as_str(), Some("x"));
    assert_eq!(config.labels["deep"]["rack"].as_integer(), Some(7));
}

#[test]
fn a_file_that_is_missing_or_broken_is_told() {
    let missing = Loader::new(DEFAULTS)
        .file(Some(Path::new("/nowhere/parlance.toml")))
        .load::<Config>()
        .unwrap_err();
    assert!(matches!(missing, ConfigError::Read { .. }), "{missing}");
    match load_all(Some("data = 'x'\n[gateway\n"), &[], &[]).unwrap_err() {
        ConfigError::Syntax { line, .. } => assert_eq!(line, 2),
        other => panic!("{other}"),
    }
}
