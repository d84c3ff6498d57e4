//! What the server's error numbers mean. They are the same for MySQL and MariaDB where both have them.

use crate::StoreError;
use sqlx::mysql::MySqlDatabaseError;
use std::sync::Arc;

const DUPLICATE: u16 = 1062;
const LOCK_TIMEOUT: u16 = 1205;
const DEADLOCK: u16 = 1213;

/// The server cannot do it now, or not as it is now: too many connections, shutting down, disk or table full, network errors, read-only,
/// killed by an operator, waited for a lock, deadlock, idle for too long.
const UNAVAILABLE: [u16; 27] = [
    1021,
    1040,
    1053,
    1114,
    1152,
    1158,
    1159,
    1160,
    1161,
    1184,
    1203,
    LOCK_TIMEOUT,
    DEADLOCK,
    1226,
    1290,
    1317,
    1792,
    1836,
    1927,
    1969,
    2006,
    2013,
    3024,
    3032,
    3169,
    3572,
    4031,
];
/// A value that is missing, does not fit, or is there already; a check that failed.
const CONSTRAINT: [u16; 8] = [1048, DUPLICATE, 1264, 1364, 1406, 1690, 3819, 4025];
/// A table or an index is damaged.
const CORRUPT: [u16; 7] = [126, 1034, 1035, 1194, 1195, 1712, 1877];

/// The error of a server as the store's.
pub(crate) fn fault(number: u16, error: sqlx::Error) -> StoreError {
    let error = Arc::new(error);
    match number {
        number if UNAVAILABLE.contains(&number) => StoreError::Unavailable(error),
        number if CONSTRAINT.contains(&number) => StoreError::Constraint(error),
        number if CORRUPT.contains(&number) => StoreError::Corrupt(error),
        _ => StoreError::Statement(error),
    }
}

/// Why a transaction may be begun anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// It met another one, which went first. The server has undone it.
    Met,
    /// Its connection broke before it was committed: the server has undone it, or will.
    Lost,
}

/// Whether a transaction that failed with `error` before it was committed may be begun anew.
pub(super) fn again(error: &StoreError) -> Option<Again> {
    match error {
        // what another one has just made will be found
        StoreError::Constraint(_) => {
            matches!(broken_key(error), Some("conversations_of_pair" | "sessions_open")).then_some(Again::Met)
        }
        StoreError::Unavailable(source) => match (number(source), &**source) {
            (Some(LOCK_TIMEOUT | DEADLOCK), _) => Some(Again::Met),
            (Some(1927 | 2006 | 2013 | 4031), _) | (None, sqlx::Error::Io(_)) => Some(Again::Lost),
            _ => None,
        },
        _ => None,
    }
}

/// The unique key that a row breaks; `PRIMARY` for a primary key.
pub(super) fn broken_key(error: &StoreError) -> Option<&str> {
    let StoreError::Constraint(source) = error else {
        return None;
    };
    let error: &MySqlDatabaseError = source.as_database_error()?.try_downcast_ref()?;
    if error.number() != DUPLICATE {
        return None;
    }
    // "… for key 'users_by_folded_name'"; MySQL writes the table before it: "… for key 'users.users_by_folded_name'"
    let key = error.message().trim_end_matches('\'').rsplit('\'').next()?;
    key.rsplit('.').next()
}

/// The server's number of an error, if it is a server's.
pub(crate) fn number(error: &sqlx::Error) -> Option<u16> {
    let error: &MySqlDatabaseError = error.as_database_error()?.try_downcast_ref()?;
    Some(error.number())
}
