#![doc = include_str!("../README.md")]

pub mod config;
mod error;
mod fanout;
mod members;
mod pace;
mod processor;
mod service;

pub use config::Config;
pub use error::BuildError;
pub use fanout::FANOUT;
pub use processor::Processor;
pub use service::{Deps, Tasks};
