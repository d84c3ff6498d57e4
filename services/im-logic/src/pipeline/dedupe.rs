//! Which messages may have been stored before.
//!
//! The store finds duplicates exactly, by reading the conversation from the time of the client's id on; that is dear, so it is asked
//! (`verify`) only for messages that may have come before. The kv engine holds a *mark* for every message of the last [`WINDOW`]; a message whose
//! mark was there is verified. A missing mark must be *trusted* to spare the look, so this is what it takes:
//!
//! Let `c` be the time of a client id, and let the message have been handled before, at a time `t`. Ids that are more than
//! [`MAX_AHEAD_MS`] ahead are refused, so `t ≥ c − AHEAD`, give or take [`SKEW_MS`] by which the clocks of two machines may differ. The mark was set at `t`. It is
//! missing now only if
//!
//! 1. **it is too old**, `now ≥ t + WINDOW`. For `c ≥ now − WINDOW + AHEAD + 2·SKEW` this cannot be: older ids are verified;
//! 2. **kv lost it**: it was emptied at some time `s > t`, so that `c ≤ s + AHEAD + SKEW`. Kv cannot say when it was emptied, but it then lost
//!    the key [`SINCE`] too. Every batch sets that key, if it is missing, together with its marks, and reads it *after* them: what it reads is no
//!    earlier than the last loss. Ids up to `since + AHEAD + SKEW` are verified;
//! 3. **it never got there**, because kv was away, for this process or for the one that handled the partition before. So each partition has a time of its
//!    own, [`Trust`]: it begins when the partition is taken over, and anew whenever marks of it could not be set. It counts like `since`, and the later
//!    of the two is meant below.
//!
//! Rule 2 alone would verify *everything* in the first minute after a start, when a busy conversation has thousands of messages to look through.
//! So a conversation that is met in that minute is asked once for its *horizon*: the latest id time among the messages that it stored within
//! AHEAD + 2·SKEW before `since`. A message handled before `since` that bears an id from after `since − SKEW` is one of these, so an id beyond both
//! `since − SKEW` and the horizon is new.

mod horizon;

use super::Refused;
use crate::rules::send::{MAX_AHEAD_MS, made_at_ms};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use im_infra::{
    clock::SharedClock,
    kv::{Kv, KvError},
};
use im_schema::{
    failure::Failure,
    internal::v1::{ReadMessagesRequest, StoreOutcome, Upstream, store_outcome::Kind},
    parlance::Reason,
    rpc::Context,
    services::MessageRepoClient,
    v1::Message,
};
use parking_lot::Mutex;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

/// How long a mark is kept. It takes AHEAD and twice SKEW to be of any use; what is beyond is how late a message may be sent, after its id was made,
/// without a look into the store. Longer would cost memory: at 50,000 messages a second there are 50,000 marks of 160 bytes for each of these seconds.
pub(crate) const WINDOW: Duration = Duration::from_secs(150);
/// The key whose value is the time, in milliseconds, since when no mark was lost.
pub(crate) const SINCE: &str = "dedupe:since";
/// By how much the clocks of two machines may differ, the time of a call included, in milliseconds.
const SKEW_MS: u64 = 5_000;
/// How many pages are read for the refused messages of a batch. A stranger can ask for this, so it must be cheap.
const REFUSED_PAGES: usize = 8;
/// Messages a page.
const PAGE: u32 = 1_000;

/// Sorts out what may have come before.
pub(crate) struct Dedupe {
    kv: Arc<dyn Kv>,
    repo: MessageRepoClient,
    clock: SharedClock,
    /// By conversation: for which `since` it was asked, and its horizon.
    horizons: Mutex<HashMap<u64, (u64, u64)>>,
}

/// Since when, in milliseconds since 1970, all marks of a partition were set, if kv did not lose them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trust(u64);

/// What can be said of a message without looking further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    New,
    Verify,
    /// New if its id lies beyond the horizon of its conversation.
    BeyondHorizon,
}

impl Dedupe {
    pub(crate) fn new(kv: Arc<dyn Kv>, repo: MessageRepoClient, clock: SharedClock) -> Self {
        Self {
            kv,
            repo,
            clock,
            horizons: Mutex::default(),
        }
    }

