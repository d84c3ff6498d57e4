//! What can be configured.

mod files;
mod mysql;

pub use files::{FilesOptions, S3Options};
pub use mysql::{MysqlOptions, TlsMode};

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Configuration of a repo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RepoConfig {
    /// The folder of the database; made if it is missing.
    pub folder: PathBuf,
    /// How many reads can run at the same time. Each has a thread and a page cache of its own.
    pub readers: u32,
    /// The writer's page cache in MiB; each reader has a quarter of it.
    pub cache_mib: u32,
    /// How much of the database file reads may map into memory, in MiB; 0 for none.
    pub mmap_mib: u32,
    /// The write-ahead log is copied into the database in the background when it has grown by so many MiB.
    pub checkpoint_mib: u32,
    /// How many writes may wait for the one that is being committed.
    pub queue: usize,
    /// bcrypt's cost: each step doubles the time of a login, 12 takes about 0.3 s of one core. 4 to 31.
    pub bcrypt_cost: u32,
    /// The database server; without one the store is embedded, in `folder`.
    pub mysql: MysqlOptions,
    /// Where files are kept.
    pub files: FilesOptions,
}

impl Default for RepoConfig {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("data/repo"),
            readers: 4,
            cache_mib: 64,
            mmap_mib: 256,
            checkpoint_mib: 32,
            queue: 256,
            bcrypt_cost: 12,
            mysql: MysqlOptions::default(),
            files: FilesOptions::default(),
        }
    }
}
