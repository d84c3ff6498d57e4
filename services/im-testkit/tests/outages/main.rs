//! An engine ends while the platform runs on it, and comes back: what goes on meanwhile, and what is right again afterwards. Each test ends an engine
//! of its own; the other engines are those that all tests share.

mod etcd;
mod kafka;
mod kit;
mod mysql;
mod redis;
mod replica;
