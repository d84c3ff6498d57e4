//! Writes what a batch adds: its messages, their places, heads and read positions.

use super::{
    super::{NewMessage, Place, Result},
    places::Places,
    rows::{MAX_ROWS, RowStatement, Script},
    writer::execute,
};
use sqlx::SqliteConnection;

/// A message with its place.
pub(super) struct NewRow<'a> {
    pub(super) message: &'a NewMessage,
    pub(super) place: Place,
}

impl NewRow<'_> {
    fn in_order(&self) -> (u64, u64, u64) {
        (
            self.message.conversation.into(),
            self.place.sequence,
            self.message.id.into(),
        )
    }
}

/// A conversation with its last sequence and the time of that.
pub(super) type Head = (u64, (u64, u64));
/// A conversation and a user, with the user's read position.
pub(super) type Read = ((u64, u64), u64);

/// What a batch adds.
pub(super) struct Additions<'a> {
    messages: &'a [NewRow<'a>],
    heads: Vec<Head>,
    reads: Vec<Read>,
}

impl<'a> Additions<'a> {
    /// Messages, and the heads and read positions that follow from them.
    pub(super) fn new(
        messages: &'a [NewRow<'a>],
        heads: impl IntoIterator<Item = Head>,
        reads: impl IntoIterator<Item = Read>,
    ) -> Self {
        let (mut heads, mut reads): (Vec<_>, Vec<_>) = (heads.into_iter().collect(), reads.into_iter().collect());
        // neighbours in the tables next to each other
        heads.sort_unstable();
        reads.sort_unstable();
        Self { messages, heads, reads }
    }
}

/// Writes additions.
pub(super) struct Inserter {
    places: Places,
    /// All that a batch adds.
    rows: Script,
    /// The same as a transaction of its own: one hop in place of three.
    transaction: Script,
}

impl Inserter {
    pub(super) fn new() -> Self {
        let statements = [
            RowStatement::insert(
                "message_rows \
                 (message_id, conversation_id, sequence, sender_id, client_message_id, sent_at_ms, content)",
                7,
                "",
            ),
            RowStatement::insert("recent_places (conversation_id, sequence, message_id)", 3, ""),
            RowStatement::insert(
                "heads (conversation_id, last_sequence, last_at_ms)",
                3,
                "ON CONFLICT (conversation_id) DO UPDATE \
                 SET last_sequence = excluded.last_sequence, last_at_ms = excluded.last_at_ms",
            ),
            RowStatement::new(
                "UPDATE OR ROLLBACK members SET read_sequence = new.column3 FROM (VALUES",
                3,
                ") AS new WHERE members.conversation_id = new.column1 AND members.user_id = new.column2 \
                 AND members.read_sequence < new.column3",
            ),
        ];
        Self {
            places: Places::default(),
            rows: Script::new("", &statements, ""),
            transaction: Script::new("BEGIN IMMEDIATE", &statements, "COMMIT"),
        }
    }

    /// Forgets what it knows: a transaction was rolled back.
    pub(super) fn forget(&mut self) {
        self.places.forget();
    }

    /// Inside a transaction.
    pub(super) async fn insert(&mut self, db: &mut SqliteConnection, new: &Additions<'_>) -> Result<()> {
        let moves = self.places.add(db, new.messages.len()).await?;
        self.write(db, new, moves).await
    }

    /// In a transaction of its own. After an error that may be open still.
    pub(super) async fn commit(&mut self, db: &mut SqliteConnection, new: &Additions<'_>) -> Result<()> {
        let moves = self.places.add(db, new.messages.len()).await?;
        if !moves && new.messages.len() <= MAX_ROWS {
            for part in new.parts() {
                part.execute(&self.transaction, db).await?;
            }
            return Ok(());
        }
        execute(db, "BEGIN IMMEDIATE").await?;
        self.write(db, new, moves).await?;
        execute(db, "COMMIT").await
    }

    async fn write(&mut self, db: &mut SqliteConnection, new: &Additions<'_>, moves: bool) -> Result<()> {
        for part in new.parts() {
            part.execute(&self.rows, db).await?;
        }
        if moves {
            self.places.move_all(db).await?;
        }
        Ok(())
    }
}

impl<'a> Additions<'a> {
    /// In parts that fit into a script; there are no more heads or read positions than messages.
    fn parts(&'a self) -> impl Iterator<Item = Part<'a>> {
        let mut heads = self.heads.chunks(MAX_ROWS);
        let mut reads = self.reads.chunks(MAX_ROWS);
        self.messages.chunks(MAX_ROWS).map(move |messages| Part {
            messages,
            heads: heads.next().unwrap_or_default(),
            reads: reads.next().unwrap_or_default(),
        })
    }
}

/// What one script writes.
struct Part<'a> {
    messages: &'a [NewRow<'a>],
    heads: &'a [Head],
    reads: &'a [Read],
}

impl Part<'_> {
    async fn execute(&self, script: &Script, db: &mut SqliteConnection) -> Result<()> {
        let mut places: Vec<_> = self.messages.iter().map(NewRow::in_order).collect();
        // neighbours in the table next to each other
        places.sort_unstable();
        script
            .with_rows(self.messages.len())
            .bind(self.messages, |row, NewRow { message, place }| {
                row.number(message.id.into())?
                    .number(message.conversation.into())?
                    .number(place.sequence)?
                    .number(message.sender.into())?
                    .value(message.client_id.as_slice())?
                    .number(place.sent_at_ms)?
                    .value(message.content.as_slice())?;
                Ok(())
            })?
            .bind(&places, |row, (conversation, sequence, id)| {
                row.number(*conversation)?.number(*sequence)?.number(*id)?;
                Ok(())
            })?
            .bind(self.heads, |row, (conversation, (sequence, at_ms))| {
                row.number(*conversation)?.number(*sequence)?.number(*at_ms)?;
                Ok(())
            })?
            .bind(self.reads, |row, ((conversation, user), sequence)| {
                row.number(*conversation)?.number(*user)?.number(*sequence)?;
                Ok(())
            })?
            .execute(db)
            .await
    }
}
