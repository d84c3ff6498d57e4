//! Builds anew what follows from other tables: the indexes, and the places of messages.
//!
//! SQLite's own `REINDEX` and `DROP` walk through the pages that they give up, and fail on a damaged one. So the damaged tree is
//! forgotten, with all its pages, by taking its row out of the schema, and a new one is filled from the rows.

use super::{super::Result, writer::Writer};
use sqlx::{AssertSqlSafe, Connection, Executor, SqliteConnection};

/// Both tables of places, and each index that has a statement of its own; not those that SQLite makes for a constraint.
const DERIVED: &str = "name IN ('places', 'recent_places') OR (type = 'index' AND sql IS NOT NULL)";

const FILL: &str = "INSERT INTO places SELECT conversation_id, sequence, message_id FROM message_rows \
                    ORDER BY conversation_id, sequence";

/// In one transaction: all of it or nothing.
pub(super) async fn rebuild(writer: &Writer) -> Result<()> {
    writer
        .write(|db| {
            Box::pin(async move {
                let rebuilt = in_transaction(db).await;
                // also after an error, when the schema of before holds again
                db.execute("PRAGMA writable_schema = RESET").await?;
                db.clear_cached_statements().await?;
                rebuilt
            })
        })
        .await
}

async fn in_transaction(db: &mut SqliteConnection) -> Result<()> {
    let list = AssertSqlSafe(format!(
        "SELECT sql FROM sqlite_schema WHERE {DERIVED} ORDER BY type DESC"
    ));
    // tables come before the indexes
    let statements: Vec<String> = sqlx::query_scalar(list).fetch_all(&mut *db).await?;
    db.execute("PRAGMA writable_schema = ON").await?;
    let forget = AssertSqlSafe(format!("DELETE FROM sqlite_schema WHERE {DERIVED}"));
    sqlx::query(forget).execute(&mut *db).await?;
    db.execute("PRAGMA writable_schema = RESET").await?;
    for statement in statements {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *db).await?;
    }
    db.execute(FILL).await?;
    Ok(())
}
