//! What can go wrong in a store, and what the callers of its services learn of it.

use im_schema::{failure::Failure, parlance::Reason};
use std::sync::Arc;

/// Why a store did not do what it was asked for. What callers may cause themselves is not here: the port answers that with values.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
    /// The database is locked, its disk is full or does not answer: the same call may succeed later.
    #[error("the database cannot be used now")]
    Unavailable(#[source] Arc<sqlx::Error>),
    /// The database holds bytes that it never wrote.
    #[error("the database is damaged")]
    Corrupt(#[source] Arc<sqlx::Error>),
    /// A row breaks a constraint, e.g. an id that is not unique: a fault of the caller's code.
    #[error("a row breaks a constraint")]
    Constraint(#[source] Arc<sqlx::Error>),
    /// The database holds a value that this program cannot read.
    #[error("{what} cannot be read")]
    Unreadable {
        /// What it was to be.
        what: &'static str,
    },
    /// Anything else: a fault of this crate's code.
    #[error("a statement failed")]
    Statement(#[source] Arc<sqlx::Error>),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        #[cfg(feature = "mysql")]
        if let Some(number) = crate::store::mysql::number(&error) {
            return crate::store::mysql::fault(number, error);
        }
        let primary = |error: &E| -> Option<u32> {
            let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
            Some(code & 0xff)
        };
        match (&error, primary(&error)) {
            (E::PoolClosed, _) => Self::Closed,
            (E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::WorkerCrashed, _) => Self::Unavailable(Arc::new(error)),
            // busy, locked, read-only, I/O error, disk full, cannot open
            (_, Some(5 | 6 | 8 | 10 | 13 | 14)) => Self::Unavailable(Arc::new(error)),
            (_, Some(11 | 26)) => Self::Corrupt(Arc::new(error)),
            (_, Some(19)) => Self::Constraint(Arc::new(error)),
            _ => Self::Statement(Arc::new(error)),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let (reason, message) = match &error {
            StoreError::Closed => (Reason::Unavailable, "the store is shutting down"),
            StoreError::Unavailable(_) => (Reason::Unavailable, "the store cannot be reached"),
            _ => (Reason::Internal, "the store failed"),
        };
        Self::new(reason, message).because(error)
    }
}

/// Why a repo could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made or used.
    #[error("open the folder {folder}")]
    Folder {
        /// Which one.
        folder: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database cannot be opened.
    #[error("open {path}")]
    Database {
        /// The file, or user, server and database.
        path: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The database cannot be brought to this version's schema; one of a newer version never can.
    #[error("migrate {path}")]
    Migrate {
        /// The file, or user, server and database.
        path: String,
        /// Why.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// A server is configured.
    #[error("this program was built without the feature `mysql`, so it cannot use {primary}")]
    NoMysql {
        /// Which one.
        primary: String,
    },
    /// Replicas are configured, and nothing tells what they have.
    #[error("{primary} has replicas but no binary log with GTIDs: turn on log_bin, on MySQL gtid_mode too")]
    NoBinaryLog {
        /// Which one.
        primary: String,
    },
    /// The bucket cannot be used.
    #[error("open the bucket {bucket}")]
    S3 {
        /// Which one.
        bucket: String,
        /// Why.
        #[source]
        source: crate::files::FilesError,
    },
    /// A bucket is configured.
    #[error("this program was built without the feature `s3`, so it cannot use the bucket {bucket}")]
    NoS3 {
        /// Which one.
        bucket: String,
    },
    /// bcrypt knows no such cost.
    #[error("bcrypt's cost is 4 to 31, not {cost}")]
    Cost {
        /// What is configured.
        cost: u32,
    },
}
