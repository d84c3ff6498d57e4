//! What a production installation refuses to start with.

use crate::settings::Settings;
use serde::Deserialize;
use std::{collections::BTreeSet, fmt};

/// What an installation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Anything goes.
    Development,
    /// Nothing goes that is only fit for development; see [`check`].
    Production,
}

/// Shortest secret that signs anything, in bytes: as long as what HMAC-SHA256 puts out.
const SHORTEST_SECRET: usize = 32;
/// A random secret of that length, however it is written, has more different bytes than this.
const FEWEST_BYTES: usize = 10;
/// Cheaper hashes of passwords can be guessed by whoever gets hold of the database (OWASP's least work factor).
const CHEAPEST_BCRYPT: u32 = 10;
/// Words in secrets that were written to be replaced, all that `deploy/` ships among them.
const TELLTALES: [&str; 6] = ["develop", "change", "example", "insecure", "parlance", "password"];

/// A setting that is not fit for production.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The setting, e.g. `auth.secret`.
    pub key: &'static str,
    /// What is wrong with it.
    pub why: String,
    /// What to do.
    pub mend: &'static str,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, why, mend } = self;
        write!(f, "`{key}` {why}: {mend}")
    }
}

/// All that is not fit for production, whatever the profile; empty if it is.
#[must_use]
pub fn check(settings: &Settings) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let mut refuse = |key, why: Option<String>, mend| refusals.extend(why.map(|why| Refusal { key, why, mend }));

    refuse(
        "auth.secret",
        if settings.auth.secret.is_empty() {
            Some("is empty, so each process would make one in its data folder that no other one knows".into())
        } else {
            signs(settings.auth.secret.expose())
        },
        "make one with `openssl rand -hex 32`, give it to all processes by `secret_file` or the environment",
    );
    refuse(
        "cluster.secret",
        signs(settings.cluster.secret.expose()),
        "make another one, give it to all processes by `secret_file` or the environment",
    );
    refuse(
        "gateway.allowed_origins",
        settings
            .gateway
            .allowed_origins
            .iter()
            .any(|origin| origin == "*")
            .then(|| "lets the page of any website act for its visitors".into()),
        "name the origins of your web pages",
    );
    refuse(
        "repo.bcrypt_cost",
        (settings.repo.bcrypt_cost < CHEAPEST_BCRYPT).then(|| format!("is {}", settings.repo.bcrypt_cost)),
        "10 at least",
    );

    for (key, address, mend) in [
        (
            "kafka.brokers",
            &*settings.kafka.brokers,
            "name some brokers, host:port",
        ),
        (
            "redis.addresses",
            settings.redis.addresses.first().map_or("", String::as_str),
            "name the server, host:port",
        ),
        (
            "etcd.endpoints",
            settings.etcd.endpoints.first().map_or("", String::as_str),
            "name some members, host:port",
        ),
    ] {
        refuse(key, missing(address), mend);
    }

    let mysql = &settings.repo.mysql;
    refuse(
        "repo.mysql.primary",
        missing(&mysql.primary),
        "name the server of the database, host:port",
    );
    refuse(
        "repo.mysql.password",
        (!mysql.primary.is_empty())
            .then(|| protects(mysql.password.expose()))
            .flatten(),
        "give the user a password of its own, and to this program by `password_file` or the environment",
    );

    let files = &settings.repo.files;
    refuse(
        "repo.files.s3.bucket",
        (files.s3.bucket.is_empty() && files.folder.as_os_str().is_empty())
            .then(|| "is empty, and so is repo.files.folder: files would be in the data folder of one process".into()),
        "name a bucket, or a folder that all processes see",
    );
    refuse(
        "repo.files.s3.secret_key",
        (!files.s3.bucket.is_empty())
            .then(|| protects(files.s3.secret_key.expose()))
            .flatten(),
        "give the bucket a key of its own, and to this program by `secret_key_file` or the environment",
    );
    refusals
}

/// Why a secret cannot sign.
fn signs(secret: &str) -> Option<String> {
    let weak = protects(secret);
    let short = || (secret.len() < SHORTEST_SECRET).then(|| format!("has fewer than {SHORTEST_SECRET} bytes"));
    let dull = || {
        let different = secret.bytes().collect::<BTreeSet<_>>().len();
        (different < FEWEST_BYTES).then(|| format!("has {different} different bytes only, so it is not random"))
    };
    weak.or_else(short).or_else(dull)
}

/// Why a secret protects nothing.
fn protects(secret: &str) -> Option<String> {
    if secret.is_empty() {
        return Some("is empty".into());
    }
    let folded = secret.to_lowercase();
    let telltale = TELLTALES.iter().find(|word| folded.contains(**word));
    // the word alone: the secret is not to be shown
    telltale.map(|word| format!("is one for development, says the word `{word}` in it"))
}

fn missing(engine: &str) -> Option<String> {
    engine
        .is_empty()
        .then(|| "is empty, and the embedded engine serves one process only".into())
}

#[cfg(test)]
mod tests;
