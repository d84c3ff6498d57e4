//! The secret that signs tokens.

use crate::settings::Settings;
use anyhow::Context as _;
use im_infra::token::random_secret;
use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

/// The configured secret, or the one in the data folder, made at the first start.
///
/// # Errors
/// The data folder cannot be used.
pub(super) fn signing(settings: &Settings) -> anyhow::Result<Vec<u8>> {
    let configured = settings.auth.secret.expose();
    if !configured.is_empty() {
        return Ok(configured.as_bytes().to_vec());
    }
    let path = settings.data.join("secret");
    match fs::read(&path) {
        Ok(secret) => Ok(secret),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            make(&path).with_context(|| format!("write {}", path.display()))
        }
        Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
    }
}

fn make(path: &Path) -> anyhow::Result<Vec<u8>> {
    let secret = random_secret();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(&secret)?;
    file.sync_all()?;
    Ok(secret.to_vec())
}
