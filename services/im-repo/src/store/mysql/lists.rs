//! Statements with a list of values in their condition.
//!
//! Few sizes of lists, filled up by repeating the last value, so that all of them stay prepared. Not `JSON_TABLE`, which would take any
//! number: it makes a temporary table for every call.

use super::{super::Result, rows::Row};
use sqlx::{
    AssertSqlSafe, MySqlConnection,
    mysql::{MySqlArguments, MySqlRow},
};
use std::sync::Arc;

/// More values in a list would be turned into something slower by MariaDB (from 1,000 on).
pub(super) const LONGEST: usize = 512;
/// Numbers of values for which there is a statement, ascending.
const SIZES: [usize; 5] = [1, 8, 32, 128, LONGEST];

/// A statement with a list.
pub(super) struct ListStatement {
    sql: Vec<Arc<str>>,
}

impl ListStatement {
    /// `column IN (…)` between `before` and `after`.
    pub(super) fn of_values(before: &str, column: &str, after: &str) -> Self {
        let sql = |size: usize| format!("{before} {column} IN ({}) {after}", vec!["?"; size].join(","));
        Self {
            sql: SIZES.iter().map(|size| sql(*size).into()).collect(),
        }
    }

    /// `(a = ? AND b = ? AND …) OR …` between `before` and `after`: rows by several columns, which the server looks up one by one.
    pub(super) fn of_rows(before: &str, columns: &[&str], after: &str) -> Self {
        let columns: Vec<String> = columns.iter().map(|column| format!("{column} = ?")).collect();
        let row = format!("({})", columns.join(" AND "));
        let sql = |size: usize| format!("{before} ({}) {after}", vec![row.as_str(); size].join(" OR "));
        Self {
            // planning takes longer than looking up when the list is long
            sql: SIZES
                .iter()
                .filter(|size| **size <= 128)
                .map(|size| sql(*size).into())
                .collect(),
        }
    }

    /// Rows for all `items`; `first` binds what stands before the list, `bind` the columns of an item.
    pub(super) async fn fetch<T>(
        &self,
        db: &mut MySqlConnection,
        items: &[T],
        first: impl Fn(&mut Row) -> Result<()>,
        bind: impl Fn(&mut Row, &T) -> Result<()>,
    ) -> Result<Vec<MySqlRow>> {
        let mut found = Vec::new();
        for part in items.chunks(self.longest()) {
            let (sql, values) = self.part(part, &first, &bind)?;
            found.extend(sqlx::query_with(sql, values).fetch_all(&mut *db).await?);
        }
        Ok(found)
    }

    fn longest(&self) -> usize {
        SIZES[self.sql.len() - 1]
    }

    fn part<T>(
        &self,
        part: &[T],
        first: impl Fn(&mut Row) -> Result<()>,
        bind: impl Fn(&mut Row, &T) -> Result<()>,
    ) -> Result<(AssertSqlSafe<Arc<str>>, MySqlArguments)> {
        let at = SIZES.partition_point(|size| *size < part.len());
        let mut values = Row::default();
        first(&mut values)?;
        let last = part.last().into_iter().cycle();
        for item in part.iter().chain(last).take(SIZES[at]) {
            bind(&mut values, item)?;
        }
        Ok((AssertSqlSafe(Arc::clone(&self.sql[at])), values.into()))
    }

    /// The statement with the shortest list.
    #[cfg(test)]
    pub(super) fn shortest(&self) -> &str {
        &self.sql[0]
    }
}
