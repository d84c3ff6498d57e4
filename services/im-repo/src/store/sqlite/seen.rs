//! Finds messages that were stored before, without an index over client ids (one with random keys costs as much as the message).
//!
//! Client ids tell when they were made, so a message that was stored before stands among those that its conversation got from about
//! that time on. That part of the conversation is read once and remembered for as long as questions about it come; a question of
//! which nothing is remembered is answered by no. What is remembered is a hint to where to look, never an answer by itself.
//!
//! The part is read *before* the transaction that stores, by a reader ([`Seen::look`]): everybody else's messages wait for that
//! transaction. Inside it only what was stored meanwhile is read. And the part is bounded: a client chooses how old its id is, so it
//! must not choose how much is read. What may have been stored under this id since the message was accepted is always looked through;
//! earlier messages up to [`MAX_EARLIER`] a conversation. Beyond that it is not known whether the id was used, and the message is refused.

mod span;

use super::{
    super::{ClientMessageId, MessageRecord, NewMessage, Result},
    messages::message,
};
use parking_lot::Mutex;
use span::{Span, Wanted, read_newer, read_older};
use sqlx::{SqliteConnection, SqlitePool};
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

/// How far before the time in a client's id its message may have been stored: a client's clock may be a minute ahead, and the server's
/// may have been set back by another since.
const LOOK_BACK_MS: u64 = 120_000;
/// A message that its client sends again within this time is looked for however much was said since.
const RETRY_MS: u64 = 60_000;
/// So many messages of a conversation are remembered for ids that are older than that.
pub(super) const MAX_EARLIER: usize = 50_000;
/// A conversation is forgotten when nothing was asked about it for so long.
const IDLE_MS: u64 = 120_000;
/// When more than this many messages are remembered, conversations are forgotten; 16 bytes each.
const MAX_REMEMBERED: usize = 2_000_000;
/// A conversation of which somebody knew all but more than so many of its newest messages is forgotten.
const MAX_GAP: u64 = 10_000;
/// Those that were asked about so lately are not: a transaction may be about to ask again.
const JUST_ASKED_MS: u64 = 10_000;

/// What is known of the messages of some conversations. Shared by those who look and the writer.
#[derive(Debug, Default)]
pub(super) struct Seen {
    known: Mutex<Known>,
    hasher: RandomState,
    rows: Rows,
}

#[derive(Debug, Default)]
struct Known {
    conversations: HashMap<u64, Span>,
    remembered: usize,
    swept_at_ms: u64,
}

/// How many rows were read.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// By readers, while the writer does other things.
    pub(super) before: AtomicU64,
    /// By the writer, while everybody waits for it.
    pub(super) inside: AtomicU64,
}

/// How much of what may hold a message is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Covered {
    /// All of it: what is not found was not stored.
    Whole,
    /// Too much was said since the client made the id: what is not found may have been stored long ago.
    Part,
}

impl Seen {
    /// Forgets everything.
    pub(super) fn forget(&self) {
        let mut known = self.known.lock();
        known.conversations.clear();
        known.remembered = 0;
    }

