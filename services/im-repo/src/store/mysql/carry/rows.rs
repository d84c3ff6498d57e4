//! Rows of either database as the same values.

use super::tables::{Kind, Table};
use sqlx::{MySql, Row as _, mysql::MySqlRow, query_builder::Separated, sqlite::SqliteRow};

/// The values of a row, in the order of the table's columns.
pub(super) type Row = Vec<Value>;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value {
    Null,
    Number(u64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    /// Bytes that it takes, about.
    pub(super) fn size(&self) -> usize {
        8 + self.bytes().len()
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Null | Self::Number(_) => &[],
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// The checksum of what was before, and this.
    pub(super) fn checksum(&self, before: u32) -> u32 {
        let (kind, number) = match self {
            Self::Null => (0, 0),
            Self::Number(number) => (1, *number),
            Self::Text(text) => (2, text.len() as u64),
            Self::Bytes(bytes) => (3, bytes.len() as u64),
        };
        let before = crc32c::crc32c_append(before, &[kind]);
        let before = crc32c::crc32c_append(before, &number.to_le_bytes());
        crc32c::crc32c_append(before, self.bytes())
    }

    fn of<T>(value: Option<T>, make: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Null, make)
    }
}

pub(super) fn read_source(table: &Table, row: &SqliteRow) -> Result<Row, sqlx::Error> {
    let read = |(at, kind): (usize, Kind)| {
        Ok(match kind {
            Kind::Number => Value::of(row.try_get::<Option<i64>, _>(at)?, |number| {
                Value::Number(number as u64)
            }),
            Kind::Text => Value::of(row.try_get(at)?, Value::Text),
            Kind::Bytes => Value::of(row.try_get(at)?, Value::Bytes),
        })
    };
    table
        .columns
        .iter()
        .map(|column| column.kind)
        .enumerate()
        .map(read)
        .collect()
}

pub(super) fn read_target(table: &Table, row: &MySqlRow) -> Result<Row, sqlx::Error> {
    let read = |(at, kind): (usize, Kind)| {
        Ok(match kind {
            Kind::Number => Value::of(row.try_get(at)?, Value::Number),
            Kind::Text => Value::of(row.try_get(at)?, Value::Text),
            Kind::Bytes => Value::of(row.try_get(at)?, Value::Bytes),
        })
    };
    table
        .columns
        .iter()
        .map(|column| column.kind)
        .enumerate()
        .map(read)
        .collect()
}

/// Adds a value to a statement.
pub(super) fn bind(values: &mut Separated<'_, MySql, &'static str>, value: Value) {
    match value {
        Value::Null => values.push_bind(None::<u64>),
        Value::Number(number) => values.push_bind(number),
        Value::Text(text) => values.push_bind(text),
        Value::Bytes(bytes) => values.push_bind(bytes),
    };
}
