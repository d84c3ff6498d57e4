//! What happens after a process that did not close its database.
//!
//! SQLite replays its log, which is checksummed, so a crash of the process or the machine damages nothing. A disk may. A database of
//! less than [`LARGEST`] is therefore checked in the background while it serves; a larger one would keep the disk busy for long and is
//! only reported. If indexes are damaged they are built anew from their tables. Damage to tables is reported, loudly: what can be
//! read is served on, and the cure is a backup.

use super::{super::Result, writer::Writer};
use sqlx::{Executor, SqlitePool};
use std::path::PathBuf;

/// Databases from this size on are not checked, in bytes.
const LARGEST: u64 = 256 << 20;

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

async fn check_and_mend(readers: &SqlitePool, writer: &Writer) -> Result<()> {
    let faults = faults(readers).await?;
    metrics::gauge!("repo_database_faults").set(faults.len() as f64);
    if faults.is_empty() {
        tracing::info!("the database was not closed; it is sound");
        return Ok(());
    }
    tracing::error!(faults = ?faults, "the database is damaged; building its indexes anew");
    writer
        .write(|db| {
            Box::pin(async move {
                db.execute("REINDEX").await?;
                Ok(())
            })
        })
        .await?;
    let left = self::faults(readers).await?;
    metrics::gauge!("repo_database_faults").set(left.len() as f64);
    if left.is_empty() {
        tracing::warn!("the database is sound again");
    } else {
        tracing::error!(faults = ?left, "the database is still damaged; put a backup in its place");
    }
    Ok(())
}

/// The first few faults.
async fn faults(readers: &SqlitePool) -> Result<Vec<String>> {
    let mut faults: Vec<String> = sqlx::query_scalar("PRAGMA quick_check(10)").fetch_all(readers).await?;
    faults.retain(|fault| fault != "ok");
    Ok(faults)
}
