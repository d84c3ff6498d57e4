//! What the server's error numbers mean. They are the same for MySQL and MariaDB where both have them.

use crate::StoreError;
use sqlx::mysql::MySqlDatabaseError;
use std::sync::Arc;

const DUPLICATE: u16 = 1062;
const LOCK_TIMEOUT: u16 = 1205;
const DEADLOCK: u16 = 1213;

/// The server cannot do it now, or not as it is now.
const UNAVAILABLE: [u16; 27] = [
    1021, // disk full
    1040, // too many connections
    1053, // server shutdown in progress
    1114, // table full
    1152, // aborted connection
    1158, // error reading packets
    1159, // timeout reading packets
    1160, // error writing packets
    1161, // timeout writing packets
    1184, // aborted connection, new
    1203, // too many connections of the user
    LOCK_TIMEOUT,
    DEADLOCK,
    1226, // the user's limit is exceeded
    1290, // read-only, by an option
    1317, // interrupted by an operator
    1792, // read-only transaction
    1836, // read-only mode
    1927, // connection killed (MariaDB)
    1969, // statement took too long (MariaDB)
    2006, // server has gone away
    2013, // connection lost during a query
    3024, // statement took too long (MySQL)
    3032, // offline mode
    3169, // session killed
    3572, // lock not to be had at once
    4031, // idle for too long (MySQL)
];
/// A value that is missing, does not fit, or is there already; a check that failed.
const CONSTRAINT: [u16; 8] = [
    1048, // column cannot be null
    DUPLICATE, 1264, // number out of range
    1364, // no default value
    1406, // text too long
    1690, // result out of range
    3819, // check failed (MySQL)
    4025, // check failed (MariaDB)
];
/// A table or an index is damaged.
const CORRUPT: [u16; 7] = [
    126,  // index file crashed
    1034, // incorrect key file
    1035, // old key file
    1194, // table crashed
    1195, // table crashed, repair failed
    1712, // index corrupt
    1877, // table corrupt
];

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
