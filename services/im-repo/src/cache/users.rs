use super::{count, or_nothing, unless_away};
use bytes::Bytes;
use futures::TryFutureExt as _;
use im_infra::kv::Kv;
use im_schema::{failure::Failure, v1::User};
use moka::future::Cache;
use prost::Message as _;
use std::{collections::HashMap, sync::Arc, time::Duration};

/// How long a profile is kept, or that there is none.
pub(crate) const KEPT: Duration = Duration::from_secs(60);
/// For so long after a change nothing is kept: who read before it may still be about to.
const CHANGED: Duration = Duration::from_secs(10);
/// Look-ups of one user that may be under way at the same time.
const FLIGHTS: u64 = 10_000;

/// Stands where a profile was changed a moment ago. No user encodes to it.
const TOMBSTONE: Bytes = Bytes::from_static(b"\0");
/// There is no such user.
const NOBODY: Bytes = Bytes::from_static(b"");

/// Profiles by id.
pub(crate) struct Users {
    kv: Arc<dyn Kv>,
    /// What several ask for at the same moment is asked for once.
    flights: Cache<u64, Option<User>>,
}

impl Users {
    pub(crate) fn new(kv: Arc<dyn Kv>) -> Self {
        Self {
            kv,
            flights: Cache::new(FLIGHTS),
        }
    }

    /// Those of these users that exist, each once, in no order; `load` gets those that are not known here.
    ///
    /// # Errors
    /// Those of `load`.
    pub(crate) async fn find<F, L>(&self, ids: &[u64], load: F) -> Result<Vec<User>, Failure>
    where
        F: FnOnce(Vec<u64>) -> L,
        L: Future<Output = Result<Vec<User>, Failure>>,
    {
        let mut wanted = ids.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let keys: Vec<String> = wanted.iter().map(|id| key(*id)).collect();
        let kept = or_nothing(self.kv.get_many(&keys).await);
        let mut kept = kept.into_iter();
        let (mut found, mut unknown) = (Vec::new(), Vec::new());
        for id in wanted {
            match kept.next().flatten().map(read) {
                Some(Kept::User(user)) => found.push(*user),
                Some(Kept::Nobody) => {}
                Some(Kept::Nothing) | None => unknown.push(id),
            }
        }
        count("users", "hit", keys.len() - unknown.len());
        count("users", "miss", unknown.len());
        match unknown[..] {
            [] => {}
            [one] => found.extend(self.once(one, load).await?),
            _ => found.extend(self.load(unknown, load).await?),
        }
        Ok(found)
    }

    /// One user, asked for by the first of all who want it now.
    async fn once<F, L>(&self, id: u64, load: F) -> Result<Option<User>, Failure>
    where
        F: FnOnce(Vec<u64>) -> L,
        L: Future<Output = Result<Vec<User>, Failure>>,
    {
        let flight = self.load(vec![id], load).map_ok(|users| users.into_iter().next());
        let landed = self.flights.try_get_with(id, flight).await;
        // whoever asks from now on asks kv
        self.flights.invalidate(&id).await;
        landed.map_err(|failure| Failure::clone(&failure))
    }

    async fn load<F, L>(&self, ids: Vec<u64>, load: F) -> Result<Vec<User>, Failure>
    where
        F: FnOnce(Vec<u64>) -> L,
        L: Future<Output = Result<Vec<User>, Failure>>,
    {
        let users = load(ids.clone()).await?;
        let by_id: HashMap<u64, &User> = users.iter().map(|user| (user.user_id, user)).collect();
        let entries = ids.iter().map(|id| {
            let kept = by_id.get(id).map_or(NOBODY, |user| user.encode_to_vec().into());
            (key(*id), kept)
        });
        // not over a tombstone
        unless_away(self.kv.set_if_absent(&entries.collect::<Vec<_>>(), Some(KEPT)).await);
        Ok(users)
    }

    /// To be called when the user was made or changed, before anybody is told.
    pub(crate) async fn changed(&self, id: u64) {
        self.flights.invalidate(&id).await;
        unless_away(self.kv.set(&key(id), TOMBSTONE, Some(CHANGED)).await);
    }
}

enum Kept {
    User(Box<User>),
    Nobody,
    Nothing,
}

fn read(bytes: Bytes) -> Kept {
    if bytes == NOBODY {
        return Kept::Nobody;
    }
    if bytes == TOMBSTONE {
        return Kept::Nothing;
    }
    // what cannot be read is as good as missing
    User::decode(bytes).map_or(Kept::Nothing, |user| Kept::User(Box::new(user)))
}

pub(super) fn key(id: u64) -> String {
    format!("user:{id}")
}
