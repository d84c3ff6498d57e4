#![doc = include_str!("../README.md")]

pub mod clock;
pub mod config;
pub mod ids;
pub mod kv;
pub mod lifecycle;
pub mod log;
pub mod registry;
pub mod telemetry;
pub mod token;
