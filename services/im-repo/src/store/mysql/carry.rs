//! Carries the data of a SQLite store into an empty database of a server, table by table, and compares both.
//!
//! Each batch of rows and the mark of how far its table has come are one transaction, so what was interrupted goes on behind the last batch.
//! Marks are in a table of their own in the target, which goes when both are equal. The source must rest meanwhile, and nobody may use the target.

mod compare;
mod rows;
mod tables;

pub use compare::{Compared, Side};

use self::{
    rows::{Row, bind, read_source},
    tables::{TABLES, Table},
};
use super::server::Server;
use crate::{
    MysqlOptions, OpenError, RepoConfig, StoreError,
    store::{Result, Store as _, sqlite::SqliteStore},
};
use futures::TryStreamExt as _;
use im_infra::clock::SharedClock;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySql, MySqlConnection, QueryBuilder, SqlitePool};
use std::path::PathBuf;

/// A batch is not larger, as far as one row is not.
const BATCH_BYTES: usize = 1 << 20;
const MARKS: &str = "carried";

/// Why data cannot be carried.
#[derive(Debug, thiserror::Error)]
pub enum CarryError {
    /// There is no database where data should come from.
    #[error("there is no database {}", .0.display())]
    NoSource(PathBuf),
    /// A database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A statement failed.
    #[error("copy rows")]
    Store(#[from] StoreError),
    /// Somebody's data is there already.
    #[error("the target has rows in {0} that were not carried there: name an empty database")]
    NotEmpty(&'static str),
    /// The source was used since the carrying began.
    #[error("{table} had {then} rows when this began and has {now}: empty the target and begin anew")]
    Changed {
        /// Of which table.
        table: &'static str,
        /// Rows when it began.
        then: u64,
        /// Rows now.
        now: u64,
    },
}

impl From<sqlx::Error> for CarryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// How far a table has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Which table.
    pub table: &'static str,
    /// Rows of it that the target has.
    pub carried: u64,
    /// Rows of it in the source.
    pub total: u64,
}

/// A store that is carried, and the database that it is carried to.
pub struct Carrier {
    source: SqliteStore,
    readers: SqlitePool,
    target: MySqlConnection,
}

impl Carrier {
    /// Opens both, bringing them to this version's schema, and looks whether the carrying may begin or go on. Carries nothing yet.
    ///
    /// # Errors
    /// See [`CarryError`].
    pub async fn open(source: &RepoConfig, target: &MysqlOptions, clock: SharedClock) -> Result<Self, CarryError> {
        let file = source.folder.join("repo.sqlite");
        if !file.exists() {
            return Err(CarryError::NoSource(file));
        }
        super::migrate(target, &clock).await?;
        let server = Server::new(target, &target.primary, 1, clock.clone())?;
        let mut db = server.connect().await?;
        db.execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')")
            .await?;
        let source = SqliteStore::open(source, clock).await?;
        let mut carrier = Self {
            readers: source.readers().clone(),
            source,
            target: db,
        };
        match carrier.judge().await {
            Ok(()) => Ok(carrier),
            Err(error) => {
                carrier.close().await;
                Err(error)
            }
        }
    }

    /// Nothing was carried yet and the target is empty, or marks say how far it has come from the same rows.
    async fn judge(&mut self) -> Result<(), CarryError> {
        for progress in self.progress().await? {
            let Progress { table, carried, total } = progress;
            let there = count(&mut self.target, table).await?;
            match self.mark(table).await? {
                Some((_, then)) if then != total => {
                    return Err(CarryError::Changed {
                        table,
                        then,
                        now: total,
                    });
                }
                Some(_) if there == carried => {}
                None if there == 0 => {}
                _ => return Err(CarryError::NotEmpty(table)),
            }
        }
        Ok(())
    }

    /// How far each table has come.
    ///
    /// # Errors
    /// A database cannot be read.
    pub async fn progress(&mut self) -> Result<Vec<Progress>, CarryError> {
        let mut all = Vec::new();
        for table in TABLES {
            let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM {}", table.name));
            let total: i64 = sqlx::query_scalar(sql).fetch_one(&self.readers).await?;
            let carried = self.mark(table.name).await?.map_or(0, |(carried, _)| carried);
            all.push(Progress {
                table: table.name,
                carried,
                total: total as u64,
            });
        }
        Ok(all)
    }

