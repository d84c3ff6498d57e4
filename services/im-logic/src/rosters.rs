//! Who is in which conversation: copies of what im-repo knows, dropped when it changes.
//!
//! A copy may be a little old, and what follows from it stays right nevertheless:
//! * a *joined* member whom the copy does not know yet is looked for in the database before being refused;
//! * a *removed* member may still be served for as long as the notice of it takes (the `roster` channel), at most [`LONGEST`].

use crate::rules::send::Standing;
use im_infra::{
    kv::{Kv, Received},
    presence,
};
use im_schema::{
    failure::Failure,
    ids::UserId,
    internal::v1::{self as internal, ReadRostersRequest, ReadStandingsRequest},
    rpc::Context,
    services::ConversationRepoClient,
    v1::MemberRole,
};
use moka::future::Cache;
use parking_lot::Mutex;
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How long a copy is used at most, should the notice of a change be lost.
const LONGEST: Duration = Duration::from_secs(60);
/// How many senders of one large group are remembered.
const SENDERS_OF_A_GROUP: usize = 10_000;

/// Who is in one conversation.
#[derive(Debug)]
pub(crate) struct Roster {
    members: Members,
}

#[derive(Debug)]
enum Members {
    /// All of them: ids ascending, roles in the same order.
    All {
        users: Box<[u64]>,
        roles: Box<[MemberRole]>,
    },
    /// Too many to be held: only those who have been asked for.
    Some(Mutex<HashMap<u64, MemberRole>>),
}

impl Roster {
    /// All members by ascending id; `None` for a large group.
    #[must_use]
    pub(crate) fn users(&self) -> Option<&[u64]> {
        match &self.members {
            Members::All { users, .. } => Some(users),
            Members::Some(_) => None,
        }
    }

    /// What a user is here, as far as this copy knows.
    fn standing(&self, user: u64) -> Standing {
        let role = match &self.members {
            Members::All { users, roles } => users.binary_search(&user).ok().map(|at| roles[at]),
            Members::Some(seen) => seen.lock().get(&user).copied(),
        };
        role.map_or(Standing::Stranger, Standing::Member)
    }

    fn remember(&self, user: u64, role: MemberRole) {
        if let Members::Some(seen) = &self.members {
            let mut seen = seen.lock();
            if seen.len() >= SENDERS_OF_A_GROUP {
                seen.clear();
            }
            seen.insert(user, role);
        }
    }

    fn weight(&self) -> u32 {
        self.users().map_or(SENDERS_OF_A_GROUP / 10, |users| users.len() + 8) as u32
    }
}

impl From<internal::Roster> for Roster {
    fn from(roster: internal::Roster) -> Self {
        let whole = roster.user_ids.len() == roster.member_count as usize;
        let members = if whole {
            let mut pairs: Vec<_> = roster.user_ids.iter().copied().zip(roster.roles()).collect();
            pairs.sort_unstable_by_key(|(user, _)| *user);
            let (users, roles): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            Members::All {
                users: users.into(),
                roles: roles.into(),
            }
        } else {
            Members::Some(Mutex::default())
        };
        Self { members }
    }
}

/// Rosters by conversation.
pub(crate) type Known = HashMap<u64, Arc<Roster>>;

/// The copies.
pub(crate) struct Rosters {
    repo: ConversationRepoClient,
    kv: Arc<dyn Kv>,
    copies: Cache<u64, Arc<Roster>>,
    /// Counts dropped copies: what was read before a drop is not kept after it.
    drops: AtomicU64,
    large: AtomicU32,
}

impl Rosters {
    /// Groups of more than `large` members are not held as a whole; `cached_members` are held over all.
    #[must_use]
    pub(crate) fn new(repo: ConversationRepoClient, kv: Arc<dyn Kv>, large: u32, cached_members: u64) -> Self {
        let copies = Cache::builder()
            .max_capacity(cached_members)
            .weigher(|_, roster: &Arc<Roster>| roster.weight())
            .time_to_live(LONGEST)
            .build();
        Self {
            repo,
            kv,
            copies,
            drops: AtomicU64::new(0),
            large: AtomicU32::new(large),
        }
    }

    /// From now on groups of more than `large` members are not held as a whole.
    pub(crate) fn set_large(&self, large: u32) {
        if self.large.swap(large, Ordering::SeqCst) != large {
            self.drop_all();
        }
    }

    /// The roster; `None` if there is no such conversation.
    ///
    /// # Errors
    /// Those of im-repo.
    pub(crate) async fn of(&self, conversation: u64) -> Result<Option<Arc<Roster>>, Failure> {
        if let Some(copy) = self.copies.get(&conversation).await {
            return Ok(Some(copy));
        }
        Ok(self.read(vec![conversation]).await?.remove(&conversation))
    }

    /// What a user is to a conversation.
    ///
    /// # Errors
    /// Those of im-repo.
    pub(crate) async fn standing(&self, conversation: u64, user: u64) -> Result<Standing, Failure> {
        let (_, standings) = self.standings(&[(conversation, user)]).await?;
        Ok(standings[0])
    }

