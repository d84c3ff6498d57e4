//! Statements as text, with the values in it: numbers and bytes, nothing that would have to be quoted.
//!
//! A prepared statement has one number of values, so a batch would be several statements, or a list filled up with repetitions; and the
//! server makes this text of it anyway, for its log. As text a batch is one statement, and what follows it comes in the same packet.

use super::{super::Result, rows::MAX_BYTES};
use sqlx::{AssertSqlSafe, MySqlConnection, mysql::MySqlRow};
use std::fmt::Write as _;

/// Statements, separated by `;`.
#[derive(Default)]
pub(super) struct Text(String);

impl Text {
    pub(super) fn add(&mut self, sql: &str) -> &mut Self {
        self.0.push_str(sql);
        self
    }

    pub(super) fn number(&mut self, value: u64) -> &mut Self {
        // a string takes whatever is written to it
        let _ = write!(self.0, "{value}");
        self
    }

    pub(super) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.0.reserve(value.len() * 2 + 3);
        self.0.push_str("X'");
        for byte in value {
            self.0.push(char::from(DIGITS[usize::from(byte >> 4)]));
            self.0.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        self.0.push('\'');
        self
    }

    /// `(1,2,3)`
    pub(super) fn list(&mut self, values: &[u64]) -> &mut Self {
        for (at, value) in values.iter().enumerate() {
            self.add(if at == 0 { "(" } else { "," }).number(*value);
        }
        self.add(")")
    }

    /// `((1,2),(3,4))`
    pub(super) fn pairs(&mut self, values: &[(u64, u64)]) -> &mut Self {
        for (at, (first, second)) in values.iter().enumerate() {
            self.add(if at == 0 { "((" } else { ",(" }).number(*first);
            self.add(",").number(*second).add(")");
        }
        self.add(")")
    }

    /// Whether another row had better go into a packet of its own.
    pub(super) fn is_long(&self) -> bool {
        self.0.len() >= MAX_BYTES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rows of all statements.
    pub(super) async fn fetch(self, db: &mut MySqlConnection) -> Result<Vec<MySqlRow>> {
        Ok(sqlx::raw_sql(AssertSqlSafe(self.0)).fetch_all(db).await?)
    }

    pub(super) async fn execute(self, db: &mut MySqlConnection) -> Result<()> {
        sqlx::raw_sql(AssertSqlSafe(self.0)).execute(db).await?;
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}
