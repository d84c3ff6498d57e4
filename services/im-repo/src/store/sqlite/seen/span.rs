//! The newest messages of one conversation, as far back as somebody asked.

use crate::store::{ClientMessageId, Result, StoreError};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

/// Rows read at once.
const CHUNK: i64 = 1_000;

/// The messages of a conversation from sequence `first` to `last`.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) first: u64,
    pub(super) last: u64,
    /// Every message before `first` was stored before this time.
    pub(super) from_ms: u64,
    pub(super) asked_at_ms: u64,
    /// Fingerprint of sender and client id -> sequence. Of two equal fingerprints the first stays.
    pub(super) places: HashMap<u64, u64>,
}

/// From when on a conversation is to be looked through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// The message may have been stored from here on.
    pub(super) from_ms: u64,
    /// From here on everything is read, however much it is.
    pub(super) must_from_ms: u64,
}

impl Wanted {
    /// What suffices for both.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            from_ms: self.from_ms.min(other.from_ms),
            must_from_ms: self.must_from_ms.min(other.must_from_ms),
        }
    }
}

/// What was read of a conversation: its messages from `first` to `last`.
pub(super) struct Piece {
    first: u64,
    pub(super) last: u64,
    /// Every message before `first` was stored before this time.
    from_ms: u64,
    places: Vec<(u64, u64)>,
    /// How many rows that took.
    pub(super) read: u64,
}

impl Span {
    /// Nothing yet of what comes before `next`.
    pub(super) fn before(next: u64) -> Self {
        Self {
            first: next,
            last: next - 1,
            from_ms: u64::MAX,
            asked_at_ms: 0,
            places: HashMap::new(),
        }
    }

    /// Whether more has to be read, and may be.
    pub(super) fn lacks(&self, wanted: Wanted) -> bool {
        self.from_ms > wanted.from_ms && (self.from_ms > wanted.must_from_ms || self.places.len() < super::MAX_EARLIER)
    }

    /// Adds what joins on without a gap; the rest is of no use.
    pub(super) fn merge(&mut self, piece: Piece) {
        let Piece {
            first, last, from_ms, ..
        } = piece;
        if last + 1 >= self.first && from_ms < self.from_ms {
            let older = piece.places.iter().filter(|(_, sequence)| *sequence < self.first);
            for (fingerprint, sequence) in older {
                self.places.entry(*fingerprint).or_insert(*sequence);
            }
            self.first = self.first.min(first);
            self.from_ms = from_ms;
        }
        if first <= self.last + 1 && last > self.last {
            for (fingerprint, sequence) in piece.places {
                if sequence > self.last {
                    self.places.entry(fingerprint).or_insert(sequence);
                }
            }
            self.last = last;
        }
    }
}

/// Reads from sequence `below` back to what is wanted, but no more than about `room` messages of those that need not be read.
pub(super) async fn read_older(
    db: &mut SqliteConnection,
    conversation: u64,
    below: u64,
    wanted: Wanted,
    room: usize,
    hasher: &RandomState,
) -> Result<Piece> {
    let sql = "SELECT sequence, sender_id, client_message_id, sent_at_ms FROM messages \
               WHERE conversation_id = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?";
    // where nothing is known of the conversation its newest message will tell the end
    let mut newest_known = below != u64::MAX;
    let mut piece = Piece {
        first: below,
        last: if newest_known { below - 1 } else { 0 },
        from_ms: 0,
        places: Vec::new(),
        read: 0,
    };
    loop {
        let rows = sqlx::query(sql)
            .bind(conversation as i64)
            .bind(i64::try_from(piece.first).unwrap_or(i64::MAX))
            .bind(CHUNK)
            .fetch_all(&mut *db)
            .await?;
        piece.read += rows.len() as u64;
        for row in &rows {
            let (sequence, fingerprint, sent_at_ms) = footprint(row, hasher)?;
            if !newest_known {
                newest_known = true;
                piece.last = sequence;
                piece.first = sequence + 1;
            }
            if sent_at_ms < wanted.from_ms {
                piece.from_ms = wanted.from_ms;
                return Ok(piece);
            }
            if sent_at_ms < wanted.must_from_ms && piece.places.len() >= room {
                piece.from_ms = sent_at_ms + 1;
                return Ok(piece);
            }
            piece.places.push((fingerprint, sequence));
            piece.first = sequence;
        }
        if rows.len() < CHUNK as usize {
            piece.first = 1;
            return Ok(piece);
        }
    }
}

/// Reads what stands behind sequence `last`.
pub(super) async fn read_newer(
    db: &mut SqliteConnection,
    conversation: u64,
    last: u64,
    hasher: &RandomState,
) -> Result<Piece> {
    let sql = "SELECT sequence, sender_id, client_message_id, sent_at_ms FROM messages \
               WHERE conversation_id = ? AND sequence > ? ORDER BY sequence";
    let rows = sqlx::query(sql)
        .bind(conversation as i64)
        .bind(last as i64)
        .fetch_all(&mut *db)
        .await?;
    let places = rows
        .iter()
        .map(|row| footprint(row, hasher).map(|(sequence, fingerprint, _)| (fingerprint, sequence)))
        .collect::<Result<Vec<_>>>()?;
    Ok(Piece {
        first: last + 1,
        last: places.last().map_or(last, |(_, sequence)| *sequence),
        from_ms: u64::MAX,
        read: rows.len() as u64,
        places,
    })
}

/// Sequence, fingerprint and time of a stored message.
fn footprint(row: &SqliteRow, hasher: &RandomState) -> Result<(u64, u64, u64)> {
    let sender = row.try_get::<i64, _>(1)? as u64;
    let client_id: &[u8] = row.try_get(2)?;
    let client_id: &ClientMessageId = client_id.try_into().map_err(|_| StoreError::Unreadable {
        what: "a client message id",
    })?;
    let number = |column: usize| row.try_get::<i64, _>(column).map(|value| value as u64);
    Ok((number(0)?, hasher.hash_one((sender, client_id)), number(3)?))
}