    /// Before the transaction: reads what [`Seen::prepare`] would have to read inside it.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn look(&self, readers: &SqlitePool, messages: &[NewMessage], now_ms: u64) -> Result<()> {
        let mut wanted: HashMap<u64, Wanted> = HashMap::new();
        for message in messages.iter().filter(|message| message.verify) {
            let own = self.wanted(message);
            let all = wanted.entry(message.conversation.into()).or_insert(own);
            *all = all.and(own);
        }
        let mut db = None;
        for (conversation, wanted) in wanted {
            let (below, more) = {
                let mut known = self.known.lock();
                match known.conversations.get_mut(&conversation) {
                    Some(span) => {
                        span.asked_at_ms = now_ms;
                        (span.first, span.lacks(wanted))
                    }
                    None => (u64::MAX, true),
                }
            };
            if !more {
                continue;
            }
            let db = match &mut db {
                Some(db) => db,
                none => none.insert(readers.acquire().await?),
            };
            let before = &self.rows.before;
            self.read(db, conversation, below, wanted, now_ms, before).await?;
            if below == u64::MAX {
                // reading took its time: the less is left for the transaction
                self.catch_up(db, conversation, now_ms, before).await?;
            }
        }
        Ok(())
    }

    /// Inside the transaction, for a `message` whose conversation ends with `last_sequence`: makes sure that [`Seen::find`] can answer.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn prepare(
        &self,
        db: &mut SqliteConnection,
        message: &NewMessage,
        last_sequence: u64,
        now_ms: u64,
    ) -> Result<Covered> {
        let conversation = message.conversation.into();
        let wanted = self.wanted(message);
        let state = |known: &Known| {
            let span = known.conversations.get(&conversation)?;
            Some((span.first, span.last, span.lacks(wanted)))
        };
        let (below, last, lacks) = state(&self.known.lock()).unwrap_or((u64::MAX, last_sequence, true));
        if last < last_sequence {
            // stored since somebody looked, without being noted
            self.catch_up(db, conversation, now_ms, &self.rows.inside).await?;
        }
        if lacks {
            // nobody looked, or what was seen then is forgotten
            self.read(db, conversation, below, wanted, now_ms, &self.rows.inside)
                .await?;
        }
        let known = self.known.lock();
        let span = known.conversations.get(&conversation);
        Ok(match span {
            Some(span) if span.from_ms > wanted.from_ms => Covered::Part,
            _ => Covered::Whole,
        })
    }

    /// The stored message of that sender with that client id, if there is one among what is covered. After [`Seen::prepare`].
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn find(&self, db: &mut SqliteConnection, wanted: &NewMessage) -> Result<Option<MessageRecord>> {
        let conversation = u64::from(wanted.conversation);
        let fingerprint = self.fingerprint(wanted.sender.into(), &wanted.client_id);
        let place = |known: &Known| {
            let span = known.conversations.get(&conversation)?;
            Some((*span.places.get(&fingerprint)?, span.first, span.last))
        };
        let Some((sequence, first, last)) = place(&self.known.lock()) else {
            return Ok(None);
        };
        let at = "SELECT * FROM messages WHERE conversation_id = ? AND sequence = ?";
        let hit = sqlx::query(at)
            .bind(conversation as i64)
            .bind(sequence as i64)
            .fetch_optional(&mut *db)
            .await?;
        if let Some(hit) = hit {
            let hit = message(&hit)?;
            if hit.sender == wanted.sender && hit.client_id == wanted.client_id {
                return Ok(Some(hit));
            }
        }
        // two messages have one fingerprint: look at all of them
        let among = "SELECT * FROM messages WHERE conversation_id = ? AND sequence BETWEEN ? AND ? \
                     AND client_message_id = ? AND sender_id = ? LIMIT 1";
        let found = sqlx::query(among)
            .bind(conversation as i64)
            .bind(first as i64)
            .bind(last as i64)
            .bind(wanted.client_id.as_slice())
            .bind(u64::from(wanted.sender) as i64)
            .fetch_optional(db)
            .await?;
        found.map(|row| message(&row)).transpose()
    }

    /// Takes note of messages that get these sequences.
    pub(super) fn note<'a>(&self, stored: impl Iterator<Item = (&'a NewMessage, u64)>) {
        let mut known = self.known.lock();
        if known.conversations.is_empty() {
            return;
        }
        for (message, sequence) in stored {
            let conversation = message.conversation.into();
            let Some(span) = known.conversations.get_mut(&conversation) else {
                continue;
            };
            if span.last + 1 == sequence {
                let fingerprint = self.fingerprint(message.sender.into(), &message.client_id);
                span.last = sequence;
                span.places.entry(fingerprint).or_insert(sequence);
                known.remembered += 1;
            } else if span.last + MAX_GAP < sequence {
                // whoever looked has never asked; a small gap is filled by the next question
                let places = span.places.len();
                known.conversations.remove(&conversation);
                known.remembered -= places;
            }
        }
    }

    /// Keeps memory bounded. Called before questions, never between [`Seen::prepare`] and [`Seen::find`].
    pub(super) fn sweep(&self, now_ms: u64) {
        let mut known = self.known.lock();
        if known.remembered > MAX_REMEMBERED {
            known.shrink(MAX_REMEMBERED / 2, now_ms);
        }
        if known.swept_at_ms + IDLE_MS / 4 < now_ms {
            known.swept_at_ms = now_ms;
            known
                .conversations
                .retain(|_, span| span.asked_at_ms + IDLE_MS > now_ms);
            known.count();
        }
    }

    /// How many rows were read so far.
    #[cfg(test)]
    pub(super) fn rows(&self) -> (u64, u64) {
        let Rows { before, inside } = &self.rows;
        (before.load(Ordering::Relaxed), inside.load(Ordering::Relaxed))
    }

    async fn catch_up(
        &self,
        db: &mut SqliteConnection,
        conversation: u64,
        now_ms: u64,
        rows: &AtomicU64,
    ) -> Result<()> {
        let last = |known: &Known| Some(known.conversations.get(&conversation)?.last);
        let Some(last) = last(&self.known.lock()) else {
            return Ok(());
        };
        let newer = read_newer(db, conversation, last, &self.hasher).await?;
        rows.fetch_add(newer.read, Ordering::Relaxed);
        self.known.lock().merge(conversation, newer, now_ms);
        Ok(())
    }

    async fn read(
        &self,
        db: &mut SqliteConnection,
        conversation: u64,
        below: u64,
        wanted: Wanted,
        now_ms: u64,
        rows: &AtomicU64,
    ) -> Result<()> {
        let remembered = |known: &Known| Some(known.conversations.get(&conversation)?.places.len());
        let remembered = remembered(&self.known.lock()).unwrap_or_default();
        let room = MAX_EARLIER.saturating_sub(remembered);
        let older = read_older(db, conversation, below, wanted, room, &self.hasher).await?;
        rows.fetch_add(older.read, Ordering::Relaxed);
        metrics::counter!("repo_rows_looked_through_total").increment(older.read);
        self.known.lock().merge(conversation, older, now_ms);
        Ok(())
    }

    fn wanted(&self, message: &NewMessage) -> Wanted {
        let from_ms = made_at_ms(&message.client_id).min(message.accepted_at_ms);
        Wanted {
            from_ms: from_ms.saturating_sub(LOOK_BACK_MS),
            must_from_ms: message.accepted_at_ms.saturating_sub(LOOK_BACK_MS + RETRY_MS),
        }
    }

    fn fingerprint(&self, sender: u64, client_id: &ClientMessageId) -> u64 {
        self.hasher.hash_one((sender, client_id))
    }
}

