#![doc = include_str!("../README.md")]

mod config;
mod docs;
mod downlink;
mod error;
mod gate;
mod grpc;
mod health;
mod hub;
mod layers;
mod listener;
mod meters;
mod origin;
mod presence;
mod proxies;
mod receipts;
mod rest;
mod service;
mod ticker;
mod uplink;
mod wire;
mod ws;

pub use config::Config;
pub use docs::Pages;
pub use error::BuildError;
pub use service::{Deps, Gateway, MetricsText, Services};
