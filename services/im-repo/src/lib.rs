#![doc = include_str!("../README.md")]

mod config;
mod error;
mod password;
mod service;
pub mod store;

pub use config::{MysqlOptions, RepoConfig, TlsMode};
pub use error::{OpenError, StoreError};
pub use service::Repo;
