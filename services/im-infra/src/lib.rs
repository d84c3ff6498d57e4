#![doc = include_str!("../README.md")]

pub mod clock;
pub mod config;
pub mod discovery;
#[cfg(any(test, feature = "conformance"))]
pub mod engines;
pub mod ids;
pub mod kv;
pub mod layers;
pub mod log;
#[cfg(any(feature = "etcd", feature = "redis"))]
mod outage;
pub mod presence;
pub mod readiness;
pub mod registry;
pub mod routing;
pub mod session;
pub mod telemetry;
pub mod tls;
pub mod token;
pub mod topics;
pub mod trace;
