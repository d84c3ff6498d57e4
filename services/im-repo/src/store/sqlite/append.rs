//! Stores messages: sequences, duplicates, heads and read positions of a whole batch in a few statements.

use super::{
    super::{ClientMessageId, NewMessage, Place, Result, StoreOutcome, repeated},
    id_list,
    places::Places,
    rows::RowStatement,
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
    insert: RowStatement,
    places: Places,
    set_heads: RowStatement,
    advance: RowStatement,
    /// Last sequences of conversations.
    heads: HashMap<u64, u64>,
    seen: Arc<Seen>,
}

/// A message to insert.
struct NewRow<'a> {
    message: &'a NewMessage,
    place: Place,
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
            insert: RowStatement::insert(
                "message_rows \
                 (message_id, conversation_id, sequence, sender_id, client_message_id, sent_at_ms, content)",
                7,
                "",
            ),
            places: Places::new(),
            set_heads: RowStatement::insert(
                "heads (conversation_id, last_sequence, last_at_ms)",
                3,
                "ON CONFLICT (conversation_id) DO UPDATE \
                 SET last_sequence = excluded.last_sequence, last_at_ms = excluded.last_at_ms",
            ),
            advance: RowStatement::new(
                "UPDATE members SET read_sequence = new.column3 FROM (VALUES",
                3,
                ") AS new WHERE members.conversation_id = new.column1 AND members.user_id = new.column2 \
                 AND members.read_sequence < new.column3",
            ),
            heads: HashMap::new(),
            seen,
        }
    }

    /// Forgets what it knows: a transaction was rolled back.
    pub(super) fn forget(&mut self) {
        self.heads.clear();
        self.seen.forget();
        self.places.forget();
    }

    /// Inside a transaction. Outcomes of each request in the order of its messages.
    pub(super) async fn append(
        &mut self,
        db: &mut SqliteConnection,
        requests: &[Append],
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
        self.insert(db, &batch).await?;
        for (conversation, (last_sequence, _)) in batch.heads {
            self.heads.insert(conversation, last_sequence);
        }
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

    async fn insert(&mut self, db: &mut SqliteConnection, batch: &Batch<'_>) -> Result<()> {
        self.insert
            .execute(db, &batch.rows, |row, NewRow { message, place }| {
                row.number(message.id.into())?
                    .number(message.conversation.into())?
                    .number(place.sequence)?
                    .number(message.sender.into())?
                    .value(message.client_id.as_slice())?
                    .number(place.sent_at_ms)?
                    .value(message.content.as_slice())?;
                Ok(())
            })
            .await?;
        let places = batch.rows.iter().map(|NewRow { message, place }| {
            let conversation = u64::from(message.conversation);
            (conversation, place.sequence, u64::from(message.id))
        });
        self.places.insert(db, places.collect()).await?;
        // neighbours in the tables next to each other
        let mut heads: Vec<_> = batch.heads.iter().collect();
        heads.sort_unstable();
        self.set_heads
            .execute(db, &heads, |row, (conversation, (sequence, at_ms))| {
                row.number(**conversation)?.number(*sequence)?.number(*at_ms)?;
                Ok(())
            })
            .await?;
        let mut reads: Vec<_> = batch.reads.iter().collect();
        reads.sort_unstable();
        self.advance
            .execute(db, &reads, |row, ((conversation, user), sequence)| {
                row.number(*conversation)?.number(*user)?.number(**sequence)?;
                Ok(())
            })
            .await?;
        let stored = batch.rows.iter();
        self.seen
            .note(stored.map(|NewRow { message, place }| (*message, place.sequence)));
        metrics::histogram!("repo_batch_messages").record(batch.rows.len() as f64);
        Ok(())
    }
}
