//! Both databases, row by row in the order of their keys.

use super::{
    CarryError,
    rows::{Row, Value, read_source, read_target},
    tables::Table,
};
use futures::{TryStream, TryStreamExt as _};
use sqlx::{AssertSqlSafe, MySqlConnection, SqlitePool};
use std::{cmp::Ordering, future::ready};

/// So many keys of rows that differ are told.
const TOLD: usize = 5;

/// A table in one of the databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Side {
    /// How many rows it has.
    pub rows: u64,
    /// CRC32C of all their values, by primary key.
    pub checksum: u32,
}

/// A table in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Its name.
    pub table: &'static str,
    /// Where it comes from.
    pub source: Side,
    /// Where it was carried.
    pub target: Side,
    /// Rows that only one of them has, or that are not the same in both.
    pub differing: u64,
    /// The keys of the first of these.
    pub first: Vec<String>,
}

impl Compared {
    /// Whether both are the same.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.differing == 0 && self.source == self.target
    }

    fn differs(&mut self, table: &Table, row: &Row) {
        self.differing += 1;
        if self.first.len() < TOLD {
            self.first.push(key(table, row));
        }
    }
}

impl Side {
    fn count(&mut self, row: Option<&Row>) {
        let Some(row) = row else { return };
        self.rows += 1;
        self.checksum = row.iter().fold(self.checksum, |before, value| value.checksum(before));
    }
}

pub(super) async fn table(
    table: &'static Table,
    source: &SqlitePool,
    target: &mut MySqlConnection,
) -> Result<Compared, CarryError> {
    let (source_rows, target_rows) = (table.select_source(), table.select_target());
    let mut source = sqlx::query(AssertSqlSafe(source_rows))
        .fetch(source)
        .and_then(|row| ready(read_source(table, &row)));
    let mut target = sqlx::query(AssertSqlSafe(target_rows))
        .fetch(target)
        .and_then(|row| ready(read_target(table, &row)));
    let mut found = Compared {
        table: table.name,
        source: Side::default(),
        target: Side::default(),
        differing: 0,
        first: Vec::new(),
    };
    let mut ours = next(&mut source, &mut found.source).await?;
    let mut theirs = next(&mut target, &mut found.target).await?;
    loop {
        let order = match (&ours, &theirs) {
            (None, None) => return Ok(found),
            (Some(row), None) => {
                found.differs(table, row);
                Ordering::Less
            }
            (None, Some(row)) => {
                found.differs(table, row);
                Ordering::Greater
            }
            (Some(our), Some(their)) => {
                let order = our[..table.keys].cmp(&their[..table.keys]);
                if our != their {
                    found.differs(table, if order == Ordering::Greater { their } else { our });
                }
                order
            }
        };
        if order != Ordering::Greater {
            ours = next(&mut source, &mut found.source).await?;
        }
        if order != Ordering::Less {
            theirs = next(&mut target, &mut found.target).await?;
        }
    }
}

async fn next(
    rows: &mut (impl TryStream<Ok = Row, Error = sqlx::Error> + Unpin),
    side: &mut Side,
) -> Result<Option<Row>, CarryError> {
    let row = rows.try_next().await?;
    side.count(row.as_ref());
    Ok(row)
}

/// The primary key in words; hashes of tokens are not told.
fn key(table: &Table, row: &Row) -> String {
    let told = table.columns[..table.keys]
        .iter()
        .zip(row)
        .map(|(column, value)| match value {
            Value::Number(number) => format!("{} {number}", column.name),
            _ => format!("a {}", column.name),
        });
    told.collect::<Vec<_>>().join(", ")
}
