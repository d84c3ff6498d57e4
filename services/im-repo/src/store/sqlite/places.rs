//! Where messages stand in their conversations: written to a small table, moved to the large one in bulk.
//!
//! A batch has messages of many conversations, and each of them has a page of its own at the end of a table in the order of conversations. So
//! a large table would have as many pages written by a commit as there are conversations in it. A small one has few pages to touch, and
//! when it is moved each of those pages of the large one takes several places at once.

use super::{super::Result, rows::RowStatement};
use sqlx::SqliteConnection;

/// The small table is moved from so many rows on. Its pages are touched by each commit, those of the large one at each move: with a hundred messages a
/// commit and hundreds of busy conversations the sum has its flat minimum here.
const MOVE_FROM: usize = 3_000;

/// Writes places. What it knows of the small table stays true because nobody else writes to it.
pub(super) struct Places {
    insert: RowStatement,
    /// Rows of the small table, once they have been counted.
    recent: Option<usize>,
}

impl Places {
    pub(super) fn new() -> Self {
        Self {
            insert: RowStatement::insert("recent_places (conversation_id, sequence, message_id)", 3, ""),
            recent: None,
        }
    }

    /// Forgets what it knows: a transaction was rolled back.
    pub(super) fn forget(&mut self) {
        self.recent = None;
    }

    /// Inside a transaction. Conversation, sequence and id of each message.
    pub(super) async fn insert(&mut self, db: &mut SqliteConnection, mut places: Vec<(u64, u64, u64)>) -> Result<()> {
        let before = match self.recent {
            Some(rows) => rows,
            None => {
                let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM recent_places")
                    .fetch_one(&mut *db)
                    .await?;
                rows as usize
            }
        };
        // neighbours in the table next to each other
        places.sort_unstable();
        self.insert
            .execute(db, &places, |row, (conversation, sequence, id)| {
                row.number(*conversation)?.number(*sequence)?.number(*id)?;
                Ok(())
            })
            .await?;
        let mut recent = before + places.len();
        if recent >= MOVE_FROM {
            let sql = "INSERT INTO places SELECT * FROM recent_places; DELETE FROM recent_places";
            sqlx::raw_sql(sql).execute(&mut *db).await?;
            recent = 0;
        }
        self.recent = Some(recent);
        Ok(())
    }
}
