#![doc = include_str!("../README.md")]

mod bench;
mod carry;
mod chat;
pub mod cli;
mod dev;
mod dlq;
mod doctor;
mod health;
pub mod hot;
mod link;
mod migrate;
mod node;
pub mod platform;
pub mod production;
mod role;
mod setting;
pub mod settings;
