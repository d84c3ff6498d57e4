//! Statements for many rows at once, several of them in one go: sqlx hops to the connection's thread and back for each `execute`, and on a busy
//! machine each of the two waits for its turn.

use super::super::Result;
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection, encode::Encode, sqlite::SqliteArguments, types::Type};
use std::sync::Arc;

/// How many rows there are scripts for, ascending. The smallest that holds a batch takes all of it in one hop; all of them stay prepared.
const SIZES: [usize; 11] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
/// No statement of a script takes more rows than this.
pub(super) const MAX_ROWS: usize = SIZES[SIZES.len() - 1];

/// A statement with a list of rows in it.
pub(super) struct RowStatement {
    before: String,
    columns: usize,
    after: String,
}

impl RowStatement {
    /// Inserts rows: `into` names the table and its columns, `after` may say what to do about conflicts.
    pub(super) fn insert(into: &str, columns: usize, after: &str) -> Self {
        // without WHERE the ON of a conflict would be read as that of a join
        // a constraint that is broken ends the transaction anyway: SQLite need not keep what undoes the statement alone
        let before = format!("INSERT OR ROLLBACK INTO {into} SELECT * FROM (VALUES");
        Self::new(&before, columns, &format!(") WHERE column1 IS NOT NULL {after}"))
    }

    /// `before` the rows, `after` the rows, `columns` parameters in a row. Parameters of rows that a batch does not have are null.
    pub(super) fn new(before: &str, columns: usize, after: &str) -> Self {
        Self {
            before: before.to_owned(),
            columns,
            after: after.to_owned(),
        }
    }

    fn sql(&self, rows: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns].join(","));
        let Self { before, after, .. } = self;
        format!("{before} {} {after}", vec![row.as_str(); rows].join(","))
    }
}

/// Statements that are executed one behind the other in one hop. The first one that fails ends it.
pub(super) struct Script {
    columns: Vec<usize>,
    sql: [Arc<str>; SIZES.len()],
}

impl Script {
    /// The statements, between a `first` and a `last` one without parameters; either may be empty.
    pub(super) fn new(first: &str, statements: &[RowStatement], last: &str) -> Self {
        let sql = SIZES.map(|rows| {
            let mut all = vec![first.to_owned()];
            all.extend(statements.iter().map(|statement| statement.sql(rows)));
            all.push(last.to_owned());
            all.retain(|statement| !statement.is_empty());
            all.join(";").into()
        });
        let columns = statements.iter().map(|statement| statement.columns).collect();
        Self { columns, sql }
    }

    /// One execution, whose statements have at most so many rows: [`MAX_ROWS`] at most.
    pub(super) fn with_rows(&self, rows: usize) -> Execution<'_> {
        let size = SIZES.partition_point(|size| *size < rows).min(SIZES.len() - 1);
        let mut values = SqliteArguments::default();
        sqlx::Arguments::reserve(&mut values, SIZES[size] * self.columns.iter().sum::<usize>(), 0);
        Execution {
            script: self,
            size,
            statement: 0,
            row: Row(values),
        }
    }
}

/// The parameters of one execution.
pub(super) struct Execution<'a> {
    script: &'a Script,
    size: usize,
    statement: usize,
    row: Row,
}

impl Execution<'_> {
    /// The rows of the next statement; `bind` binds the columns of one, in order.
    pub(super) fn bind<T>(mut self, items: &[T], mut bind: impl FnMut(&mut Row, &T) -> Result<()>) -> Result<Self> {
        for item in items {
            bind(&mut self.row, item)?;
        }
        let missing = SIZES[self.size].saturating_sub(items.len()) * self.script.columns[self.statement];
        self.statement += 1;
        // parameters are counted through all statements; those behind the last one given are null by themselves
        if self.statement < self.script.columns.len() {
            for _ in 0..missing {
                self.row.value(None::<i64>)?;
            }
        }
        Ok(self)
    }

    /// Executes the script.
    pub(super) async fn execute(self, db: &mut SqliteConnection) -> Result<()> {
        let sql = AssertSqlSafe(Arc::clone(&self.script.sql[self.size]));
        sqlx::query_with(sql, self.row.0).execute(db).await?;
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
