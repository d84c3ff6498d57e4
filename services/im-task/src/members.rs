//! The members of large groups, in pages, kept until they change.

use im_infra::{
    kv::{Kv, Messages, Received},
    presence,
};
use im_schema::{
    failure::Failure, ids::UserId, internal::v1::PageMemberIdsRequest, rpc::Context, services::ConversationRepoClient,
};
use moka::future::Cache;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Members a page.
const PAGE: u32 = 1_000;
/// How long a copy is used at most, should the notice of a change be lost.
const LONGEST: Duration = Duration::from_secs(60);

/// Some members of a group.
pub(crate) struct Page {
    /// Ascending.
    pub(crate) users: Vec<u64>,
    /// Where their presence is, in the same order: not to be made anew for every message.
    pub(crate) keys: Vec<String>,
}

/// Who is in large groups.
pub(crate) struct Members {
    repo: ConversationRepoClient,
    copies: Cache<u64, Arc<[Arc<Page>]>>,
    largest_kept: u64,
    /// Counts dropped copies: what was read before a drop is not kept after it.
    drops: AtomicU64,
}

impl Members {
    /// At most `cached` members are kept over all groups.
    pub(crate) fn new(repo: ConversationRepoClient, cached: u64) -> Self {
        let weight = |_: &u64, pages: &Arc<[Arc<Page>]>| pages.iter().map(|page| page.users.len() as u32).sum();
        let copies = Cache::builder()
            .max_capacity(cached)
            .weigher(weight)
            .time_to_live(LONGEST)
            .build();
        Self {
            repo,
            copies,
            largest_kept: cached / 4,
            drops: AtomicU64::new(0),
        }
    }

    /// The members of a group.
    pub(crate) async fn walk(&self, conversation: u64) -> Walk<'_> {
        let copy = self.copies.get(&conversation).await;
        let drops = self.drops.load(Ordering::SeqCst);
        Walk {
            members: self,
            conversation,
            drops,
            copy,
            at: 0,
            read: Some(Vec::new()),
            kept: 0,
            after: Some(0),
        }
    }

    /// Drops copies when rosters change, until `stop`.
    pub(crate) async fn follow(&self, kv: &dyn Kv, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            match kv.subscribe(presence::ROSTER_CHANNEL).await {
                Ok(messages) => {
                    self.drop_all();
                    self.hear(messages, stop).await;
                }
                Err(error) => error.log("roster changes are not heard"),
            }
            let _ = tokio::time::timeout(Duration::from_secs(1), stop.cancelled()).await;
        }
    }

    async fn hear(&self, mut messages: Box<dyn Messages>, stop: &CancellationToken) {
        loop {
            let received = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                received = messages.next() => received,
            };
            let conversation = match received {
                Some(Received::Message(message)) => <[u8; 8]>::try_from(&*message).ok().map(u64::from_be_bytes),
                Some(Received::Missed) => None,
                None => return,
            };
            match conversation {
                Some(conversation) => {
                    self.drops.fetch_add(1, Ordering::SeqCst);
                    self.copies.invalidate(&conversation).await;
                }
                None => self.drop_all(),
            }
        }
    }

    fn drop_all(&self) {
        self.drops.fetch_add(1, Ordering::SeqCst);
        self.copies.invalidate_all();
    }
}

/// A way through the members of one group, page by page.
pub(crate) struct Walk<'a> {
    members: &'a Members,
    conversation: u64,
    drops: u64,
    copy: Option<Arc<[Arc<Page>]>>,
    at: usize,
    /// The pages so far, as long as they are few enough to be kept.
    read: Option<Vec<Arc<Page>>>,
    kept: u64,
    after: Option<u64>,
}

impl Walk<'_> {
    /// The next page; `None` at the end.
    ///
    /// # Errors
    /// Those of im-repo.
    pub(crate) async fn next(&mut self) -> Result<Option<Arc<Page>>, Failure> {
        if let Some(copy) = &self.copy {
            let page = copy.get(self.at).cloned();
            self.at += 1;
            return Ok(page);
        }
        let Some(after_user_id) = self.after else {
            return Ok(None);
        };
        let request = PageMemberIdsRequest {
            conversation_id: self.conversation,
            after_user_id,
            limit: PAGE,
            ..Default::default()
        };
        let answer = self.members.repo.page_member_ids(Context::internal(), request).await?;
        self.after = answer.user_ids.last().copied().filter(|_| answer.more);
        let keys = answer
            .user_ids
            .iter()
            .map(|user| presence::key(UserId(*user)))
            .collect();
        let page = Arc::new(Page {
            users: answer.user_ids,
            keys,
        });
        self.kept += page.users.len() as u64;
        if self.kept > self.members.largest_kept {
            self.read = None;
        }
        if let Some(read) = &mut self.read {
            read.push(Arc::clone(&page));
        }
        if self.after.is_none() {
            self.keep().await;
        }
        Ok(Some(page))
    }

    /// The whole group has been read.
    async fn keep(&mut self) {
        let unchanged = self.members.drops.load(Ordering::SeqCst) == self.drops;
        if let Some(read) = self.read.take().filter(|_| unchanged) {
            self.members.copies.insert(self.conversation, read.into()).await;
        }
    }
}