    /// Nothing is known of marks before this moment.
    pub(super) fn trust_from_now(&self) -> Trust {
        Trust(self.clock.now_ms())
    }

    /// For each message of a partition whether the store must verify that it is new. Marks all of them.
    pub(super) async fn suspects(&self, batch: &[Upstream], trust: &mut Trust) -> Vec<bool> {
        let (marked, since) = match self.mark(batch).await {
            Ok((marked, Some(since))) => (marked, since.max(trust.0)),
            // lost between the two calls: the next batch finds a new time there
            Ok((_, None)) => return vec![true; batch.len()],
            Err(error) => {
                *trust = self.trust_from_now();
                error.log("marks unknown, every message is verified");
                return vec![true; batch.len()];
            }
        };
        // read only now: a mark that was there until a moment ago must count as too old
        let now = self.clock.now_ms();
        let verdicts: Vec<Verdict> = batch
            .iter()
            .zip(marked)
            .map(|(upstream, new)| judge(new, &upstream.client_message_id, now, since))
            .collect();
        let near = batch
            .iter()
            .zip(&verdicts)
            .filter(|(_, verdict)| **verdict == Verdict::BeyondHorizon);
        let near: HashSet<u64> = near.map(|(upstream, _)| upstream.conversation_id).collect();
        let horizons = if near.is_empty() {
            HashMap::new()
        } else {
            self.horizons(near, since).await
        };
        let suspect = |(upstream, verdict): (&Upstream, &Verdict)| match verdict {
            Verdict::New => false,
            Verdict::Verify => true,
            Verdict::BeyondHorizon => horizons.get(&upstream.conversation_id).is_none_or(|horizon| {
                made_at_ms(&upstream.client_message_id).is_none_or(|made_at| made_at <= *horizon)
            }),
        };
        batch.iter().zip(&verdicts).map(suspect).collect()
    }

    /// Finds the refused messages that were stored before, when their senders were still members: these stay stored, whatever became of
    /// the senders since. Looks at so many of the latest messages only; what is not among them is refused.
    ///
    /// # Errors
    /// Those of im-repo: nothing is known then.
    pub(super) async fn stored_before(
        &self,
        refused: Vec<Refused>,
    ) -> Result<(Vec<(Upstream, StoreOutcome)>, Vec<Refused>), Failure> {
        // where to look, back to which time
        let mut places: HashMap<u64, u64> = HashMap::new();
        let mut wanted: HashSet<Name> = HashSet::new();
        for refused in &refused {
            if refused.verify
                && refused.failure.reason() == Reason::NotAMember
                && let Some(made_at) = made_at_ms(&refused.upstream.client_message_id)
            {
                let from = made_at.saturating_sub(MAX_AHEAD_MS + 2 * SKEW_MS);
                places
                    .entry(refused.upstream.conversation_id)
                    .and_modify(|earliest| *earliest = from.min(*earliest))
                    .or_insert(from);
                wanted.insert(name(&refused.upstream));
            }
        }
        let mut found = HashMap::new();
        let mut pages = REFUSED_PAGES;
        for (conversation_id, from_ms) in places {
            self.find(conversation_id, from_ms, &wanted, &mut pages, &mut found)
                .await?;
        }
        let (mut known, mut others) = (Vec::new(), Vec::new());
        for refused in refused {
            match found.get(&name(&refused.upstream)) {
                Some((outcome, message)) if refused.verify && message.content == refused.upstream.content => {
                    known.push((refused.upstream, outcome.clone()));
                }
                _ => others.push(refused),
            }
        }
        Ok((known, others))
    }

