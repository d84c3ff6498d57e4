//! Where messages stand in their conversations: written to a small table, moved to the large one in bulk.
//!
//! A batch has messages of many conversations, and each of them has a page of its own at the end of a table in the order of conversations. So
//! a large table would have as many pages written by a commit as there are conversations in it. A small one has few pages to touch, and
//! when it is moved each of those pages of the large one takes several places at once.

use super::super::Result;
use sqlx::SqliteConnection;

/// The small table is moved from so many rows on. Its pages are touched by each commit, those of the large one at each move: with a hundred messages a
/// commit and hundreds of busy conversations the sum has its flat minimum here.
const MOVE_FROM: usize = 3_000;

/// Knows when the places have to be moved. That stays true because nobody else writes to the small table.
#[derive(Default)]
pub(super) struct Places {
    /// Rows of the small table, once they have been counted.
    recent: Option<usize>,
}

impl Places {
    /// Forgets what it knows: a transaction was rolled back.
    pub(super) fn forget(&mut self) {
        self.recent = None;
    }

    /// Takes note that so many places are about to be added. Whether all have to be moved after that.
    pub(super) async fn add(&mut self, db: &mut SqliteConnection, places: usize) -> Result<bool> {
        let before = match self.recent {
            Some(rows) => rows,
            None => {
                let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM recent_places")
                    .fetch_one(db)
                    .await?;
                rows as usize
            }
        };
        let recent = self.recent.insert(before + places);
        Ok(*recent >= MOVE_FROM)
    }

    /// Moves them, inside a transaction.
    pub(super) async fn move_all(&mut self, db: &mut SqliteConnection) -> Result<()> {
        let sql = "INSERT INTO places SELECT * FROM recent_places; DELETE FROM recent_places";
        sqlx::raw_sql(sql).execute(db).await?;
        self.recent = Some(0);
        Ok(())
    }
}
