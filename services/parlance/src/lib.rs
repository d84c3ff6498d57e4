#![doc = include_str!("../README.md")]

mod bench;
mod chat;
pub mod cli;
mod dev;
mod link;
pub mod platform;
pub mod production;
pub mod settings;
