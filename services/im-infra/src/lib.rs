//! Plumbing without business words.
pub mod clock;
pub mod config;
pub mod ids;
pub mod kv;
pub mod lifecycle;
pub mod log;
pub mod registry;
pub mod token;
