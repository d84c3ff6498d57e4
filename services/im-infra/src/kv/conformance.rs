//! What every engine behind [`Kv`] must do. An adapter's test makes a [`Subject`] and calls [`every_promise`].

mod collections;
mod locks;
mod messages;
mod values;

use super::{Kv, KvError};
use bytes::Bytes;
use futures::future::BoxFuture;
use std::{fmt::Debug, sync::Arc, time::Duration};

/// Keys that are to expire are given this long.
const SHORT: Duration = Duration::from_millis(400);
/// Not long enough for them to expire.
const SHORTER: Duration = Duration::from_millis(100);
/// Keys that are not to expire during the suite are given this long.
const LONG: Duration = Duration::from_secs(600);
/// How many tasks compete where the suite tries concurrency, and how often each.
const TASKS: usize = 16;
const ROUNDS: usize = 50;

/// An engine under test.
pub struct Subject {
    /// The engine; may hold foreign keys.
    pub kv: Arc<dyn Kv>,
    /// Lets time pass as the engine counts it: moves an injected clock, or sleeps.
    pub pass: Box<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>,
    /// Put before every key, so that the suite can run twice on an engine that keeps its keys.
    pub prefix: String,
}

impl Subject {
    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn keys(&self, names: &[&str]) -> Vec<String> {
        names.iter().map(|name| self.key(name)).collect()
    }

    async fn let_expire(&self) {
        (self.pass)(SHORT + SHORTER).await;
    }
}

/// Runs the whole suite.
///
/// # Panics
/// At the first promise that is broken, with a message that says which.
pub async fn every_promise(subject: &Subject) {
    values::values_are_kept_replaced_and_removed(subject).await;
    values::only_the_first_sets_what_is_absent(subject).await;
    values::counters_count(subject).await;
    values::counters_lose_nothing_among_many_tasks(subject).await;
    values::keys_expire(subject).await;
    collections::hashes_hold_fields(subject).await;
    collections::hash_fields_count(subject).await;
    collections::hashes_expire_as_a_whole(subject).await;
    collections::sorted_sets_are_ordered(subject).await;
    collections::another_kind_is_refused_and_left_alone(subject).await;
    locks::a_lock_excludes_others(subject).await;
    locks::a_lock_ends_with_its_time(subject).await;
    locks::many_tasks_hold_a_lock_one_at_a_time(subject).await;
    messages::subscribers_get_what_is_published_in_order(subject).await;
    messages::who_falls_behind_is_told(subject).await;
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn fields(pairs: &[(&str, &str)]) -> Vec<(String, Bytes)> {
    pairs
        .iter()
        .map(|(field, value)| (String::from(*field), bytes(value)))
        .collect()
}

fn sorted(mut pairs: Vec<(String, Bytes)>) -> Vec<(String, Bytes)> {
    pairs.sort();
    pairs
}

#[track_caller]
fn refused<T: Debug>(outcome: Result<T, KvError>, key: &str) {
    match outcome {
        Err(KvError::WrongKind { key: named }) => assert_eq!(named, key, "the error names the key"),
        other => panic!("{key} holds another kind, but the call returned {other:?}"),
    }
}
