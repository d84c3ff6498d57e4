//! A statement that inserts many rows at once: few sizes, so that all of them stay prepared.

use super::super::Result;
use sqlx::{AssertSqlSafe, MySql, MySqlConnection, encode::Encode, mysql::MySqlArguments, types::Type};
use std::sync::Arc;

/// Numbers of rows for which there is a statement: any batch is a few of them.
const SIZES: [usize; 10] = [512, 256, 128, 64, 32, 16, 8, 4, 2, 1];
/// Bytes of values in a statement, unless one row has more: a server refuses packets of more than 16 MiB as it comes.
pub(super) const MAX_BYTES: usize = 4 << 20;

/// An insert with a list of rows in it.
pub(super) struct RowStatement {
    columns: usize,
    sql: [Arc<str>; SIZES.len()],
}

impl RowStatement {
    /// `before` the rows, parameters in a row.
    pub(super) fn new(before: &str, columns: usize) -> Self {
        let row = format!("({})", vec!["?"; columns].join(","));
        let sql = SIZES.map(|rows| format!("{before} {}", vec![row.as_str(); rows].join(",")).into());
        Self { columns, sql }
    }

    /// Executes it for all `items`; `size` says about how many bytes one has, `bind` binds its columns in order.
    pub(super) async fn execute<T>(
        &self,
        db: &mut MySqlConnection,
        mut items: &[T],
        size: impl Fn(&T) -> usize,
        mut bind: impl FnMut(&mut Row, &T) -> Result<()>,
    ) -> Result<()> {
        while !items.is_empty() {
            let rows = fitting(items, &size);
            let at = SIZES.iter().position(|size| *size <= rows).unwrap_or(SIZES.len() - 1);
            let (now, later) = items.split_at(SIZES[at]);
            let mut row = Row::default();
            sqlx::Arguments::reserve(&mut row.0, now.len() * self.columns, now.iter().map(&size).sum());
            for item in now {
                bind(&mut row, item)?;
            }
            sqlx::query_with(AssertSqlSafe(Arc::clone(&self.sql[at])), row.0)
                .execute(&mut *db)
                .await?;
            items = later;
        }
        Ok(())
    }
}

/// How many of the first items go into one statement, at least one.
fn fitting<T>(items: &[T], size: impl Fn(&T) -> usize) -> usize {
    let mut bytes = 0;
    let fits = |item: &&T| {
        bytes += size(item);
        bytes <= MAX_BYTES
    };
    items.iter().take(SIZES[0]).take_while(fits).count().max(1)
}

/// The parameters of a statement.
#[derive(Default)]
pub(super) struct Row(MySqlArguments);

impl Row {
    /// One more value.
    pub(super) fn value<'q, T: Encode<'q, MySql> + Type<MySql>>(&mut self, value: T) -> Result<&mut Self> {
        sqlx::Arguments::add(&mut self.0, value).map_err(sqlx::Error::Encode)?;
        Ok(self)
    }
}

impl From<Row> for MySqlArguments {
    fn from(row: Row) -> Self {
        row.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_holds_as_much_as_the_server_takes_and_never_nothing() {
        let size = |bytes: &usize| *bytes;
        assert_eq!(fitting(&[200; 2_000], size), 512);
        assert_eq!(fitting(&[MAX_BYTES / 4; 9], size), 4);
        assert_eq!(fitting(&[MAX_BYTES * 2; 9], size), 1);
    }
}
