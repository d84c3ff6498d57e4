#![doc = include_str!("../README.md")]

mod api;
pub mod config;
mod error;
pub mod layers;
mod notices;
mod pipeline;
mod rosters;
pub mod rules;
mod service;
mod waiters;

pub use config::Config;
pub use error::BuildError;
pub use layers::{Clients, Services};
pub use service::{Deps, GROUP, LargeGroups, Logic};
