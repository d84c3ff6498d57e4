//! Finds messages that were stored before, without an index over client ids (one with random keys costs as much as the message).
//!
//! Client ids tell when they were made, so a message that was stored before stands among those that its conversation got from about
//! that time on. That part of the conversation is read once and remembered for as long as questions about it come; a question of
//! which nothing is remembered is answered by no. What is remembered is a hint to where to look, never an answer by itself.

use super::{
    super::{ClientMessageId, MessageRecord, NewMessage, Result, StoreError},
    messages::message,
};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

/// How far before the time in a client's id its message may have been stored: a client's clock may be a minute ahead, and the server's
/// may have been set back by another since.
const LOOK_BACK_MS: u64 = 120_000;
/// A conversation is forgotten when nothing was asked about it for so long.
const IDLE_MS: u64 = 120_000;
/// More than this many messages are not remembered; 16 bytes each.
const MAX_REMEMBERED: usize = 2_000_000;
/// Rows read at once.
const CHUNK: i64 = 1_000;

/// What is known of the messages of some conversations.
#[derive(Default)]
pub(super) struct Seen {
    conversations: HashMap<u64, Span>,
    remembered: usize,
    swept_at_ms: u64,
    hasher: RandomState,
}

/// The messages of one conversation from sequence `first` to `last`, its newest.
struct Span {
    first: u64,
    last: u64,
    /// Every message before `first` was stored before this time.
    from_ms: u64,
    asked_at_ms: u64,
    /// Fingerprint of sender and client id -> sequence. Of two equal fingerprints the first stays.
    places: HashMap<u64, u64>,
}

impl Seen {
    /// Forgets everything.
    pub(super) fn forget(&mut self) {
        self.conversations.clear();
        self.remembered = 0;
    }

    /// Makes sure that [`Seen::find`] can answer for `message`, whose conversation ends with `last_sequence`.
    pub(super) async fn prepare(
        &mut self,
        db: &mut SqliteConnection,
        message: &NewMessage,
        last_sequence: u64,
        now_ms: u64,
    ) -> Result<()> {
        let from_ms = made_at_ms(&message.client_id).saturating_sub(LOOK_BACK_MS);
        let conversation = message.conversation.into();
        let span = self.conversations.entry(conversation).or_insert_with(|| Span {
            first: last_sequence + 1,
            last: last_sequence,
            from_ms: u64::MAX,
            asked_at_ms: now_ms,
            places: HashMap::new(),
        });
        span.asked_at_ms = now_ms;
        if span.from_ms > from_ms {
            let before = span.places.len();
            span.read_older(db, conversation, from_ms, &self.hasher).await?;
            self.remembered += span.places.len() - before;
        }
        Ok(())
    }

    /// The stored message of that sender with that client id, if there is one. After [`Seen::prepare`].
    pub(super) async fn find(&self, db: &mut SqliteConnection, wanted: &NewMessage) -> Result<Option<MessageRecord>> {
        let conversation = u64::from(wanted.conversation);
        let fingerprint = fingerprint(&self.hasher, wanted.sender.into(), &wanted.client_id);
        let Some(span) = self.conversations.get(&conversation) else {
            return Ok(None);
        };
        let Some(&sequence) = span.places.get(&fingerprint) else {
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
            .bind(span.first as i64)
            .bind(span.last as i64)
            .bind(wanted.client_id.as_slice())
            .bind(u64::from(wanted.sender) as i64)
            .fetch_optional(db)
            .await?;
        found.map(|row| message(&row)).transpose()
    }

    /// Takes note of a message that gets `sequence`.
    pub(super) fn note(&mut self, stored: &NewMessage, sequence: u64) {
        let Some(span) = self.conversations.get_mut(&stored.conversation.into()) else {
            return;
        };
        let fingerprint = fingerprint(&self.hasher, stored.sender.into(), &stored.client_id);
        span.places.entry(fingerprint).or_insert(sequence);
        span.last = sequence;
        self.remembered += 1;
    }

    /// Keeps memory bounded. Called before questions, never between [`Seen::prepare`] and [`Seen::find`].
    pub(super) fn sweep(&mut self, now_ms: u64) {
        if self.remembered > MAX_REMEMBERED {
            self.forget();
        }
        if self.swept_at_ms + IDLE_MS / 4 < now_ms {
            self.swept_at_ms = now_ms;
            self.conversations.retain(|_, span| span.asked_at_ms + IDLE_MS > now_ms);
            self.remembered = self.conversations.values().map(|span| span.places.len()).sum();
        }
    }
}

impl Span {
    async fn read_older(
        &mut self,
        db: &mut SqliteConnection,
        conversation: u64,
        from_ms: u64,
        hasher: &RandomState,
    ) -> Result<()> {
        let sql = "SELECT sequence, sender_id, client_message_id, sent_at_ms FROM messages \
                   WHERE conversation_id = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?";
        'older: while self.first > 1 {
            let rows = sqlx::query(sql)
                .bind(conversation as i64)
                .bind(self.first as i64)
                .bind(CHUNK)
                .fetch_all(&mut *db)
                .await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                let (sequence, fingerprint, sent_at_ms) = footprint(row, hasher)?;
                if sent_at_ms < from_ms {
                    break 'older;
                }
                self.places.entry(fingerprint).or_insert(sequence);
                self.first = sequence;
            }
        }
        self.from_ms = from_ms;
        Ok(())
    }
}

/// Sequence, fingerprint and time of a stored message.
fn footprint(row: &SqliteRow, hasher: &RandomState) -> Result<(u64, u64, u64)> {
    let sender = row.try_get::<i64, _>(1)? as u64;
    let client_id: &[u8] = row.try_get(2)?;
    let client_id = client_id.try_into().map_err(|_| StoreError::Unreadable {
        what: "a client message id",
    })?;
    let number = |column: usize| row.try_get::<i64, _>(column).map(|value| value as u64);
    Ok((number(0)?, fingerprint(hasher, sender, client_id), number(3)?))
}

fn fingerprint(hasher: &RandomState, sender: u64, client_id: &ClientMessageId) -> u64 {
    hasher.hash_one((sender, client_id))
}

/// The time in a version 7 UUID, in milliseconds since 1970.
fn made_at_ms(client_id: &ClientMessageId) -> u64 {
    client_id[..6].iter().fold(0, |time, byte| time << 8 | u64::from(*byte))
}
