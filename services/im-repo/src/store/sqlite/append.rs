//! Stores messages: sequences, duplicates, heads and read positions of a whole batch in a few statements.

use super::{
    super::{ClientMessageId, NewMessage, Place, Result, StoreOutcome, repeated},
    id_list,
    insert::{Additions, Inserter, NewRow},
    seen::{Covered, Seen},
};
use sqlx::{Row, SqliteConnection};
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

/// Sequences of more conversations than this are not kept in memory.
const MAX_HEADS: usize = 100_000;

/// One call of `store_messages`.
pub(super) struct Append {
    pub(super) messages: Vec<NewMessage>,
    pub(super) now_ms: u64,
}

/// Appends messages. What it knows of the database stays true because nobody else writes messages.
pub(super) struct Appender {
    inserter: Inserter,
    /// Last sequences of conversations.
    heads: HashMap<u64, u64>,
    seen: Arc<Seen>,
}

/// What one transaction adds.
#[derive(Default)]
struct Batch<'a> {
    rows: Vec<NewRow<'a>>,
    /// Last sequence and time of the conversations with new messages.
    heads: HashMap<u64, (u64, u64)>,
    /// New read position by conversation and user.
    reads: HashMap<(u64, u64), u64>,
    /// Index in `rows` by conversation, sender and client id.
    fresh: HashMap<(u64, u64, ClientMessageId), usize>,
}

impl Appender {
    pub(super) fn new(seen: Arc<Seen>) -> Self {
        Self {
            inserter: Inserter::new(),
            heads: HashMap::new(),
            seen,
        }
    }

    /// Forgets what it knows: a transaction was rolled back.
    pub(super) fn forget(&mut self) {
        self.heads.clear();
        self.seen.forget();
        self.inserter.forget();
    }

    /// Outcomes of each request in the order of its messages. What is new is written in a transaction of its own, or inside one that is `open`.
    /// What was read before a transaction began is true in it: nobody else writes messages.
    pub(super) async fn append(
        &mut self,
        db: &mut SqliteConnection,
        requests: &[Append],
        open: bool,
    ) -> Result<Vec<Vec<StoreOutcome>>> {
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        self.load_heads(db, requests).await?;
        let mut batch = Batch::default();
        let mut outcomes = Vec::with_capacity(requests.len());
        for request in requests {
            self.seen.sweep(request.now_ms);
            let mut own = Vec::with_capacity(request.messages.len());
            for message in &request.messages {
                own.push(self.decide(db, &mut batch, message, request.now_ms).await?);
            }
            outcomes.push(own);
        }
        let Batch { rows, heads, reads, .. } = batch;
        if rows.is_empty() {
            return Ok(outcomes);
        }
        let last_sequences: Vec<_> = heads
            .iter()
            .map(|(conversation, head)| (*conversation, head.0))
            .collect();
        let new = Additions::new(&rows, heads, reads);
        if open {
            self.inserter.insert(db, &new).await?;
        } else {
            self.inserter.commit(db, &new).await?;
        }
        self.heads.extend(last_sequences);
        self.seen
            .note(rows.iter().map(|NewRow { message, place }| (*message, place.sequence)));
        metrics::histogram!("repo_batch_messages").record(rows.len() as f64);
        Ok(outcomes)
    }

    async fn load_heads(&mut self, db: &mut SqliteConnection, requests: &[Append]) -> Result<()> {
        if self.heads.len() > MAX_HEADS {
            self.heads.clear();
        }
        let messages = requests.iter().flat_map(|request| &request.messages);
        let mut missing: Vec<u64> = messages
            .map(|message| u64::from(message.conversation))
            .filter(|conversation| !self.heads.contains_key(conversation))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        missing.sort_unstable();
        missing.dedup();
        let sql = "SELECT conversation_id, last_sequence FROM heads \
                   WHERE conversation_id IN (SELECT value FROM json_each(?))";
        for row in sqlx::query(sql).bind(id_list(missing)).fetch_all(db).await? {
            self.heads
                .insert(row.try_get::<i64, _>(0)? as u64, row.try_get::<i64, _>(1)? as u64);
        }
        Ok(())
    }

    async fn decide<'a>(
        &mut self,
        db: &mut SqliteConnection,
        batch: &mut Batch<'a>,
        message: &'a NewMessage,
        now_ms: u64,
    ) -> Result<StoreOutcome> {
        let (conversation, sender) = (u64::from(message.conversation), u64::from(message.sender));
        let Some(&stored) = self.heads.get(&conversation) else {
            return Ok(StoreOutcome::NoConversation);
        };

        let slot = match batch.fresh.entry((conversation, sender, message.client_id)) {
            Entry::Occupied(earlier) => {
                let earlier = &batch.rows[*earlier.get()];
                return Ok(repeated(message, &earlier.message.content, earlier.place));
            }
            Entry::Vacant(slot) => slot,
        };
        if message.verify {
            let covered = self.seen.prepare(db, message, stored, now_ms).await?;
            if let Some(earlier) = self.seen.find(db, message).await? {
                let place = Place {
                    id: earlier.id,
                    sequence: earlier.sequence,
                    sent_at_ms: earlier.sent_at_ms,
                };
                return Ok(repeated(message, &earlier.content, place));
            }
            if covered == Covered::Part {
                return Ok(StoreOutcome::TooOld);
            }
        }

        let head = batch.heads.entry(conversation).or_insert((stored, now_ms));
        *head = (head.0 + 1, now_ms);
        let place = Place {
            id: message.id,
            sequence: head.0,
            sent_at_ms: now_ms,
        };
        slot.insert(batch.rows.len());
        batch.reads.insert((conversation, sender), place.sequence);
        batch.rows.push(NewRow { message, place });
        Ok(StoreOutcome::Stored(place))
    }
}
