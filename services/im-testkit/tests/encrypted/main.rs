//! Encrypted connections of the whole platform: between its processes, from clients, and to a database.

#[path = "../../../im-infra/tests/encrypted/authority.rs"]
mod authority;
mod gateway;
mod mysql;
mod roles;

use im_infra::tls::Tls;

/// The same, as settings below a key.
fn settings(key: &str, tls: &Tls) -> Vec<(String, String)> {
    let file = |path: &std::path::Path| path.display().to_string();
    let values = [
        ("enabled", "true".to_owned()),
        ("ca", file(&tls.ca)),
        ("certificate", file(&tls.certificate)),
        ("key", file(&tls.key)),
    ];
    values.map(|(name, value)| (format!("{key}.{name}"), value)).into()
}

fn borrowed(settings: &[(String, String)]) -> Vec<(&str, &str)> {
    settings
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect()
}
