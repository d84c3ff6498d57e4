//! What is in a range of keys, read anew whenever it changes.

use super::link::{Failure, Link, Range};
use etcd_client::GetResponse;
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
    error::Error,
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// How long until what failed is tried again.
const RETRY: Duration = Duration::from_millis(200);

/// The entries of a range by what follows its beginning.
#[derive(Debug, Default)]
pub(super) struct Entries(BTreeMap<String, String>);

impl Entries {
    pub(super) fn of(answer: &GetResponse, begin: &str) -> Self {
        let entry = |found: &etcd_client::KeyValue| {
            let key = String::from_utf8_lossy(found.key());
            let name = key.strip_prefix(begin).unwrap_or(&key).to_owned();
            (name, String::from_utf8_lossy(found.value()).into_owned())
        };
        Self(answer.kvs().iter().map(entry).collect())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// A mirror for each range that somebody watches.
pub(super) struct Mirrors<T> {
    link: Arc<Link>,
    read: fn(&Entries) -> T,
    mirrors: Mutex<HashMap<Range, Running<T>>>,
}

/// A mirror, and the task that keeps it up to date.
type Running<T> = (Arc<Mirror<T>>, AbortOnDropHandle<()>);

struct Mirror<T> {
    link: Arc<Link>,
    range: Range,
    read: fn(&Entries) -> T,
    /// What is there, and the revision of the engine that it was read at.
    shown: watch::Sender<T>,
    revision: Mutex<i64>,
}

impl<T: Default + PartialEq + Send + Sync + 'static> Mirrors<T> {
    pub(super) fn new(link: Arc<Link>, read: fn(&Entries) -> T) -> Self {
        Self {
            link,
            read,
            mirrors: Mutex::default(),
        }
    }

    /// What is there now and from now on. While the engine is away, what was known last, if somebody watches it already.
    pub(super) async fn watch(&self, range: Range) -> Result<watch::Receiver<T>, Failure> {
        let answer = self.link.get(range.clone()).await;
        let mut mirrors = self.mirrors.lock();
        // only here, so that none ends while it is given to somebody
        mirrors.retain(|_, (mirror, _)| mirror.shown.receiver_count() > 0);
        if let Some((mirror, _)) = mirrors.get(&range) {
            if let Ok(answer) = answer {
                mirror.show(&answer, false);
            }
            return Ok(mirror.shown.subscribe());
        }
        let mirror = Arc::new(Mirror {
            link: Arc::clone(&self.link),
            range: range.clone(),
            read: self.read,
            shown: watch::Sender::default(),
            revision: Mutex::new(0),
        });
        mirror.show(&answer?, false);
        let watcher = mirror.shown.subscribe();
        let task = tokio::spawn(Arc::clone(&mirror).run());
        mirrors.insert(range, (mirror, AbortOnDropHandle::new(task)));
        Ok(watcher)
    }
}

impl<T: PartialEq + Send + Sync + 'static> Mirror<T> {
    /// Keeps up with the engine.
    async fn run(self: Arc<Self>) {
        let mut back = self.link.back();
        loop {
            tokio::select! {
                // what was missed meanwhile is read at once
                _ = back.changed() => continue,
                Err(failure) = self.follow() => {
                    tracing::debug!(error = failure.cause() as &dyn Error, range = self.range.begin, "a watch broke");
                }
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Reads, and reads again after every change, until the watch breaks.
    async fn follow(&self) -> Result<Infallible, Failure> {
        // after a break the engine may be one that was set back to an older state
        let mut revision = self.show(&self.link.get(self.range.clone()).await?, true);
        let mut changes = self.link.watch(&self.range, revision + 1).await?;
        loop {
            let change = changes.message().await?.filter(|change| !change.canceled());
            let Some(change) = change else {
                return Err(Failure::away("the watch ended"));
            };
            let at = change.header().map_or(i64::MAX, etcd_client::ResponseHeader::revision);
            if !change.events().is_empty() && at > revision {
                revision = self.show(&self.link.get(self.range.clone()).await?, false);
            }
        }
    }

    /// Shows an answer, unless a newer one is shown already; the revision that is shown now.
    fn show(&self, answer: &GetResponse, also_older: bool) -> i64 {
        let at = answer.header().map_or(0, etcd_client::ResponseHeader::revision);
        let mut revision = self.revision.lock();
        if at >= *revision || also_older {
            *revision = at;
            let now = (self.read)(&Entries::of(answer, &self.range.begin));
            self.shown.send_if_modified(|shown| {
                let changed = *shown != now;
                *shown = now;
                changed
            });
        }
        *revision
    }
}
