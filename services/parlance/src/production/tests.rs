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
const SECRETS: [(&str, &str); 2] = [("auth.secret", GOOD), ("repo.mysql.password", "kq7-Vt2-Lm9")];

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
    assert_eq!(keys(&check(&settings)), ["auth.secret", "repo.mysql.primary"]);
}

#[test]
fn each_thing_that_is_only_fit_for_development_is_refused_by_its_name() {
    for (key, value) in [
        ("auth.secret", "short-9f8e7d6c5b4a"),
        ("auth.secret", "abababababababababababababababababab"),
        ("gateway.allowed_origins", r#"["https://chat.example.com", "*"]"#),
        ("repo.bcrypt_cost", "9"),
        ("repo.mysql.primary", ""),
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
fn random_secrets_are_taken_however_they_are_written() {
    for secret in [GOOD, "nY2kq0V5o2s7Jt4o1Zb8hQe3mWc6XrUaLpKdFgHjS9E="] {
        assert_eq!(signs(secret), None);
    }
    assert_eq!(protects("Vt2-Lm9"), None);
}
