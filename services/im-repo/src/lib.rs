#![doc = include_str!("../README.md")]

mod cache;
mod config;
mod error;
pub mod files;
mod operate;
mod password;
mod service;
pub mod store;

pub use config::{FilesOptions, MysqlOptions, RepoConfig, S3Options, TlsMode};
pub use error::{OpenError, StoreError};
pub use operate::{check_files, migrate, schema};
pub use service::Repo;