    /// What users are to conversations, in the order of the pairs, with the rosters of those conversations that exist. Asks im-repo at most three
    /// times, however many pairs there are, and not at all if all are known members.
    ///
    /// # Errors
    /// Those of im-repo.
    pub(crate) async fn standings(&self, pairs: &[(u64, u64)]) -> Result<(Known, Vec<Standing>), Failure> {
        let mut known = Known::new();
        let mut missing = Vec::new();
        let distinct: HashSet<u64> = pairs.iter().map(|(conversation, _)| *conversation).collect();
        for conversation in distinct {
            match self.copies.get(&conversation).await {
                Some(copy) => drop(known.insert(conversation, copy)),
                None => missing.push(conversation),
            }
        }
        let doubted = |known: &Known, (conversation, user): &(u64, u64)| {
            let small = known.get(conversation).filter(|roster| roster.users().is_some());
            small.is_some_and(|roster| roster.standing(*user) == Standing::Stranger)
        };
        let doubtful: HashSet<u64> = pairs
            .iter()
            .filter(|pair| doubted(&known, pair))
            .map(|(conversation, _)| *conversation)
            .collect();
        missing.extend(doubtful);
        if !missing.is_empty() {
            known.extend(self.read(missing).await?);
        }
        self.ask_large(&known, pairs).await?;
        let standing = |(conversation, user): &(u64, u64)| {
            known
                .get(conversation)
                .map_or(Standing::Stranger, |roster| roster.standing(*user))
        };
        let standings = pairs.iter().map(standing).collect();
        Ok((known, standings))
    }

    /// Says to all instances that a conversation's roster changed; this one's own copy is gone when it returns.
    pub(crate) async fn changed(&self, conversation: u64) {
        self.drop_copy(conversation).await;
        let message = bytes::Bytes::copy_from_slice(&conversation.to_be_bytes());
        if let Err(error) = self.kv.publish(presence::ROSTER_CHANNEL, message).await {
            // the others' copies end by their time
            error.log("roster change not told");
        }
    }

    /// Drops copies as other instances say, until `stop`.
    pub(crate) async fn follow(&self, stop: CancellationToken) {
        while let Some(mut messages) = self.subscribed(&stop).await {
            loop {
                let received = tokio::select! {
                    biased;
                    () = stop.cancelled() => return,
                    received = messages.next() => received,
                };
                match received {
                    Some(Received::Message(message)) => match <[u8; 8]>::try_from(&*message) {
                        Ok(id) => self.drop_copy(u64::from_be_bytes(id)).await,
                        Err(_) => self.drop_all(),
                    },
                    Some(Received::Missed) => self.drop_all(),
                    None => break,
                }
            }
        }
    }

    async fn subscribed(&self, stop: &CancellationToken) -> Option<Box<dyn im_infra::kv::Messages>> {
        while !stop.is_cancelled() {
            match self.kv.subscribe(presence::ROSTER_CHANNEL).await {
                Ok(messages) => {
                    self.drop_all();
                    return Some(messages);
                }
                Err(error) => {
                    error.log("roster changes are not heard");
                    let _ = tokio::time::timeout(Duration::from_secs(1), stop.cancelled()).await;
                }
            }
        }
        None
    }

    async fn drop_copy(&self, conversation: u64) {
        self.drops.fetch_add(1, Ordering::SeqCst);
        self.copies.invalidate(&conversation).await;
    }

    fn drop_all(&self) {
        self.drops.fetch_add(1, Ordering::SeqCst);
        self.copies.invalidate_all();
    }

    async fn read(&self, conversation_ids: Vec<u64>) -> Result<Known, Failure> {
        let drops = self.drops.load(Ordering::SeqCst);
        let request = ReadRostersRequest {
            conversation_ids,
            max_members: self.large.load(Ordering::SeqCst),
            ..Default::default()
        };
        let rosters = self.repo.read_rosters(Context::internal(), request).await?.rosters;
        let mut known = Known::with_capacity(rosters.len());
        for roster in rosters {
            let id = roster.conversation_id;
            let roster = Arc::new(Roster::from(roster));
            if self.drops.load(Ordering::SeqCst) == drops {
                self.copies.insert(id, Arc::clone(&roster)).await;
                // a drop may have come between: what it dropped must not be back
                if self.drops.load(Ordering::SeqCst) != drops {
                    self.copies.invalidate(&id).await;
                }
            }
            known.insert(id, roster);
        }
        Ok(known)
    }

    /// Asks for senders of large groups who have not been asked for before.
    async fn ask_large(&self, known: &Known, pairs: &[(u64, u64)]) -> Result<(), Failure> {
        let unknown = |(conversation, user): &&(u64, u64)| {
            let large = known.get(conversation).filter(|roster| roster.users().is_none());
            large.is_some_and(|roster| roster.standing(*user) == Standing::Stranger)
        };
        let questions: HashSet<(u64, u64)> = pairs.iter().filter(unknown).copied().collect();
        if questions.is_empty() {
            return Ok(());
        }
        let pair = |(conversation_id, user_id)| internal::Standing {
            conversation_id,
            user_id,
            role: 0,
            ..Default::default()
        };
        let request = ReadStandingsRequest {
            pairs: questions.into_iter().map(pair).collect(),
            ..Default::default()
        };
        for standing in self.repo.read_standings(Context::internal(), request).await?.standings {
            if let Some(roster) = known.get(&standing.conversation_id) {
                roster.remember(standing.user_id, standing.role());
            }
        }
        Ok(())
    }
}

/// The users of ids as they stand in messages.
pub(crate) fn users(ids: &[u64]) -> impl Iterator<Item = UserId> + '_ {
    ids.iter().copied().map(UserId)
}
