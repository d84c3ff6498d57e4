//! What happens after a process that did not close its database.
//!
//! SQLite replays its log, which is checksummed, so a crash of the process or the machine damages nothing. A disk may. A database of
//! less than [`LARGEST`] is therefore checked in the background while it serves; a larger one would keep the disk busy for long and is
//! only reported. What follows from other tables is built anew if it is damaged: see [`mend`]. Damage to what it follows from is
//! reported, loudly: what can be read is served on, and the cure is a backup.

use super::{super::Result, mend, writer::Writer};
use crate::StoreError;
use sqlx::{SqlitePool, error::DatabaseError};
use std::path::PathBuf;

/// Databases from this size on are not checked, in bytes.
const LARGEST: u64 = 256 << 20;

/// So many faults are told in one line of the log.
const TOLD: usize = 10;

pub(super) async fn after_unclean_close(readers: SqlitePool, writer: Writer, path: PathBuf) {
    let size = std::fs::metadata(&path).map_or(0, |file| file.len());
    if size >= LARGEST {
        tracing::warn!(
            bytes = size,
            "the database was not closed; it is too large to be checked now"
        );
        return;
    }
    let checked = check_and_mend(&readers, &writer).await;
    match checked {
        Err(error) if !readers.is_closed() => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the database could not be checked"
            );
        }
        _ => {}
    }
}

/// The faults that are left.
pub(super) async fn check_and_mend(readers: &SqlitePool, writer: &Writer) -> Result<Vec<String>> {
    let faults = faults(readers).await?;
    if faults.is_empty() {
        tracing::info!("the database was not closed; it is sound");
        return Ok(faults);
    }
    tracing::error!(
        faults = ?told(&faults),
        "the database is damaged; building anew what follows from its tables"
    );
    if let Err(error) = mend::rebuild(writer).await {
        tracing::error!(error = &error as &dyn std::error::Error, "it could not be built");
    }
    let left = self::faults(readers).await?;
    if left.is_empty() {
        tracing::warn!("the database is sound again");
    } else {
        tracing::error!(faults = ?told(&left), "the database is still damaged; put a backup in its place");
    }
    Ok(left)
}

fn told(faults: &[String]) -> &[String] {
    &faults[..faults.len().min(TOLD)]
}

/// What is wrong with the pages that are in use. The check itself fails where damage hides the rest from it: then that is the fault.
async fn faults(readers: &SqlitePool) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    match sqlx::query_scalar::<_, String>("PRAGMA quick_check(1000000)")
        .fetch_all(readers)
        .await
    {
        Ok(reports) => {
            let lines = reports.iter().flat_map(|report| report.lines());
            faults.extend(lines.filter(|line| is_fault(line)).map(str::to_owned));
        }
        Err(error) if is_damage(&error) => faults.push(error.to_string()),
        Err(error) => return Err(StoreError::from(error)),
    }
    metrics::gauge!("repo_database_faults").set(faults.len() as f64);
    Ok(faults)
}

/// A page that belongs to nothing is left behind by [`mend`]. It holds nothing and costs only its place.
fn is_fault(line: &str) -> bool {
    let unused = line.starts_with("Page ") && line.ends_with("never used");
    line != "ok" && !line.starts_with("***") && !unused
}

fn is_damage(error: &sqlx::Error) -> bool {
    // SQLITE_CORRUPT, also with more about where
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.and_then(|code| code.parse::<u32>().ok())
        .is_some_and(|code| code & 0xff == 11)
}