    /// Looks for messages among those of a conversation that were stored since `from_ms`, in no more than `pages`.
    async fn find(
        &self,
        conversation_id: u64,
        from_ms: u64,
        wanted: &HashSet<Name>,
        pages: &mut usize,
        found: &mut HashMap<Name, (StoreOutcome, Message)>,
    ) -> Result<(), Failure> {
        let mut from_sequence = 0;
        while *pages > 0 {
            *pages -= 1;
            let request = ReadMessagesRequest {
                conversation_id,
                from_sequence,
                forward: false,
                limit: PAGE,
                ..Default::default()
            };
            let page = self.repo.read_messages(Context::internal(), request).await?.messages;
            let oldest = page
                .last()
                .map_or((0, 0), |message| (message.sequence, sent_at_ms(message)));
            for message in page {
                let id = uuid::Uuid::try_parse(&message.client_message_id).unwrap_or_default();
                let name = (conversation_id, message.sender_id, id.into_bytes());
                if wanted.contains(&name) {
                    let outcome = StoreOutcome {
                        kind: Kind::Duplicate.into(),
                        message_id: message.message_id,
                        sequence: message.sequence,
                        sent_at_ms: sent_at_ms(&message),
                        ..Default::default()
                    };
                    found.insert(name, (outcome, message));
                }
            }
            if oldest.0 <= 1 || oldest.1 < from_ms {
                break;
            }
            from_sequence = oldest.0 - 1;
        }
        Ok(())
    }

    /// To be called more often than every [`WINDOW`]. Keeps the key [`SINCE`] while nothing is sent, but never brings it back, which would hide a
    /// loss; forgets horizons that are no longer needed.
    pub(crate) async fn keep(&self) {
        let now = self.clock.now_ms();
        self.horizons
            .lock()
            .retain(|_, (since, _)| *since + MAX_AHEAD_MS + 2 * SKEW_MS > now);
        if let Err(error) = self.kv.expire(SINCE, WINDOW).await {
            error.log("the age of the marks is not kept");
        }
    }

    /// Sets the marks; for each message whether its mark is new, and since when no mark was lost.
    async fn mark(&self, batch: &[Upstream]) -> Result<(Vec<bool>, Option<u64>), KvError> {
        let before = (self.clock.now_ms(), self.clock.monotonic());
        let mut entries = Vec::with_capacity(batch.len() + 1);
        entries.push((SINCE.to_owned(), text(before.0)));
        entries.extend(batch.iter().map(|upstream| (key(upstream), Bytes::new())));
        let mut new = self.kv.set_if_absent(&entries, Some(WINDOW)).await?;
        let was_empty = !new.is_empty() && new.remove(0);
        if was_empty && self.clock.monotonic() - before.1 > Duration::from_secs(1) {
            // the call took so long that marks may have been lost after the time that it wrote
            self.kv.set(SINCE, text(self.clock.now_ms()), Some(WINDOW)).await?;
        }
        let since = self.kv.get(SINCE).await?;
        let since = since.and_then(|since| std::str::from_utf8(&since).ok()?.parse().ok());
        Ok((new, since))
    }
}

/// See the top of the file.
fn judge(mark_is_new: bool, client_message_id: &[u8], now: u64, since: u64) -> Verdict {
    let Some(made_at) = made_at_ms(client_message_id) else {
        return Verdict::Verify;
    };
    let too_old = made_at + WINDOW.as_millis() as u64 <= now + MAX_AHEAD_MS + 2 * SKEW_MS;
    if !mark_is_new || too_old || made_at + SKEW_MS <= since {
        Verdict::Verify
    } else if made_at <= since + MAX_AHEAD_MS + SKEW_MS {
        Verdict::BeyondHorizon
    } else {
        Verdict::New
    }
}

/// A message as its client calls it: conversation, sender and the client's id.
type Name = (u64, u64, [u8; 16]);

fn name(upstream: &Upstream) -> Name {
    let id = uuid::Uuid::from_slice(&upstream.client_message_id).unwrap_or_default();
    (upstream.conversation_id, upstream.sender_id, id.into_bytes())
}

fn sent_at_ms(message: &Message) -> u64 {
    message.sent_at.as_ref().map_or(0, im_schema::wkt::Timestamp::millis)
}

/// The key of a message's mark: short, since there are millions of them.
fn key(upstream: &Upstream) -> String {
    let mut key = String::with_capacity(2 + 32);
    key.push_str("d:");
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&upstream.sender_id.to_be_bytes());
    let id = &upstream.client_message_id[..upstream.client_message_id.len().min(16)];
    bytes[8..8 + id.len()].copy_from_slice(id);
    BASE64_URL_SAFE_NO_PAD.encode_string(bytes, &mut key);
    key
}

fn text(time: u64) -> Bytes {
    time.to_string().into()
}

#[cfg(test)]
mod tests;
