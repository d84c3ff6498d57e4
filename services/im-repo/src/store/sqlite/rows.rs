//! Statements for many rows at once: sqlx hops to the connection's thread for each statement.

use super::super::Result;
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection, encode::Encode, sqlite::SqliteArguments, types::Type};
use std::sync::Arc;

/// How many rows there are statements for, ascending. The smallest that holds a batch takes all of it in one hop; all of them stay prepared.
const SIZES: [usize; 11] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/// A statement with a list of rows in it.
pub(super) struct RowStatement {
    columns: usize,
    sql: [Arc<str>; SIZES.len()],
}

impl RowStatement {
    /// Inserts rows: `into` names the table and its columns, `after` may say what to do about conflicts.
    pub(super) fn insert(into: &str, columns: usize, after: &str) -> Self {
        // without WHERE the ON of a conflict would be read as that of a join
        let before = format!("INSERT INTO {into} SELECT * FROM (VALUES");
        Self::new(&before, columns, &format!(") WHERE column1 IS NOT NULL {after}"))
    }

    /// `before` the rows, `after` the rows, `columns` parameters in a row. Parameters of rows that a batch does not have are null.
    pub(super) fn new(before: &str, columns: usize, after: &str) -> Self {
        let row = format!("({})", vec!["?"; columns].join(","));
        let sql = SIZES.map(|rows| format!("{before} {} {after}", vec![row.as_str(); rows].join(",")).into());
        Self { columns, sql }
    }

    /// Executes it for all `items`; `bind` binds the columns of one, in order.
    pub(super) async fn execute<T>(
        &self,
        db: &mut SqliteConnection,
        items: &[T],
        mut bind: impl FnMut(&mut Row, &T) -> Result<()>,
    ) -> Result<()> {
        for items in items.chunks(SIZES[SIZES.len() - 1]) {
            let size = SIZES.partition_point(|size| *size < items.len());
            let mut row = Row(SqliteArguments::default());
            sqlx::Arguments::reserve(&mut row.0, items.len() * self.columns, 0);
            for item in items {
                bind(&mut row, item)?;
            }
            sqlx::query_with(AssertSqlSafe(Arc::clone(&self.sql[size])), row.0)
                .execute(&mut *db)
                .await?;
        }
        Ok(())
    }
}

/// The parameters of rows.
pub(super) struct Row(SqliteArguments);

impl Row {
    /// A number that SQLite's signed integers can hold: ids have 63 bits.
    pub(super) fn number(&mut self, value: u64) -> Result<&mut Self> {
        self.value(value as i64)
    }

    /// Any other value.
    pub(super) fn value<'q, T: Encode<'q, Sqlite> + Type<Sqlite>>(&mut self, value: T) -> Result<&mut Self> {
        sqlx::Arguments::add(&mut self.0, value).map_err(sqlx::Error::Encode)?;
        Ok(self)
    }
}