impl Known {
    fn merge(&mut self, conversation: u64, piece: span::Piece, now_ms: u64) {
        let span = self.conversations.entry(conversation);
        let (before, span) = match span {
            std::collections::hash_map::Entry::Occupied(span) => (span.get().places.len(), span.into_mut()),
            std::collections::hash_map::Entry::Vacant(none) => (0, none.insert(Span::before(piece.last + 1))),
        };
        span.asked_at_ms = now_ms;
        span.merge(piece);
        self.remembered += span.places.len() - before;
    }

    /// Forgets the conversations that were asked about longest ago until no more than `most` messages are remembered.
    fn shrink(&mut self, most: usize, now_ms: u64) {
        let mut oldest: Vec<(u64, u64)> = self
            .conversations
            .iter()
            .map(|(id, span)| (span.asked_at_ms, *id))
            .filter(|(asked_at_ms, _)| asked_at_ms + JUST_ASKED_MS < now_ms)
            .collect();
        oldest.sort_unstable();
        for (_, id) in oldest {
            if self.remembered <= most {
                return;
            }
            if let Some(span) = self.conversations.remove(&id) {
                self.remembered -= span.places.len();
            }
        }
    }

    fn count(&mut self) {
        self.remembered = self.conversations.values().map(|span| span.places.len()).sum();
    }
}

/// The time in a version 7 UUID, in milliseconds since 1970.
fn made_at_ms(client_id: &ClientMessageId) -> u64 {
    client_id[..6].iter().fold(0, |time, byte| time << 8 | u64::from(*byte))
}