    /// Carries what is missing, in transactions of `batch` rows at most; says after each how far it is.
    ///
    /// # Errors
    /// A database failed: what was carried stays, and the next call goes on behind it.
    pub async fn carry(&mut self, batch: usize, mut told: impl FnMut(Progress)) -> Result<(), CarryError> {
        let progress = self.progress().await?;
        self.begin(&progress).await?;
        for (table, mut progress) in TABLES.iter().zip(progress) {
            told(progress);
            let sql = format!("{} LIMIT -1 OFFSET {}", table.select_source(), progress.carried);
            let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(&self.readers);
            loop {
                let (mut some, mut bytes) = (Vec::new(), 0);
                while some.len() < batch.clamp(1, table.most_rows()) && bytes < BATCH_BYTES {
                    let Some(row) = rows.try_next().await? else { break };
                    let row = read_source(table, &row)?;
                    bytes += row.iter().map(rows::Value::size).sum::<usize>();
                    some.push(row);
                }
                if some.is_empty() {
                    break;
                }
                progress.carried += some.len() as u64;
                insert(&mut self.target, table, some, progress.carried).await?;
                told(progress);
            }
        }
        Ok(())
    }

    async fn begin(&mut self, progress: &[Progress]) -> Result<(), CarryError> {
        let make = format!(
            "CREATE TABLE IF NOT EXISTS {MARKS} (table_name VARCHAR(64) NOT NULL PRIMARY KEY, \
             carried BIGINT UNSIGNED NOT NULL, total BIGINT UNSIGNED NOT NULL) ENGINE = InnoDB"
        );
        self.target.execute(AssertSqlSafe(make)).await?;
        for Progress { table, total, .. } in progress {
            let mark = format!("INSERT IGNORE INTO {MARKS} (table_name, carried, total) VALUES (?, 0, ?)");
            sqlx::query(AssertSqlSafe(mark))
                .bind(*table)
                .bind(*total)
                .execute(&mut self.target)
                .await?;
        }
        Ok(())
    }

    async fn mark(&mut self, table: &str) -> Result<Option<(u64, u64)>, CarryError> {
        let there = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?";
        let there: i64 = sqlx::query_scalar(there)
            .bind(MARKS)
            .fetch_one(&mut self.target)
            .await?;
        if there == 0 {
            return Ok(None);
        }
        let sql = AssertSqlSafe(format!("SELECT carried, total FROM {MARKS} WHERE table_name = ?"));
        Ok(sqlx::query_as(sql).bind(table).fetch_optional(&mut self.target).await?)
    }

    /// Compares all rows of both.
    ///
    /// # Errors
    /// A database cannot be read.
    pub async fn compare(&mut self) -> Result<Vec<Compared>, CarryError> {
        let mut all = Vec::new();
        for table in TABLES {
            all.push(compare::table(table, &self.readers, &mut self.target).await?);
        }
        Ok(all)
    }

    /// Forgets the marks: all of it is there.
    ///
    /// # Errors
    /// The server failed.
    pub async fn finish(&mut self) -> Result<(), CarryError> {
        self.target
            .execute(AssertSqlSafe(format!("DROP TABLE IF EXISTS {MARKS}")))
            .await?;
        Ok(())
    }

    /// Leaves both databases tidy.
    pub async fn close(self) {
        self.source.close().await;
        // a connection that is broken needs no farewell
        let _broken = self.target.close().await;
    }
}

async fn count(db: &mut MySqlConnection, table: &str) -> Result<u64, CarryError> {
    let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
    let count: i64 = sqlx::query_scalar(sql).fetch_one(db).await?;
    Ok(count as u64)
}

/// A batch and its mark, in one transaction.
async fn insert(db: &mut MySqlConnection, table: &Table, rows: Vec<Row>, carried: u64) -> Result<(), CarryError> {
    let mut transaction = db.begin().await?;
    let mut insert = QueryBuilder::<MySql>::new(format!("INSERT INTO {} ({}) ", table.name, table.names()));
    insert.push_values(rows, |mut values, row| {
        for value in row {
            bind(&mut values, value);
        }
    });
    insert.build().persistent(false).execute(&mut *transaction).await?;
    let mark = AssertSqlSafe(format!("UPDATE {MARKS} SET carried = ? WHERE table_name = ?"));
    sqlx::query(mark)
        .bind(carried)
        .bind(table.name)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}
