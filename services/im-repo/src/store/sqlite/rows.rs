//! Statements for many rows at once: sqlx hops to the connection's thread for each statement.

use super::super::Result;
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection, encode::Encode, sqlite::SqliteArguments, types::Type};
use std::sync::Arc;

/// Numbers of rows for which there is a statement: any batch is a few of them, and all of them stay prepared.
const SIZES: [usize; 10] = [512, 256, 128, 64, 32, 16, 8, 4, 2, 1];

/// A statement with a list of rows in it.
pub(super) struct RowStatement {
    columns: usize,
    sql: [Arc<str>; SIZES.len()],
}

impl RowStatement {
    /// `before` the rows, `after` the rows, parameters in a row.
    pub(super) fn new(before: &str, columns: usize, after: &str) -> Self {
        let row = format!("({})", vec!["?"; columns].join(","));
        let sql = SIZES.map(|rows| format!("{before} {} {after}", vec![row.as_str(); rows].join(",")).into());
        Self { columns, sql }
    }

    /// Executes it for all `items`; `bind` binds the columns of one, in order.
    pub(super) async fn execute<T>(
        &self,
        db: &mut SqliteConnection,
        mut items: &[T],
        mut bind: impl FnMut(&mut Row, &T) -> Result<()>,
    ) -> Result<()> {
        for (size, sql) in SIZES.iter().zip(&self.sql) {
            while items.len() >= *size {
                let (now, later) = items.split_at(*size);
                let mut row = Row(SqliteArguments::default());
                sqlx::Arguments::reserve(&mut row.0, size * self.columns, 0);
                for item in now {
                    bind(&mut row, item)?;
                }
                sqlx::query_with(AssertSqlSafe(Arc::clone(sql)), row.0)
                    .execute(&mut *db)
                    .await?;
                items = later;
            }
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
