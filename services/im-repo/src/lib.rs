#![doc = include_str!("../README.md")]

mod config;
mod error;
pub mod files;
mod password;
mod service;
pub mod store;

pub use config::{FilesOptions, MysqlOptions, RepoConfig, S3Options, TlsMode};
pub use error::{OpenError, StoreError};
pub use service::Repo;
