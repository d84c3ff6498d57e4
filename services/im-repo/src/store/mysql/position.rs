//! Where the primary's log stands, for reads that want to know whether a replica has all of it.
//!
//! Everybody who asks while a question is under way is answered together by the next one: it begins after they asked, so its answer
//! holds every write that had returned by then, whichever process made it. However many read, the primary is asked one thing at a time.

use super::{
    super::{Result, StoreError},
    server::Server,
};
use futures::FutureExt as _;
use sqlx::{MySqlConnection, Row};
use std::{sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot};

/// How many may wait to be told; more than connections that could use the answer.
const QUEUE: usize = 1_024;

/// Transactions that a server has, as the server writes them.
pub(super) type Position = Arc<str>;

/// How a server names positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    /// MariaDB: the last GTID of each domain.
    MariaDb,
    /// MySQL: a set of GTIDs.
    MySql,
}

impl Flavour {
    pub(super) fn of(version: &str) -> Self {
        if version.contains("MariaDB") {
            Self::MariaDb
        } else {
            Self::MySql
        }
    }

    /// Whether a server writes a log from which positions can be told.
    pub(super) const fn logs(self) -> &'static str {
        match self {
            Self::MariaDb => "SELECT CAST(@@GLOBAL.log_bin AS SIGNED)",
            Self::MySql => "SELECT CAST(@@GLOBAL.log_bin AND @@GLOBAL.gtid_mode = 'ON' AS SIGNED)",
        }
    }

    const fn position(self) -> &'static str {
        match self {
            Self::MariaDb => "SELECT @@GLOBAL.gtid_binlog_pos",
            Self::MySql => "SELECT @@GLOBAL.gtid_executed",
        }
    }

    /// 0 once the replica has a position, something else after a number of seconds.
    const fn wait(self) -> &'static str {
        match self {
            Self::MariaDb => "SELECT CAST(MASTER_GTID_WAIT(?, ?) AS SIGNED)",
            Self::MySql => "SELECT CAST(WAIT_FOR_EXECUTED_GTID_SET(?, ?) AS SIGNED)",
        }
    }

    /// Whether a replica has `position`, at the latest after `patience`.
    pub(super) async fn reached(
        self,
        replica: &mut MySqlConnection,
        position: &Position,
        patience: Duration,
    ) -> Result<bool> {
        let answer: Option<i64> = sqlx::query_scalar(self.wait())
            .bind(&**position)
            .bind(patience.as_secs_f64())
            .fetch_one(replica)
            .await?;
        Ok(answer == Some(0))
    }
}

/// Asks the primary.
#[derive(Debug, Clone)]
pub(super) struct Positions {
    questions: mpsc::Sender<oneshot::Sender<Result<Position>>>,
}

impl Positions {
    /// Asks `primary`, which has a connection for nothing else. Ends when the last one who could ask is gone.
    pub(super) fn start(primary: Server, flavour: Flavour) -> Self {
        let (questions, mut asked) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            let mut waiting: Vec<oneshot::Sender<Result<Position>>> = Vec::new();
            while asked.recv_many(&mut waiting, QUEUE).await > 0 {
                let position = primary
                    .read(&flavour, |db, flavour| position(db, *flavour).boxed())
                    .await;
                for asker in waiting.drain(..) {
                    // whoever has gone away does not want to know
                    let _ = asker.send(position.clone());
                }
            }
            primary.close().await;
        });
        Self { questions }
    }

    /// A position that holds every write that returned before this was called.
    pub(super) async fn now(&self) -> Result<Position> {
        let (asker, answer) = oneshot::channel();
        self.questions.send(asker).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

async fn position(db: &mut MySqlConnection, flavour: Flavour) -> Result<Position> {
    let row = sqlx::query(flavour.position()).fetch_one(db).await?;
    let position: &str = row.try_get(0)?;
    Ok(position.into())
}
