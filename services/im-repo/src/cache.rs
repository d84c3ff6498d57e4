//! What is asked for again and again, kept in kv beside a database that is elsewhere.
//!
//! The store decides; what stands here only spares it questions. Whatever is missing, late or cannot be read here is read there, so without kv
//! everything is slower and nothing else. The engine itself says once that it is away.
//!
//! * [`Users`]: profiles by id, those that do not exist included. At most [`users::KEPT`] old, and only if a change could not be told to kv.
//! * [`Tails`]: the latest messages of conversations that somebody reads. Never old: what is served is whole up to the head that the store says.

mod messages;
#[cfg(test)]
mod tests;
mod users;

pub(crate) use messages::Tails;
pub(crate) use users::Users;

use im_infra::kv::{Kv, KvError};
use std::sync::Arc;

/// Of one process; kv is shared with others of its kind.
#[derive(Clone)]
pub(crate) struct Cache {
    pub(crate) users: Arc<Users>,
    pub(crate) tails: Arc<Tails>,
}

impl Cache {
    pub(crate) fn on(kv: &Arc<dyn Kv>) -> Self {
        Self {
            users: Arc::new(Users::new(Arc::clone(kv))),
            tails: Arc::new(Tails::new(Arc::clone(kv))),
        }
    }
}

/// What kv has, or nothing.
fn or_nothing<T: Default>(found: Result<T, KvError>) -> T {
    found.unwrap_or_else(|error| {
        tracing::debug!(error = &error as &dyn std::error::Error, "read without the cache");
        T::default()
    })
}

/// What could not be put into kv is read from the store.
fn unless_away<T>(done: Result<T, KvError>) {
    if let Err(error) = done {
        tracing::debug!(error = &error as &dyn std::error::Error, "not kept in the cache");
    }
}

fn count(cache: &'static str, outcome: &'static str, entries: usize) {
    metrics::counter!("repo_cache_total", "cache" => cache, "outcome" => outcome).increment(entries as u64);
}
