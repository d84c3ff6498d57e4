//! The port: what is spoken on it, to whom, and for how long it waits.

mod cors;
mod endings;
mod grpc;
#[path = "../kit/mod.rs"]
mod kit;
mod listener;
