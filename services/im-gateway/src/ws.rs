#![doc = include_str!("ws/README.md")]

pub(crate) mod connection;
pub(crate) mod outbox;
pub(crate) mod pending;
mod reader;
mod resume;
pub(crate) mod session;
pub(crate) mod upgrade;
mod writer;
