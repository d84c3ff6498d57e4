#![doc = include_str!("../README.md")]

mod bench;
mod chat;
pub mod cli;
mod dev;
mod link;
mod node;
pub mod platform;
pub mod production;
mod role;
pub mod settings;
