use super::{Refusal, check, protects, signs};
use crate::settings::Settings;
use std::path::{Path, PathBuf};

const GOOD: &str = "3f9c1b7e5a2d48608e7b0c4f6d1a9e35b2c8f7041d6e9a3c";

fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(file)
}

fn load(file: &str, overrides: &[(&str, &str)]) -> Result<Settings, String> {
    let overrides: Vec<_> = overrides
        .iter()
        .map(|(key, value)| (String::from(*key), String::from(*value)))
        .collect();
    Settings::load(Some(&deploy(file)), &overrides).map_err(|error| format!("{error:#}"))
}

/// What production.toml leaves to those who run it.
const SECRETS: [(&str, &str); 4] = [
    ("auth.secret", GOOD),
    ("cluster.secret", "b60d5e2f97c84a13e0f7d92b6c3a58e41d7f0962"),
    ("repo.mysql.password", "kq7-Vt2-Lm9"),
    ("repo.files.s3.secret_key", "Zx4-Nw8-Qe1"),
];

fn keys(refusals: &[Refusal]) -> Vec<&str> {
    refusals.iter().map(|refusal| refusal.key).collect()
}

#[test]
fn production_starts_with_secrets_of_its_own() {
    load("config/production.toml", &SECRETS).unwrap();
}

#[test]
fn secrets_come_from_files_and_the_rest_from_production_toml() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, secret: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("{secret}\n")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let by_file = SECRETS.map(|(key, secret)| (format!("{key}_file"), file(key, secret)));
    let settings = Settings::load(Some(&deploy("config/production.toml")), &by_file).unwrap();
    assert_eq!(settings.auth.secret.expose(), GOOD);
}

#[test]
fn without_secrets_production_names_each_that_is_missing_and_what_to_do() {
    let error = load("config/production.toml", &[]).unwrap_err();
    for (key, _) in SECRETS {
        assert!(error.contains(&format!("\n  `{key}` is empty")), "{key}: {error}");
    }
    assert_eq!(error.lines().count(), 1 + SECRETS.len(), "{error}");
    assert!(error.contains("openssl rand -hex 32"), "{error}");
}

#[test]
fn every_secret_that_is_shipped_for_development_is_refused_in_production() {
    for file in ["config/development.toml", "config/test.toml"] {
        let settings = load(file, &[]).unwrap();
        let refused = check(&settings);
        for (key, _) in SECRETS {
            assert!(
                keys(&refused).contains(&key),
                "{file} has a {key} that production takes"
            );
        }
        let error = load(file, &[("profile", "production")]).unwrap_err();
        assert!(error.contains("`auth.secret` is one for development"), "{error}");
        assert!(
            !error.contains(settings.auth.secret.expose()),
            "the secret is shown: {error}"
        );
    }
}

#[test]
fn the_defaults_are_refused_in_production() {
    let settings = Settings::load(None, &[]).unwrap();
    let refused = check(&settings);
    let engines = [
        "kafka.brokers",
        "redis.addresses",
        "etcd.endpoints",
        "repo.mysql.primary",
    ];
    let expected = [
        &["auth.secret", "cluster.secret"],
        &engines[..],
        &["repo.files.s3.bucket"],
    ]
    .concat();
    assert_eq!(keys(&refused), expected);
}

#[test]
fn each_thing_that_is_only_fit_for_development_is_refused_by_its_name() {
    for (key, value) in [
        ("auth.secret", "short-9f8e7d6c5b4a"),
        ("auth.secret", "abababababababababababababababababab"),
        ("gateway.allowed_origins", r#"["https://chat.example.com", "*"]"#),
        ("repo.bcrypt_cost", "9"),
        ("cluster.secret", "parlance-parlance-parlance-parlance-0"),
        ("kafka.brokers", ""),
        ("redis.addresses", "[]"),
        ("etcd.endpoints", "[]"),
        ("repo.mysql.primary", ""),
        ("repo.files.s3.bucket", ""),
        ("repo.mysql.password", "parlance"),
    ] {
        let overrides = [&SECRETS[..], &[(key, value)]].concat();
        let error = load("config/production.toml", &overrides).unwrap_err();
        assert!(error.contains(&format!("\n  `{key}` ")), "{key}: {error}");
        assert_eq!(error.lines().count(), 2, "{error}");
    }
    let origins = [
        &SECRETS[..],
        &[("gateway.allowed_origins", r#"["https://chat.example.com"]"#)],
    ]
    .concat();
    load("config/production.toml", &origins).unwrap();
}

#[test]
fn what_the_chart_and_compose_set_is_taken() {
    let values = std::fs::read_to_string(deploy("kubernetes/parlance/values.yaml")).unwrap();
    let config: String = values
        .lines()
        .skip_while(|line| *line != "config: |")
        .skip(1)
        .take_while(|line| line.is_empty() || line.starts_with("  "))
        .map(|line| format!("{}\n", line.strip_prefix("  ").unwrap_or(line)))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("parlance.toml");
    std::fs::write(&file, config).unwrap();
    let secrets = SECRETS.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let settings = Settings::load(Some(&file), &secrets).unwrap();
    assert_eq!(settings.profile, super::Profile::Production);

    for file in [
        "compose/compose.yaml",
        "kubernetes/parlance/templates/_helpers.tpl",
        "kubernetes/parlance/templates/roles.yaml",
    ] {
        let text = std::fs::read_to_string(deploy(file)).unwrap();
        let variables: Vec<_> = variables(&text).collect();
        assert!(!variables.is_empty(), "{file} sets nothing");
        for variable in variables {
            let key = variable.to_lowercase().replace("__", ".");
            // what is no text is refused for that, and not as unknown
            let error = load("config/test.toml", &[(&key, folder.path().to_str().unwrap())]).err();
            assert!(
                !error.as_ref().is_some_and(|error| error.contains("unknown")),
                "{file}: {error:?}"
            );
        }
    }
}

/// What follows `PARLANCE_` in the names of variables.
fn variables(text: &str) -> impl Iterator<Item = &str> {
    text.split("PARLANCE_").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_')?;
        Some(&rest[..end]).filter(|name| *name != "CONFIG")
    })
}

#[test]
fn random_secrets_are_taken_however_they_are_written() {
    for secret in [GOOD, "nY2kq0V5o2s7Jt4o1Zb8hQe3mWc6XrUaLpKdFgHjS9E="] {
        assert_eq!(signs(secret), None);
    }
    assert_eq!(protects("Vt2-Lm9"), None);
}
